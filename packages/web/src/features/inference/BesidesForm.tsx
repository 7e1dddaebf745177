import type { Provider } from '@rapport/protocol/inference';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';

/** What a provider may do beside answering, at most one of an organisation each. */
export type Besides = 'embeddings' | 'reranking';

const paths = { embeddings: 'embedding', reranking: 'reranking' } as const;

export const modelFor = (provider: Provider, use: Besides): string | null =>
  use === 'embeddings' ? provider.embeddingModel : provider.rerankModel;

/** Which model of a provider does it; the server tries it before it is stored. */
export function BesidesForm({ provider, use, onDone }: { provider: Provider; use: Besides; onDone(): void }) {
  const { t } = useTranslation();
  const chosen = modelFor(provider, use);
  const [model, setModel] = useState(chosen ?? '');
  const put = useMutation({
    mutationFn: (next: string | null) => api.put(`/providers/${provider.id}/${paths[use]}`, { model: next }),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate(model);
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field
        label={t(`provider.${use}`)}
        hint={provider.kind === 'gguf' ? t('provider.embeddingsFile') : t(`provider.${use}Hint`)}
        error={fieldError(put.error, '/model')}
      >
        {(ids) => <input {...ids} required maxLength={300} value={model} onChange={(e) => setModel(e.target.value)} />}
      </Field>
      <p className="soft small">{t(`${use}.chosen`)}</p>
      <Failure error={put.error} marked />
      <div className="row">
        <button className="primary" disabled={put.isPending}>
          {put.isPending ? t('provider.testing') : t(`${use}.choose`)}
        </button>
        {chosen !== null && (
          <button type="button" disabled={put.isPending} onClick={() => put.mutate(null)}>
            {t(`${use}.stop`)}
          </button>
        )}
      </div>
    </form>
  );
}
