import type { ConsentSetting, Purpose } from '@rapport/protocol/consents';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Dialog, Failure, Field, Loading } from '../../lib/ui.tsx';

const key = ['/privacy/consents'];

/** Which purposes clients are asked for, and with which words. */
export function ConsentsSection() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [editing, setEditing] = useState<ConsentSetting | null>(null);
  const list = useQuery({ queryKey: key, queryFn: () => api.get<{ items: ConsentSetting[] }>('/privacy/consents') });
  const ask = useMutation({
    mutationFn: ({ purpose, asked }: { purpose: Purpose; asked: boolean }) =>
      api.put<{ items: ConsentSetting[] }>(`/privacy/consents/${purpose}`, { asked }),
    onSuccess: (next) => queries.setQueryData(key, next),
  });
  return (
    <section className="stack" aria-labelledby="consents-title">
      <h2 id="consents-title">{t('consents.title')}</h2>
      <p className="soft">{t('consents.hint')}</p>
      {list.isPending && <Loading />}
      <ul className="list">
        {list.data?.items.map((setting) => (
          <li key={setting.purpose} className="card row">
            <label className="check grow">
              <input
                type="checkbox"
                checked={setting.asked}
                disabled={ask.isPending}
                onChange={(e) => ask.mutate({ purpose: setting.purpose, asked: e.target.checked })}
              />
              <span>
                <strong>{t(`consents.purpose.${setting.purpose}`)}</strong>
                <br />
                <span className="soft small">{t(`consents.without.${setting.purpose}`)}</span>
              </span>
            </label>
            <button
              type="button"
              aria-label={`${t('consents.texts')}: ${t(`consents.purpose.${setting.purpose}`)}`}
              onClick={() => setEditing(setting)}
            >
              {t('consents.texts')}
            </button>
          </li>
        ))}
      </ul>
      <Failure error={list.error ?? ask.error} />
      <Dialog
        open={editing !== null}
        title={editing ? t(`consents.purpose.${editing.purpose}`) : ''}
        onClose={() => setEditing(null)}
      >
        {editing && <Texts setting={editing} onDone={() => setEditing(null)} />}
      </Dialog>
    </section>
  );
}

function Texts({ setting, onDone }: { setting: ConsentSetting; onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [texts, setTexts] = useState(setting.texts);
  const [askAgain, setAskAgain] = useState(false);
  const publish = useMutation({
    mutationFn: () =>
      api.post<{ items: ConsentSetting[] }>(`/privacy/consents/${setting.purpose}/versions`, { texts, askAgain }),
    onSuccess: (next) => {
      queries.setQueryData(key, next);
      onDone();
    },
  });
  const change = (at: number, more: object) => setTexts(texts.map((one, i) => (i === at ? { ...one, ...more } : one)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p className="soft">
        {setting.version === 0 ? t('consents.house') : t('consents.version', { version: setting.version })}
      </p>
      {texts.map((one, i) => (
        <fieldset key={i} className="stack">
          <legend>{t('consents.language', { language: one.language })}</legend>
          <Field label={t('consents.tag')}>
            {(ids) => (
              <input
                {...ids}
                required
                maxLength={35}
                value={one.language}
                onChange={(e) => change(i, { language: e.target.value })}
              />
            )}
          </Field>
          <Field label={t('consents.text')}>
            {(ids) => (
              <textarea
                {...ids}
                required
                maxLength={8000}
                value={one.text}
                onChange={(e) => change(i, { text: e.target.value })}
              />
            )}
          </Field>
        </fieldset>
      ))}
      <div>
        <button type="button" onClick={() => setTexts([...texts, { language: '', text: '' }])}>
          {t('consents.addLanguage')}
        </button>
      </div>
      <label className="check">
        <input type="checkbox" checked={askAgain} onChange={(e) => setAskAgain(e.target.checked)} />
        {t('consents.askAgain')}
      </label>
      <Failure error={publish.error} />
      <button className="primary" disabled={publish.isPending}>
        {t('consents.publish')}
      </button>
    </form>
  );
}
