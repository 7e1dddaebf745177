import type { ProviderCreate, ProviderKind, ProviderTest } from '@rapport/protocol/inference';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field } from '../../lib/ui.tsx';

export interface ProviderDraft {
  kind: ProviderKind;
  baseUrl: string;
  apiKey: string;
  model: string;
}

export const emptyProvider: ProviderDraft = { kind: 'reference', baseUrl: '', apiKey: '', model: '' };

/** null: no model yet. */
export function toProvider(draft: ProviderDraft): ProviderCreate | null {
  if (draft.kind === 'reference') return null;
  return {
    kind: draft.kind,
    ...(draft.baseUrl ? { baseUrl: draft.baseUrl } : {}),
    ...(draft.apiKey ? { apiKey: draft.apiKey } : {}),
    ...(draft.model ? { model: draft.model } : {}),
  };
}

const kinds = [
  ['reference', 'provider.none', 'provider.noneHint'],
  ['openai', 'provider.openai', 'provider.openaiHint'],
  ['anthropic', 'provider.anthropic', 'provider.anthropicHint'],
  ['ollama', 'provider.ollama', null],
  ['gguf', 'provider.gguf', 'provider.ggufHint'],
] as const;

interface Props {
  draft: ProviderDraft;
  onChange(draft: ProviderDraft): void;
  /** Before there is an organisation the look-ups have other addresses and nothing can be tested without saving. */
  inSetup?: boolean;
}

export function ProviderForm({ draft, onChange, inSetup = false }: Props) {
  const { t } = useTranslation();
  const ollama = useQuery({
    queryKey: ['ollama', inSetup],
    queryFn: () => api.get<{ models: string[] | null }>(inSetup ? '/setup/ollama' : '/providers/ollama'),
    retry: false,
  });
  const models = ollama.data?.models;
  const found = models ? t('provider.ollamaFound', { models: models.join(', ') }) : t('provider.ollamaMissing');
  return (
    <div className="stack">
      {kinds.map(([kind, label, hint]) => (
        <label className="check" key={kind}>
          <input
            type="radio"
            name="provider-kind"
            checked={draft.kind === kind}
            onChange={() => onChange({ ...emptyProvider, kind, model: kind === 'ollama' ? (models?.[0] ?? '') : '' })}
          />
          <span>
            {t(label)}
            <br />
            <span className="soft small">{hint ? t(hint) : found}</span>
          </span>
        </label>
      ))}
      {draft.kind !== 'reference' && <Details draft={draft} onChange={onChange} />}
      {draft.kind !== 'reference' && !inSetup && <TestButton draft={draft} />}
    </div>
  );
}

function Details({ draft, onChange }: Pick<Props, 'draft' | 'onChange'>) {
  const { t } = useTranslation();
  const remote = draft.kind === 'openai' || draft.kind === 'anthropic';
  return (
    <div className="card stack">
      {draft.kind === 'openai' && (
        <Field label={t('provider.address')} hint={t('provider.addressHint')}>
          {(ids) => (
            <input
              {...ids}
              type="url"
              placeholder="https://api.openai.com/v1"
              value={draft.baseUrl}
              onChange={(e) => onChange({ ...draft, baseUrl: e.target.value })}
            />
          )}
        </Field>
      )}
      {remote && (
        <Field label={t('provider.key')} hint={t('provider.keyHint')}>
          {(ids) => (
            <input
              {...ids}
              type="password"
              autoComplete="off"
              value={draft.apiKey}
              onChange={(e) => onChange({ ...draft, apiKey: e.target.value })}
            />
          )}
        </Field>
      )}
      <Field label={draft.kind === 'gguf' ? t('provider.path') : t('provider.modelName')}>
        {(ids) => (
          <input
            {...ids}
            required
            value={draft.model}
            onChange={(e) => onChange({ ...draft, model: e.target.value })}
          />
        )}
      </Field>
    </div>
  );
}

function TestButton({ draft }: { draft: ProviderDraft }) {
  const { t } = useTranslation();
  const test = useMutation({ mutationFn: () => api.post<ProviderTest>('/providers/test', toProvider(draft)) });
  return (
    <div className="stack">
      <div className="row">
        <button type="button" disabled={test.isPending} onClick={() => test.mutate()}>
          {test.isPending ? t('provider.testing') : t('provider.test')}
        </button>
        {test.data?.ok && <span role="status">{t('provider.works', { ms: test.data.ms })}</span>}
      </div>
      {test.data && !test.data.ok && <Failure error={test.data.message} />}
      <Failure error={test.error} />
    </div>
  );
}
