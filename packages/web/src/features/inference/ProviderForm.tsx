import type { ProviderCreate, ProviderKind, ProviderTest } from '@rapport/protocol/inference';
import { useMutation, useQuery, type UseMutationResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import type { Besides } from './BesidesForm.tsx';
import { GgufProgress } from './GgufProgress.tsx';

export interface ProviderDraft {
  kind: ProviderKind;
  baseUrl: string;
  apiKey: string;
  model: string;
  embeddingModel: string;
  rerankModel: string;
  approved: boolean;
}

export const emptyProvider: ProviderDraft = {
  kind: 'reference',
  baseUrl: '',
  apiKey: '',
  model: '',
  embeddingModel: '',
  rerankModel: '',
  approved: false,
};

const able: Record<Besides, ProviderKind[]> = { embeddings: ['openai', 'ollama', 'gguf'], reranking: ['openai'] };
export const canDo = (kind: ProviderKind, use: Besides): boolean => able[use].includes(kind);

/** Another machine than the server's will be given what clients say. */
function isElsewhere({ kind, baseUrl }: ProviderDraft): boolean {
  if (kind !== 'openai' && kind !== 'anthropic') return false;
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : '';
  return !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host);
}

/** null: no model yet. */
export function toProvider(draft: ProviderDraft): ProviderCreate | null {
  if (draft.kind === 'reference') return null;
  return {
    kind: draft.kind,
    ...(draft.baseUrl ? { baseUrl: draft.baseUrl } : {}),
    ...(draft.apiKey ? { apiKey: draft.apiKey } : {}),
    ...(draft.model ? { model: draft.model } : {}),
    ...(draft.embeddingModel && canDo(draft.kind, 'embeddings') ? { embeddingModel: draft.embeddingModel } : {}),
    ...(draft.rerankModel && canDo(draft.kind, 'reranking') ? { rerankModel: draft.rerankModel } : {}),
    ...(draft.approved && isElsewhere(draft) ? { processing: { approved: true } } : {}),
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
  /** What the server said to the form that this one is a part of. */
  error?: unknown;
  /** Before there is an organisation the look-ups have other addresses. */
  inSetup?: boolean;
  /** What was entered is being tried. */
  working?: boolean;
}

export function ProviderForm({ draft, onChange, error, inSetup = false, working = false }: Props) {
  const { t } = useTranslation();
  const test = useMutation({
    mutationFn: () => api.post<ProviderTest>(inSetup ? '/setup/provider/test' : '/providers/test', toProvider(draft)),
  });
  // What was found out about other settings says nothing about these.
  const change = (next: ProviderDraft) => {
    test.reset();
    onChange(next);
  };
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
            onChange={() => change({ ...emptyProvider, kind, model: kind === 'ollama' ? (models?.[0] ?? '') : '' })}
          />
          <span>
            {t(label)}
            <br />
            <span className="soft small">{hint ? t(hint) : found}</span>
          </span>
        </label>
      ))}
      {draft.kind !== 'reference' && (
        <div className="card stack">
          <Details draft={draft} onChange={change} error={test.error ?? error} />
          {draft.kind === 'gguf' && <GgufProgress inSetup={inSetup} working={working || test.isPending} />}
          {isElsewhere(draft) && (
            <label className="check">
              <input
                type="checkbox"
                checked={draft.approved}
                onChange={(e) => onChange({ ...draft, approved: e.target.checked })}
              />
              <span>
                {t('processing.ask')}
                <br />
                <span className="soft small">{t('processing.askHint')}</span>
              </span>
            </label>
          )}
          <TestResult test={test} />
        </div>
      )}
    </div>
  );
}

/** In the set-up the settings are a part of the body, by themselves they are all of it. */
const refusalOf = (error: unknown, field: string) =>
  fieldError(error, `/${field}`) ?? fieldError(error, `/provider/${field}`);

const besides = [
  { use: 'embeddings', field: 'embeddingModel' },
  { use: 'reranking', field: 'rerankModel' },
] as const;

function Details({ draft, onChange, error }: Pick<Props, 'draft' | 'onChange' | 'error'>) {
  const { t } = useTranslation();
  const remote = draft.kind === 'openai' || draft.kind === 'anthropic';
  return (
    <>
      {draft.kind === 'openai' && (
        <Field label={t('provider.address')} hint={t('provider.addressHint')} error={refusalOf(error, 'baseUrl')}>
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
        <Field label={t('provider.key')} hint={t('provider.keyHint')} error={refusalOf(error, 'apiKey')}>
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
      <Field
        label={draft.kind === 'gguf' ? t('provider.path') : t('provider.modelName')}
        error={refusalOf(error, 'model')}
      >
        {(ids) => (
          <input
            {...ids}
            required={!draft.embeddingModel && !draft.rerankModel}
            value={draft.model}
            onChange={(e) => onChange({ ...draft, model: e.target.value })}
          />
        )}
      </Field>
      {besides
        .filter(({ use }) => canDo(draft.kind, use))
        .map(({ use, field }) => (
          <Field
            key={use}
            label={`${t(`provider.${use}`)} (${t('common.optional')})`}
            hint={draft.kind === 'gguf' ? t('provider.embeddingsFile') : t(`provider.${use}Hint`)}
            error={refusalOf(error, field)}
          >
            {(ids) => (
              <input
                {...ids}
                maxLength={300}
                value={draft[field]}
                onChange={(e) => onChange({ ...draft, [field]: e.target.value })}
              />
            )}
          </Field>
        ))}
    </>
  );
}

function TestResult({ test }: { test: UseMutationResult<ProviderTest, Error, void> }) {
  const { t } = useTranslation();
  const result = test.data;
  return (
    <>
      <div className="row">
        <button type="button" disabled={test.isPending} onClick={() => test.mutate()}>
          {test.isPending ? t('provider.testing') : t('provider.test')}
        </button>
        <span role="status">{result?.ok && t('provider.works', { ms: result.ms })}</span>
      </div>
      <Failure error={result && !result.ok ? result.message : test.error} />
    </>
  );
}
