import type { NoticeKind, Safety, SafetySettings } from '@rapport/protocol/safety';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, Field, fieldError, Loading } from '../../lib/ui.tsx';

const key = ['safety'];

export function SafetyPage() {
  const { t } = useTranslation();
  const safety = useQuery({ queryKey: key, queryFn: () => api.get<Safety>('/safety') });
  const { data } = safety;
  const rules = data?.rules.map(({ language, version }) => `${language} ${version}`).join(', ');
  return (
    <Page title={t('safety.title')} hint={t('safety.intro')} narrow>
      <p>{t('safety.aid')}</p>
      <Failure error={safety.error} />
      {!data && safety.isPending && <Loading />}
      {data && (
        <>
          <Deadlines settings={data.settings} />
          <h2>{t('safety.texts')}</h2>
          {data.texts.map((text) => (
            <Texts key={`${text.kind}-${text.version}`} {...text} />
          ))}
          <p className="soft small">{t('safety.rules', { rules })}</p>
        </>
      )}
    </Page>
  );
}

type Numbers = 'ackSeconds' | 'pageSeconds' | 'maxPages' | 'disclosureMinutes';

function Deadlines({ settings }: { settings: SafetySettings }) {
  const { t } = useTranslation();
  const manages = useMay()('safety.manage');
  const queries = useQueryClient();
  const [form, setForm] = useState(settings);
  const save = useMutation({
    mutationFn: () => api.put<Safety>('/safety', form),
    onSuccess: (next) => queries.setQueryData(key, next),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const numeric = (name: Numbers, label: string, hint?: string) => (
    <Field label={label} hint={hint} error={fieldError(save.error, `/${name}`)}>
      {(ids) => (
        <input
          {...ids}
          type="number"
          required={name !== 'disclosureMinutes'}
          value={form[name] ?? ''}
          onChange={(e) => setForm({ ...form, [name]: e.target.value === '' ? null : Number(e.target.value) })}
        />
      )}
    </Field>
  );
  return (
    <form onSubmit={submit}>
      <h2>{t('safety.deadlines')}</h2>
      <fieldset className="stack" disabled={!manages}>
        {numeric('ackSeconds', t('safety.ack'))}
        {numeric('pageSeconds', t('safety.page'))}
        {numeric('maxPages', t('safety.most'))}
        <Field
          label={t('safety.fallbackEmail')}
          hint={t('safety.fallbackHint')}
          error={fieldError(save.error, '/fallbackEmail')}
        >
          {(ids) => (
            <input
              {...ids}
              type="email"
              value={form.fallbackEmail ?? ''}
              onChange={(e) => setForm({ ...form, fallbackEmail: e.target.value || null })}
            />
          )}
        </Field>
        {numeric('disclosureMinutes', t('safety.disclosure'), t('safety.disclosureHint'))}
        <Field label={t('safety.language')} error={fieldError(save.error, '/language')}>
          {(ids) => (
            <input
              {...ids}
              required
              value={form.language}
              onChange={(e) => setForm({ ...form, language: e.target.value })}
            />
          )}
        </Field>
        <label className="check">
          <input
            type="checkbox"
            checked={form.secondOpinion}
            onChange={(e) => setForm({ ...form, secondOpinion: e.target.checked })}
          />
          {t('safety.opinion')}
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={form.emotionInference}
            onChange={(e) => setForm({ ...form, emotionInference: e.target.checked })}
          />
          <span>
            {t('safety.emotion')}
            <br />
            <span className="soft small">{t('safety.emotionHint')}</span>
          </span>
        </label>
        <Failure error={save.error} marked />
        <div className="row">
          <button className="primary" disabled={save.isPending}>
            {t('common.save')}
          </button>
          <span role="status">{save.isSuccess && t('common.saved')}</span>
        </div>
      </fieldset>
    </form>
  );
}

/** A text in its languages; a change is published as a new version. */
function Texts({
  kind,
  version,
  texts,
}: {
  kind: NoticeKind;
  version: number;
  texts: Safety['texts'][number]['texts'];
}) {
  const { t } = useTranslation();
  const manages = useMay()('safety.manage');
  const queries = useQueryClient();
  const [form, setForm] = useState(texts);
  const publish = useMutation({
    mutationFn: () => api.post<Safety>(`/safety/texts/${kind}`, { texts: form }),
    onSuccess: (next) => queries.setQueryData(key, next),
  });
  const name = t(`safety.kind.${kind}`);
  const change = (language: string, text: string) =>
    setForm(form.map((one) => (one.language === language ? { language, text } : one)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.mutate();
  };
  return (
    <details className="card">
      <summary>
        {name} <span className="badge">{version === 0 ? t('safety.house') : t('safety.version', { version })}</span>
      </summary>
      <form onSubmit={submit}>
        <fieldset className="stack" disabled={!manages}>
          {form.map(({ language, text }) => (
            <Field key={language} label={t('safety.textOf', { kind: name, language })}>
              {(ids) => (
                <textarea
                  {...ids}
                  lang={language}
                  rows={6}
                  required
                  maxLength={4000}
                  value={text}
                  onChange={(e) => change(language, e.target.value)}
                />
              )}
            </Field>
          ))}
          <Failure error={publish.error} />
          <button disabled={publish.isPending} aria-label={`${t('safety.publish')}: ${name}`}>
            {t('safety.publish')}
          </button>
        </fieldset>
      </form>
    </details>
  );
}
