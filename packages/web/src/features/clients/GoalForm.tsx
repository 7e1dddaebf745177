import type { GoalPut, GoalState, Milestone } from '@rapport/protocol/goals';
import type { FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';

interface Props {
  draft: GoalPut;
  onChange(draft: GoalPut): void;
  onSubmit(event: FormEvent): void;
  busy: boolean;
  error: unknown;
}

const states: readonly GoalState[] = ['open', 'reached', 'dropped'];
const freshMilestone: Milestone = { title: '', state: 'open', dueOn: null, reachedOn: null };
const today = () => new Date().toISOString().slice(0, 10);

export function GoalForm({ draft, onChange, onSubmit, busy, error }: Props) {
  const { t } = useTranslation();
  const { milestones } = draft;
  const setMilestone = (at: number, next: Milestone | null) =>
    onChange({
      ...draft,
      milestones: next ? milestones.with(at, next) : milestones.filter((_, index) => index !== at),
    });
  return (
    <form className="stack" onSubmit={onSubmit}>
      <Field label={t('goals.goal')} error={fieldError(error, '/title')}>
        {(ids) => (
          <input
            {...ids}
            required
            maxLength={200}
            value={draft.title}
            onChange={(e) => onChange({ ...draft, title: e.target.value })}
          />
        )}
      </Field>
      <Field label={`${t('goals.detail')} (${t('common.optional')})`} error={fieldError(error, '/detail')}>
        {(ids) => (
          <textarea
            {...ids}
            maxLength={2000}
            value={draft.detail}
            onChange={(e) => onChange({ ...draft, detail: e.target.value })}
          />
        )}
      </Field>
      <div className="row">
        <StateField
          label={t('goals.stateLabel')}
          value={draft.state}
          onChange={(state) => onChange({ ...draft, state })}
        />
        <DayField label={t('goals.due')} value={draft.dueOn} onChange={(dueOn) => onChange({ ...draft, dueOn })} />
      </div>
      <fieldset className="stack">
        <legend>{t('goals.milestones')}</legend>
        {milestones.map((milestone, at) => (
          <MilestoneFields
            key={at}
            number={at + 1}
            milestone={milestone}
            error={fieldError(error, `/milestones/${at}/title`)}
            onChange={(next) => setMilestone(at, next)}
          />
        ))}
        <div>
          <button
            type="button"
            disabled={milestones.length >= 30}
            onClick={() => onChange({ ...draft, milestones: [...milestones, freshMilestone] })}
          >
            {t('goals.addMilestone')}
          </button>
        </div>
      </fieldset>
      <Failure error={error} marked />
      <button className="primary" disabled={busy}>
        {t('common.save')}
      </button>
    </form>
  );
}

interface MilestoneProps {
  number: number;
  milestone: Milestone;
  error?: string | undefined;
  onChange(next: Milestone | null): void;
}

function MilestoneFields({ number, milestone, error, onChange }: MilestoneProps) {
  const { t } = useTranslation();
  const setState = (state: GoalState) =>
    onChange({ ...milestone, state, reachedOn: state === 'reached' ? (milestone.reachedOn ?? today()) : null });
  return (
    <div className="row item-row">
      <div className="grow">
        <Field label={t('goals.milestone', { number })} error={error}>
          {(ids) => (
            <input
              {...ids}
              required
              maxLength={200}
              value={milestone.title}
              onChange={(e) => onChange({ ...milestone, title: e.target.value })}
            />
          )}
        </Field>
        <div className="row">
          <StateField label={t('goals.stateOf', { number })} value={milestone.state} onChange={setState} />
          <DayField
            label={t('goals.dueOf', { number })}
            value={milestone.dueOn}
            onChange={(dueOn) => onChange({ ...milestone, dueOn })}
          />
        </div>
      </div>
      <button type="button" className="quiet" aria-label={t('goals.remove', { number })} onClick={() => onChange(null)}>
        {t('common.remove')}
      </button>
    </div>
  );
}

interface OneField<T> {
  label: string;
  value: T;
  onChange(value: T): void;
}

function StateField({ label, value, onChange }: OneField<GoalState>) {
  const { t } = useTranslation();
  return (
    <Field label={label}>
      {(ids) => (
        <select {...ids} value={value} onChange={(e) => onChange(e.target.value as GoalState)}>
          {states.map((state) => (
            <option key={state} value={state}>
              {t(`goals.state.${state}`)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function DayField({ label, value, onChange }: OneField<string | null>) {
  return (
    <Field label={label}>
      {(ids) => <input {...ids} type="date" value={value ?? ''} onChange={(e) => onChange(e.target.value || null)} />}
    </Field>
  );
}
