import type { Provider } from '@rapport/protocol/inference';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { Dialog, Failure, isolated } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { BesidesForm, modelFor, type Besides } from './BesidesForm.tsx';
import { ApprovalSwitch, ProcessingForm } from './Processing.tsx';
import { canDo, emptyProvider, ProviderForm, toProvider } from './ProviderForm.tsx';

const besides: Besides[] = ['embeddings', 'reranking'];

export function Providers() {
  const { t } = useTranslation();
  const manages = useMay()('providers.manage');
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [deciding, setDeciding] = useState<Provider | null>(null);
  const [choosing, setChoosing] = useState<{ provider: Provider; use: Besides } | null>(null);
  const [removing, setRemoving] = useState<Provider | null>(null);
  const list = usePages<Provider>('/providers');
  const refresh = () => queries.invalidateQueries({ queryKey: ['/providers'] });
  const remove = useMutation({ mutationFn: (id: string) => api.delete(`/providers/${id}`), onSuccess: refresh });
  const choose = useMutation({ mutationFn: (id: string) => api.post(`/providers/${id}/default`), onSuccess: refresh });
  return (
    <fieldset className="stack">
      <legend>{t('settings.providers')}</legend>
      {list.isSuccess && list.items.length === 0 && <p>{t('settings.noProviders')}</p>}
      <ul className="list">
        {list.items.map((p) => (
          <li key={p.id} className="row">
            <span className="grow">
              <strong>{p.label}</strong> <span className="soft small">{p.model}</span>{' '}
              <span className={p.processing.status === 'unanswered' ? 'badge warn' : 'badge'}>
                {t(`processing.status.${p.processing.status}`)}
              </span>
              {besides.map((use) => {
                const model = modelFor(p, use);
                return (
                  model !== null && (
                    <span key={use} className="soft small">
                      {' '}
                      {t(`${use}.of`, { model })}
                    </span>
                  )
                );
              })}
            </span>
            {manages &&
              besides
                .filter((use) => canDo(p.kind, use))
                .map((use) => (
                  <button
                    key={use}
                    type="button"
                    aria-label={`${t(`${use}.name`)}: ${p.label}`}
                    onClick={() => setChoosing({ provider: p, use })}
                  >
                    {t(`${use}.name`)}
                  </button>
                ))}
            {manages && p.processing.status !== 'local' && (
              <button type="button" aria-label={`${t('processing.decide')}: ${p.label}`} onClick={() => setDeciding(p)}>
                {t('processing.decide')}
              </button>
            )}
            {p.isDefault && <span className="badge on">{t('settings.default')}</span>}
            {manages && !p.isDefault && (p.model !== null || p.kind === 'reference') && (
              <button
                type="button"
                aria-label={`${t('settings.makeDefault')}: ${p.label}`}
                onClick={() => choose.mutate(p.id)}
              >
                {t('settings.makeDefault')}
              </button>
            )}
            {manages && (
              <button
                type="button"
                className="quiet"
                aria-label={`${t('common.remove')}: ${p.label}`}
                onClick={() => setRemoving(p)}
              >
                {t('common.remove')}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Failure error={list.error ?? remove.error ?? choose.error} />
      {manages && (
        <>
          <div>
            <button type="button" onClick={() => setAdding(true)}>
              {t('settings.addProvider')}
            </button>
          </div>
          <ApprovalSwitch />
        </>
      )}
      <Dialog open={deciding !== null} title={deciding?.label ?? ''} onClose={() => setDeciding(null)}>
        {deciding && (
          <ProcessingForm
            provider={deciding}
            onDone={() => {
              setDeciding(null);
              void refresh();
            }}
          />
        )}
      </Dialog>
      <Dialog open={choosing !== null} title={choosing?.provider.label ?? ''} onClose={() => setChoosing(null)}>
        {choosing && (
          <BesidesForm
            {...choosing}
            onDone={() => {
              setChoosing(null);
              void refresh();
            }}
          />
        )}
      </Dialog>
      <Confirm
        open={removing !== null}
        title={t('settings.removeTitle', { name: isolated(removing?.label ?? '') })}
        text={removing?.isDefault ? t('settings.removeDefault') : t('settings.removeText')}
        action={t('common.remove')}
        onConfirm={() => removing && remove.mutate(removing.id)}
        onClose={() => setRemoving(null)}
      />
      <Dialog open={adding} title={t('settings.addProvider')} onClose={() => setAdding(false)}>
        <AddProvider
          onDone={() => {
            setAdding(false);
            void refresh();
          }}
        />
      </Dialog>
    </fieldset>
  );
}

function AddProvider({ onDone }: { onDone(): void }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState({ ...emptyProvider, kind: 'openai' as (typeof emptyProvider)['kind'] });
  const add = useMutation({
    mutationFn: () => api.post<Provider>('/providers', toProvider(draft) ?? { kind: 'reference' }),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <ProviderForm draft={draft} onChange={setDraft} error={add.error} working={add.isPending} />
      <Failure error={add.error} marked />
      <button className="primary" disabled={add.isPending}>
        {add.isPending ? t('provider.testing') : t('common.add')}
      </button>
    </form>
  );
}
