import type { GoalProgress } from '@rapport/protocol/insights';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { stateBadges } from '../clients/goalStates.ts';

/** How much of each goal is reached: a bar of its milestones, and in words beside it. */
export function GoalBars<T extends GoalProgress>({ goals, beside }: { goals: T[]; beside(goal: T): ReactNode }) {
  const { t } = useTranslation();
  return (
    <ul className="list">
      {goals.map((goal) => {
        const { reached, open, dropped } = goal.milestones;
        const count = reached + open + dropped;
        const said = t('insight.milestones', { reached, count });
        return (
          <li key={goal.goalId} className="stack">
            <div className="row">
              <strong className="grow" dir="auto">
                {goal.title}
              </strong>
              <span className={stateBadges[goal.state]}>{t(`goals.state.${goal.state}`)}</span>
            </div>
            {count > 0 && (
              <svg
                className="bars share"
                role="img"
                aria-label={said}
                viewBox={`0 0 ${count} 1`}
                preserveAspectRatio="none"
              >
                <rect className="rest" width={count} height={1} />
                <rect width={reached} height={1} />
              </svg>
            )}
            <p className="small">
              {count > 0 ? said : t('insight.noMilestones')}
              {dropped > 0 && ` ${t('insight.droppedMilestones', { count: dropped })}`}
            </p>
            {beside(goal)}
          </li>
        );
      })}
    </ul>
  );
}
