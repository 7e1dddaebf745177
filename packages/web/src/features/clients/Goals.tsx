import type { Goal, GoalPut, GoalState } from '@rapport/protocol/goals';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { List } from '../../lib/Page.tsx';
import { Dialog } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { GoalForm } from './GoalForm.tsx';
import { stateBadges } from './goalStates.ts';

const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const dayOf = (day: string): string => days.format(new Date(day));

/** What the client works towards, with the steps on the way. */
export function Goals({ clientId }: { clientId: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const path = `/clients/${clientId}/goals`;
  const list = usePages<Goal>(path);
  const [editing, setEditing] = useState<Goal | 'new' | null>(null);
  return (
    <section className="stack" aria-labelledby="goals">
      <div className="head">
        <h2 id="goals">{t('goals.title')}</h2>
        {may('clients.manage') && (
          <button type="button" onClick={() => setEditing('new')}>
            {t('goals.new')}
          </button>
        )}
      </div>
      <List list={list} inSection empty={<p className="soft">{t('goals.empty')}</p>}>
        {(goal) => (
          <>
            <div className="grow">
              <strong dir="auto">{goal.title}</strong> <State state={goal.state} />
              {goal.dueOn && <span className="soft small"> {t('goals.until', { date: dayOf(goal.dueOn) })}</span>}
              {goal.detail && <p dir="auto">{goal.detail}</p>}
              {goal.milestones.length > 0 && <Milestones goal={goal} />}
            </div>
            {may('clients.manage') && (
              <button type="button" aria-label={`${t('goals.change')}: ${goal.title}`} onClick={() => setEditing(goal)}>
                {t('goals.change')}
              </button>
            )}
          </>
        )}
      </List>
      <Dialog
        open={editing !== null}
        title={t(editing === 'new' ? 'goals.new' : 'goals.change')}
        onClose={() => setEditing(null)}
      >
        {editing && <EditGoal path={path} goal={editing === 'new' ? null : editing} onDone={() => setEditing(null)} />}
      </Dialog>
    </section>
  );
}

function State({ state }: { state: GoalState }) {
  const { t } = useTranslation();
  return <span className={stateBadges[state]}>{t(`goals.state.${state}`)}</span>;
}

function Milestones({ goal }: { goal: Goal }) {
  const { t } = useTranslation();
  return (
    <ul aria-label={t('goals.milestones')}>
      {goal.milestones.map((milestone, at) => (
        <li key={at}>
          <span dir="auto">{milestone.title}</span> <State state={milestone.state} />
          <span className="soft small">
            {milestone.state === 'open' && milestone.dueOn && ` ${t('goals.until', { date: dayOf(milestone.dueOn) })}`}
            {milestone.reachedOn && ` ${dayOf(milestone.reachedOn)}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function EditGoal({ path, goal, onDone }: { path: string; goal: Goal | null; onDone(): void }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<GoalPut>(() => {
    const { title = '', detail = '', state = 'open', dueOn = null, milestones = [] } = goal ?? {};
    return { title, detail, state, dueOn, milestones };
  });
  const save = useMutation({
    mutationFn: () => (goal ? api.put<Goal>(`${path}/${goal.id}`, draft) : api.post<Goal>(path, draft)),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [path] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return <GoalForm draft={draft} onChange={setDraft} onSubmit={submit} busy={save.isPending} error={save.error} />;
}
