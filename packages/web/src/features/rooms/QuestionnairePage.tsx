import type { QuestionnaireForm } from '@rapport/protocol/questionnaires';
import { createApi } from '@rapport/sdk/api';
import { useEffect, useId, useMemo, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { isId } from '../../lib/isId.ts';
import { Failure, Loading, useTitle } from '../../lib/ui.tsx';
import { tokenOf } from './access.ts';

/** One questionnaire for the client to fill in: the whole of it on one page. */
export function QuestionnairePage({ sessionId, id }: { sessionId: string; id: string }) {
  const { t } = useTranslation();
  const token = tokenOf(sessionId);
  const api = useMemo(() => createApi({ token: () => token }), [token]);
  const path = `/sessions/${sessionId}/questionnaires/${id}`;
  const open = token !== null && isId(sessionId) && isId(id);
  const [form, setForm] = useState<QuestionnaireForm | null>(null);
  const [sent, setSent] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useTitle(form?.instrument.title ?? t('form.title'));
  useEffect(() => {
    if (open) api.get<QuestionnaireForm>(path).then(setForm, setError);
  }, [api, open, path]);
  const send = (answers: number[]) => {
    setBusy(true);
    setError(null);
    api
      .post(`${path}/answers`, { answers })
      .then(() => setSent(true), setError)
      .finally(() => setBusy(false));
  };
  return (
    <main className="page narrow" id="content">
      <h1>{form?.instrument.title ?? t('form.title')}</h1>
      {!open || (error && !form) ? <p>{t('form.gone')}</p> : !form && <Loading />}
      {form && (sent || form.state !== 'asked') && (
        <p role="status">{t(sent || form.state === 'answered' ? 'form.thanks' : 'form.over')}</p>
      )}
      {form?.state === 'asked' && !sent && <Items form={form} busy={busy} onSend={send} />}
      <Failure error={error} />
      <p>
        <a href={`/chat/${sessionId}`}>{t('form.back')}</a>
      </p>
    </main>
  );
}

function Items({ form, busy, onSend }: { form: QuestionnaireForm; busy: boolean; onSend(answers: number[]): void }) {
  const { t } = useTranslation();
  const name = useId();
  const { question, items, options, source, language } = form.instrument;
  const [answers, setAnswers] = useState<(number | null)[]>(() => items.map(() => null));
  const given = answers.filter((one) => one !== null);
  const missing = items.length - given.length;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (missing === 0 && !busy) onSend(given);
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p>{t('form.text')}</p>
      <p lang={language}>
        <strong>{question}</strong>
      </p>
      {items.map((item, at) => (
        <fieldset key={item} className="stack" lang={language}>
          <legend>
            {at + 1}. {item}
          </legend>
          {options.map((option, value) => (
            <label key={option} className="check">
              <input
                type="radio"
                required
                name={`${name}-${at}`}
                checked={answers[at] === value}
                onChange={() => setAnswers(answers.with(at, value))}
              />
              {option}
            </label>
          ))}
        </fieldset>
      ))}
      <p role="status">{missing > 0 && t('form.missing', { count: missing })}</p>
      <div>
        <button className="primary" disabled={busy}>
          {t('form.send')}
        </button>
      </div>
      <p className="soft small">{source}</p>
    </form>
  );
}
