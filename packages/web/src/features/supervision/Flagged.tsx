import type { Flag } from '@rapport/protocol/safety';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';

/** For the transcript of the team: a message in which something was found, with the words that were. */
export function useFlagged(sessionId: string, moment: number): (id: string, text: string) => ReactNode {
  const { t } = useTranslation();
  const flags = useQuery({
    queryKey: ['flags', sessionId, moment],
    queryFn: () => api.get<{ items: Flag[] }>(`/sessions/${sessionId}/flags`, { limit: 200 }),
    placeholderData: (before: { items: Flag[] } | undefined) => before,
  });
  return (id, text) => {
    const flag = flags.data?.items.find((one) => one.messageId === id);
    const [worst] = flag?.findings ?? [];
    if (!flag || !worst) return undefined;
    return (
      <div className="text" dir="auto">
        <p>
          {text.slice(0, worst.start)}
          <mark>{text.slice(worst.start, worst.end)}</mark>
          {text.slice(worst.end)}
        </p>
        <p className="small">
          <span className="badge warn">
            {t('risk.marked', { category: t(`risk.${flag.category}`), level: t(`risk.${flag.level}`) })}
          </span>
        </p>
      </div>
    );
  };
}
