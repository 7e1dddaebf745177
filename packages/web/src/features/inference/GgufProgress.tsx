import type { GgufLibrary } from '@rapport/protocol/inference';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';

const everyMs = 500;
const mega = 1_000_000;

/** Whether what runs such a file is there, and how far it is while the server installs it. */
export function GgufProgress({ inSetup, working }: { inSetup: boolean; working: boolean }) {
  const { t } = useTranslation();
  const library = useQuery({
    queryKey: ['gguf-library', inSetup],
    queryFn: () => api.get<GgufLibrary>(inSetup ? '/setup/gguf-library' : '/providers/gguf-library'),
    refetchInterval: ({ state }) => (working || state.data?.state === 'installing' ? everyMs : false),
    retry: false,
  });
  if (!library.data) return null;
  const { state, percent, downloadBytes } = library.data;
  if (state !== 'installing') {
    const text =
      state === 'installed'
        ? t('provider.ggufReady')
        : t('provider.ggufNeeds', { size: Math.round(downloadBytes / mega) });
    return <p className="soft small">{text}</p>;
  }
  return (
    <div className="stack">
      <p role="status">{t('provider.ggufInstalling')}</p>
      <progress max={100} value={percent} aria-label={t('provider.ggufInstalling')} />
      <p className="soft small">{percent} %</p>
    </div>
  );
}
