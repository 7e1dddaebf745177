import type { Provider } from '@rapport/protocol/inference';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';

/** Which model of a provider makes the embeddings of the organisation; the server tries it before it is stored. */
export function EmbeddingForm({ provider, onDone }: { provider: Provider; onDone(): void }) {
  const { t } = useTranslation();
  const [model, setModel] = useState(provider.embeddingModel ?? '');
  const put = useMutation({
    mutationFn: (chosen: string | null) => api.put(`/providers/${provider.id}/embedding`, { model: chosen }),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate(model);
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('provider.embedding')} hint={t('provider.embeddingHint')} error={fieldError(put.error, '/model')}>
        {(ids) => <input {...ids} required maxLength={300} value={model} onChange={(e) => setModel(e.target.value)} />}
      </Field>
      <p className="soft small">{t('embeddings.chosen')}</p>
      <Failure error={put.error} marked />
      <div className="row">
        <button className="primary" disabled={put.isPending}>
          {put.isPending ? t('provider.testing') : t('embeddings.choose')}
        </button>
        {provider.embeddingModel !== null && (
          <button type="button" disabled={put.isPending} onClick={() => put.mutate(null)}>
            {t('embeddings.stop')}
          </button>
        )}
      </div>
    </form>
  );
}
