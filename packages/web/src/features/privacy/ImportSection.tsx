import type { PersonImported } from '@rapport/protocol/privacy';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { i18next } from '../../i18n/index.ts';
import { Failure, Field } from '../../lib/ui.tsx';

async function send(file: File): Promise<PersonImported> {
  const init = { method: 'POST', headers: { 'content-type': 'application/zip' }, body: file };
  const response = await fetch('/api/v1/privacy/imports', init).catch(() => {
    throw new Error(i18next.t('privacy.importOffline'));
  });
  const answer = (await response.json()) as PersonImported & { title?: string; detail?: string };
  if (!response.ok) throw new Error(answer.detail ?? answer.title ?? String(response.status));
  return answer;
}

export function ImportSection() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const bring = useMutation({
    mutationFn: send,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['/clients'] }),
  });
  return (
    <section className="card stack" aria-labelledby="import">
      <h2 id="import">{t('privacy.import')}</h2>
      <Field label={t('privacy.importFile')} hint={t('privacy.importHint')}>
        {(ids) => (
          <input
            {...ids}
            type="file"
            accept=".zip,application/zip"
            disabled={bring.isPending}
            onChange={({ target }) => {
              const [file] = target.files ?? [];
              if (file) bring.mutate(file);
              target.value = '';
            }}
          />
        )}
      </Field>
      <Failure error={bring.error} />
      <p role="status">
        {bring.data &&
          t('privacy.imported', {
            sessions: t('deid.sessions', { count: bring.data.sessions }),
            messages: t('sessions.messages', { count: bring.data.messages }),
          })}
      </p>
    </section>
  );
}
