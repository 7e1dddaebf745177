import type { Goal } from '@rapport/protocol/goals';
import type { Member } from '@rapport/protocol/members';
import type { SessionPlan as Plan } from '@rapport/protocol/plan';
import type { Session } from '@rapport/protocol/sessions';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Picker } from '../../lib/Picker.tsx';
import { TimeLeft } from '../../lib/TimeLeft.tsx';
import { Dialog, Failure, Field, fieldError } from '../../lib/ui.tsx';
import { Checks } from '../identity/Checks.tsx';
import { Rating } from './Rating.tsx';

/** Planned time, goals, whose session it is, and at its end how it went. */
export function SessionPlan({ session }: { session: Session }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const may = useMay();
  const path = `/sessions/${session.id}`;
  // Begins as the session's key does: an event that reads the session anew reads this anew, too.
  const queryKey = ['session', session.id, 'plan'];
  const plan = useQuery({ queryKey, queryFn: () => api.get<Plan>(`${path}/plan`) });
  const save = useMutation({
    mutationFn: ({ what, body }: { what: string; body: object }) => api.put<Plan>(`${path}/${what}`, body),
    onSuccess: (next) => queries.setQueryData(queryKey, next),
  });
  const ended = session.status === 'ended';
  if (!plan.data) return <Failure error={plan.error} />;
  const { timer, goals, rating, facilitator } = plan.data;
  const put = (what: string) => (body: object) => save.mutate({ what, body });
  return (
    <section className="stack" aria-labelledby="plan">
      <h2 id="plan">{t('plan.title')}</h2>
      <p className="small">
        {t('plan.facilitator')}: <bdi>{facilitator.name}</bdi>
      </p>
      {ended && <Rating rating={rating} error={save.error} busy={save.isPending} onSave={put('rating')} />}
      {!ended && (
        <>
          {timer && (
            <p className="small">
              <TimeLeft endsAt={timer.endsAt} />
              {timer.closes && ` · ${t('plan.closes')}`}
            </p>
          )}
          <Timer planned={timer !== null} onSave={put('timer')} />
          {session.client && may('clients.read') && (
            <Goals clientId={session.client.id} chosen={goals} onSave={put('goals')} />
          )}
          {may('members.read') && <Transfer path={path} onDone={(next) => queries.setQueryData(queryKey, next)} />}
          <Failure error={save.error} />
        </>
      )}
    </section>
  );
}

function Timer({ planned, onSave }: { planned: boolean; onSave(body: object): void }) {
  const { t } = useTranslation();
  const [minutes, setMinutes] = useState('50');
  const [closes, setCloses] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave({ minutes: Number(minutes), closes });
  };
  return (
    <details>
      <summary>{t('plan.timer')}</summary>
      <form className="stack" onSubmit={submit}>
        <Field label={t('plan.minutes')}>
          {(ids) => (
            <input
              {...ids}
              type="number"
              required
              min={1}
              max={1440}
              value={minutes}
              onChange={(e) => setMinutes(e.target.value)}
            />
          )}
        </Field>
        <label className="check">
          <input type="checkbox" checked={closes} onChange={(e) => setCloses(e.target.checked)} />
          {t('plan.close')}
        </label>
        <div className="row">
          <button>{t('plan.setTimer')}</button>
          {planned && (
            <button type="button" className="quiet" onClick={() => onSave({ minutes: null })}>
              {t('plan.noTimer')}
            </button>
          )}
        </div>
      </form>
    </details>
  );
}

function Goals(props: { clientId: string; chosen: Goal[]; onSave(body: object): void }) {
  const { clientId, chosen, onSave } = props;
  const { t } = useTranslation();
  const path = `/clients/${clientId}/goals`;
  const stored = chosen.map(({ id }) => id).join();
  const [ids, setIds] = useState<string[]>([]);
  useEffect(() => setIds(stored === '' ? [] : stored.split(',')), [stored]);
  const all = useQuery({
    queryKey: [path, 'choice'],
    queryFn: () => api.get<{ items: Goal[] }>(path, { limit: 50 }),
  });
  const open = (all.data?.items ?? []).filter(
    ({ id, state }) => state === 'open' || chosen.some((one) => one.id === id),
  );
  if (open.length === 0) return null;
  return (
    <Checks
      legend={t('plan.goals')}
      choices={open.map(({ id, title }) => ({ id, name: title }))}
      chosen={ids}
      onChange={(goalIds) => {
        setIds(goalIds);
        onSave({ goalIds });
      }}
    />
  );
}

function Transfer({ path, onDone }: { path: string; onDone(next: Plan): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [userId, setUserId] = useState<string | null>(null);
  const [note, setNote] = useState('');
  const hand = useMutation({
    mutationFn: () => api.post<Plan>(`${path}/transfer`, { userId, note }),
    onSuccess: (next) => {
      onDone(next);
      setOpen(false);
      setNote('');
      return queries.invalidateQueries({ queryKey: [`${path}/notes`] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    hand.mutate();
  };
  return (
    <div>
      <button type="button" onClick={() => setOpen(true)}>
        {t('plan.transfer')}
      </button>
      <Dialog open={open} title={t('plan.transfer')} onClose={() => setOpen(false)}>
        <form className="stack" onSubmit={submit}>
          <p>{t('plan.transferHint')}</p>
          <Picker<Member>
            label={t('plan.to')}
            path="/members"
            nameOf={(member) => member.name}
            value={userId}
            onPick={setUserId}
          />
          <Field label={`${t('plan.note')} (${t('common.optional')})`} error={fieldError(hand.error, '/note')}>
            {(ids) => <textarea {...ids} maxLength={4000} value={note} onChange={(e) => setNote(e.target.value)} />}
          </Field>
          {hand.error && (
            <p className="note bad" role="alert">
              {fieldError(hand.error, '/userId') ?? hand.error.message}
            </p>
          )}
          <button className="primary" disabled={hand.isPending || userId === null}>
            {t('plan.transfer')}
          </button>
        </form>
      </Dialog>
    </div>
  );
}
