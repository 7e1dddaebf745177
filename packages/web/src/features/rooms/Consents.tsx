import type { ConsentQuestion, Purpose } from '@rapport/protocol/consents';
import type { Api } from '@rapport/sdk/api';
import { useCallback, useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog, Failure, useTitle } from '../../lib/ui.tsx';

/** What the client is asked, once it is known. */
export function useConsents(api: Api, sessionId: string) {
  const path = `/sessions/${sessionId}/consents`;
  const [items, setItems] = useState<ConsentQuestion[] | null>(null);
  const load = useCallback(async () => {
    const language = navigator.languages.join(',').slice(0, 100);
    setItems((await api.get<{ items: ConsentQuestion[] }>(path, { language })).items);
  }, [api, path]);
  useEffect(() => {
    // A page that cannot ask goes on: the server lets nothing happen that was not agreed to.
    load().catch(() => setItems([]));
  }, [load]);
  const answer = async (answers: object[]) => {
    await api.post(path, { answers });
    await load();
  };
  /** Whether a yes was asked for and the person said no. */
  const refused = (purpose: Purpose) => items?.some((one) => one.purpose === purpose && one.given === false) ?? false;
  const reload = useCallback(() => void load().catch(() => {}), [load]);
  return { items, answer, refused, reload };
}

export type Consents = ReturnType<typeof useConsents>;

interface Props {
  items: ConsentQuestion[];
  answer(answers: object[]): Promise<void>;
}

function ConsentForm({ items, answer, action, onDone }: Props & { action: string; onDone?(): void }) {
  const { t } = useTranslation();
  const [given, setGiven] = useState(() => Object.fromEntries(items.map((one) => [one.purpose, one.given])));
  const [error, setError] = useState<unknown>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const changed = items.filter(({ purpose, given: before }) => given[purpose] !== before);
    const answers = changed.map(({ purpose, version, language }) => ({
      purpose,
      version,
      language,
      given: given[purpose],
    }));
    (answers.length > 0 ? answer(answers) : Promise.resolve()).then(onDone, setError);
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p>{t('consent.text')}</p>
      {items.map(({ purpose, text, language }) => (
        <fieldset key={purpose} className="question">
          <legend lang={language}>{text}</legend>
          {[true, false].map((value) => (
            <label className="check" key={String(value)}>
              <input
                type="radio"
                name={purpose}
                required
                checked={given[purpose] === value}
                onChange={() => setGiven({ ...given, [purpose]: value })}
              />
              {t(value ? 'consent.yes' : 'consent.no')}
            </label>
          ))}
        </fieldset>
      ))}
      <Failure error={error} />
      <button className="primary">{action}</button>
    </form>
  );
}

/** What has not been answered yet, before the conversation is shown. */
export function ConsentStep(props: Props) {
  const { t } = useTranslation();
  useTitle(t('consent.title'));
  return (
    <main className="page narrow" id="content">
      <h1>{t('consent.title')}</h1>
      <ConsentForm {...props} action={t('consent.go')} />
    </main>
  );
}

/** Where a yes is taken back, at any time. */
export function ConsentButton(props: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <button type="button" className="quiet small" onClick={() => setOpen(true)}>
        {t('consent.mine')}
      </button>
      <Dialog open={open} title={t('consent.mine')} onClose={close}>
        <ConsentForm {...props} action={t('consent.save')} onDone={close} />
      </Dialog>
    </>
  );
}
