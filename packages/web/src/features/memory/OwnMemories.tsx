import type { OwnMemory } from '@rapport/protocol/memory';
import type { createApi } from '@rapport/sdk/api';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';

interface Answer {
  items: OwnMemory[];
}

const path = '/me/record/memories';

/** What is remembered about whoever opens their own record. */
export function OwnMemories({ api }: { api: ReturnType<typeof createApi> }) {
  const { t } = useTranslation();
  const [items, setItems] = useState<OwnMemory[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    api.get<Answer>(path).then((answer) => setItems(answer.items), setError);
  }, [api]);
  const act = async (work: () => Promise<Answer>): Promise<boolean> => {
    setError(null);
    setBusy(true);
    try {
      setItems((await work()).items);
      return true;
    } catch (failure) {
      setError(failure);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="card stack" aria-labelledby="memories">
      <h2 id="memories" tabIndex={-1}>
        {t('record.memories')}
      </h2>
      <p>{t('record.memoriesHint')}</p>
      {items?.length === 0 && <p className="soft">{t('record.noMemories')}</p>}
      <ul className="list">
        {items?.map((memory) => (
          <li key={memory.id} className="stack">
            <Remembered
              memory={memory}
              busy={busy}
              error={error}
              onCorrect={(statement) => act(() => api.post<Answer>(`${path}/${memory.id}/correct`, { statement }))}
              onForget={() => act(() => api.delete<Answer>(`${path}/${memory.id}`))}
            />
          </li>
        ))}
      </ul>
      <Failure error={error} />
    </section>
  );
}

interface RememberedProps {
  memory: OwnMemory;
  busy: boolean;
  error: unknown;
  onCorrect(statement: string): Promise<boolean>;
  onForget(): Promise<boolean>;
}

function Remembered({ memory, busy, error, onCorrect, onForget }: RememberedProps) {
  const { t } = useTranslation();
  const [doing, setDoing] = useState<'correct' | 'forget' | null>(null);
  const [text, setText] = useState(memory.statement);
  // The memory that was acted on is gone, and its buttons with it.
  const toHeading = (done: boolean) => void (done && document.getElementById('memories')?.focus());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void onCorrect(text).then(toHeading);
  };
  return (
    <>
      <p dir="auto">
        <strong>{memory.statement}</strong>{' '}
        {memory.status === 'proposed' && <span className="badge">{t('record.waiting')}</span>}
        {memory.quotes
          .filter((quote) => quote !== memory.statement)
          .map((quote) => (
            <span key={quote} className="small soft">
              {' '}
              {t('record.quoted')} “{quote}”
            </span>
          ))}
      </p>
      {doing === 'correct' && (
        <form className="stack" onSubmit={submit}>
          <Field label={t('record.instead')} error={fieldError(error, '/statement')}>
            {(ids) => (
              <textarea {...ids} required maxLength={2000} value={text} onChange={(e) => setText(e.target.value)} />
            )}
          </Field>
          <div className="row">
            <button className="primary" disabled={busy}>
              {t('record.send')}
            </button>
            <button type="button" onClick={() => setDoing(null)}>
              {t('common.cancel')}
            </button>
          </div>
        </form>
      )}
      {doing === 'forget' && (
        <div className="row">
          <button
            type="button"
            className="danger"
            disabled={busy}
            aria-label={`${t('record.forgetSure')}: ${memory.statement}`}
            onClick={() => void onForget().then(toHeading)}
          >
            {t('record.forgetSure')}
          </button>
          <button type="button" onClick={() => setDoing(null)}>
            {t('common.cancel')}
          </button>
        </div>
      )}
      {doing === null && (
        <div className="row">
          {(['correct', 'forget'] as const).map((what) => (
            <button
              key={what}
              type="button"
              aria-label={`${t(`record.${what}`)}: ${memory.statement}`}
              onClick={() => setDoing(what)}
            >
              {t(`record.${what}`)}
            </button>
          ))}
        </div>
      )}
    </>
  );
}
