import type { Review } from '@rapport/protocol/supervision';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clock } from '../../lib/clock.ts';
import { formatDate, isolated } from '../../lib/ui.tsx';

const risks = ['none', 'low', 'elevated', 'high'] as const;
const riskName = (risk: number) => risks[Math.min(Math.max(risk, 0), 3)] ?? 'none';

export function RiskBadge({ risk }: { risk: number }) {
  const { t } = useTranslation();
  if (risk <= 0) return null;
  return <span className={`badge ${risk > 1 ? 'bad' : 'warn'}`}>{t(`review.risk.${riskName(risk)}`)}</span>;
}

/** The time, once a second. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** How long it has waited, or when it goes out by itself; that it has gone is told by the server alone. */
export function Due({ review }: { review: Review }) {
  const { t } = useTranslation();
  const now = useNow();
  const { state, rung, dueAt, waitingSince, overdue } = review;
  if (state !== 'waiting' || !waitingSince) return null;
  const left = dueAt === null ? null : Date.parse(dueAt) - now;
  return (
    <span className="row" role="timer">
      {overdue && <span className="badge bad">{t('review.overdue')}</span>}
      <span className="small">
        {rung === 'delayed' && left !== null
          ? t(left > 0 ? 'review.goesIn' : 'review.goesNow', { time: clock(left) })
          : t('review.waits', { time: clock(now - Date.parse(waitingSince)) })}
      </span>
    </span>
  );
}

/** Who decided, when, and why. */
export function Decided({ review }: { review: Review & { note?: string } }) {
  const { t } = useTranslation();
  const { decision, state } = review;
  if (!decision) return null;
  return (
    <div>
      <p className="small">
        <strong>{t(`review.decision.${state as 'released' | 'rejected' | 'discarded'}`)}</strong> ·{' '}
        {decision.name ? <bdi>{decision.name}</bdi> : t('review.byItself')} · {formatDate(decision.at)}
        {decision.editDistance !== null && ` · ${t('review.changed', { count: decision.editDistance })}`}
      </p>
      {decision.reasons.length > 0 && (
        <p className="small">{decision.reasons.map((reason) => t(`review.reasons.${reason}`)).join(', ')}</p>
      )}
      {review.note && (
        <p className="small" dir="auto">
          {isolated(review.note)}
        </p>
      )}
    </div>
  );
}
