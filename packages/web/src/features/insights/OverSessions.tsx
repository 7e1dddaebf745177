import type { ClientInsight, SessionPoint } from '@rapport/protocol/insights';
import type { Questionnaire } from '@rapport/protocol/questionnaires';
import type { AboutOne } from '@rapport/protocol/reports';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { clock } from '../../lib/clock.ts';
import { Failure, formatDate } from '../../lib/ui.tsx';
import { useInstruments } from '../clients/Questionnaires.tsx';
import { ScoreChart } from '../clients/ScoreChart.tsx';
import { Bars, Legend } from './Bars.tsx';
import { DataTable } from './DataTable.tsx';
import { GoalBars } from './GoalBars.tsx';
import './insights.css';
import { Places } from './Places.tsx';
import { Quotes } from './Quotes.tsx';
import { Reports } from './Reports.tsx';
import { Section } from './Section.tsx';
import { Sides } from './Sides.tsx';
import { Summary } from './Summary.tsx';

interface Props {
  insight: ClientInsight;
  /** What a model is asked about. */
  subject: AboutOne;
}

/** How sessions of a client went one after the other, what returned in them, and what they worked towards. */
export function OverSessions({ insight, subject }: Props) {
  const { t } = useTranslation();
  const { sessions, topics, goals, questionnaires } = insight;
  return (
    <>
      {sessions.length > 0 && <Summary subject={subject} summary={insight.summary} sessions={sessions} />}
      <Section title={t('insight.engagement')}>
        {sessions.length === 0 ? <p>{t('insight.noSessions')}</p> : <Engagement sessions={sessions} />}
      </Section>
      {topics.length > 0 && (
        <Section title={t('insight.topics')}>
          <ul className="list">
            {topics.map(({ word, sessions: where }) => (
              <li key={word}>
                <strong>
                  <bdi>{word}</bdi>
                </strong>
                <InSessions
                  label={t('insight.inSessions', { count: where.length })}
                  sessions={sessions.filter((one) => where.includes(one.sessionId))}
                />
              </li>
            ))}
          </ul>
        </Section>
      )}
      {sessions.length > 0 && (
        <>
          <Sides sides={insight.sides} />
          <Quotes quotes={insight.quotes} sessions={sessions} />
          <Section title={t('insight.ratings')} hint={t('insight.ratingsHint')}>
            <Ratings sessions={sessions} />
          </Section>
          <Section title={t('insight.riskHistory')} hint={t('insight.riskHint')}>
            <RiskHistory sessions={sessions} />
          </Section>
        </>
      )}
      {goals && (
        <Section title={t('goals.title')}>
          {goals.length === 0 && <p className="soft">{t('goals.empty')}</p>}
          <GoalBars
            goals={goals}
            beside={(goal) => (
              <InSessions
                label={t('insight.chosenIn')}
                sessions={sessions.filter((one) => goal.sessions.includes(one.sessionId))}
              />
            )}
          />
        </Section>
      )}
      {questionnaires && (
        <Section title={t('questionnaires.title')}>
          <Scores all={questionnaires} />
        </Section>
      )}
      <Reports subject={subject} />
    </>
  );
}

function Scores({ all }: { all: Questionnaire[] }) {
  const { t } = useTranslation();
  const instruments = useInstruments();
  if (all.length === 0) return <p className="soft">{t('questionnaires.empty')}</p>;
  return (
    <>
      <Failure error={instruments.error} />
      {instruments.data?.items.map((instrument) => (
        <ScoreChart
          key={instrument.id}
          instrument={instrument}
          results={all.filter((one) => one.instrument === instrument.id)}
        />
      ))}
    </>
  );
}

function SessionLink({ session }: { session: SessionPoint }) {
  return (
    <>
      <Link to="/sessions/$id/insights" params={{ id: session.sessionId }}>
        <bdi>{session.title}</bdi>
      </Link>
      <br />
      <span className="soft small">{formatDate(session.at)}</span>
    </>
  );
}

function Engagement({ sessions }: { sessions: SessionPoint[] }) {
  const { t } = useTranslation();
  return (
    <>
      <Bars
        label={t('insight.overTimeChart', { count: sessions.length })}
        bars={sessions.map(({ sessionId, clientWords }) => ({
          key: sessionId,
          parts: [{ kind: 'client', value: clientWords }],
        }))}
      />
      <DataTable
        name={t('insight.overTimeTable')}
        columns={[
          t('insight.session'),
          t('insight.words'),
          t('insight.messages'),
          t('insight.minutes'),
          t('insight.clientTakes'),
          t('insight.event'),
        ]}
        rows={sessions.map((one) => ({
          key: one.sessionId,
          head: <SessionLink session={one} />,
          cells: [
            one.clientWords,
            one.clientMessages,
            one.minutes,
            one.clientMedianMs === null ? t('insight.none') : clock(one.clientMedianMs),
            <Places key="event" sessionId={one.sessionId} seqs={one.seqs} what={t('insight.ends')} />,
          ],
        }))}
      />
    </>
  );
}

const scales = ['effectiveness', 'engagement', 'progress'] as const;

type RatedSession = SessionPoint & { rating: NonNullable<SessionPoint['rating']> };

function Ratings({ sessions }: { sessions: SessionPoint[] }) {
  const { t } = useTranslation();
  const rated = sessions.filter((one): one is RatedSession => one.rating !== null);
  const last = rated.at(-1);
  if (!last) return <p className="soft">{t('insight.notRated')}</p>;
  return (
    <>
      <div className="small-multiples">
        {scales.map((scale) => (
          <figure key={scale}>
            <figcaption>{t(`insight.scale.${scale}`, { points: last.rating[scale] })}</figcaption>
            <Bars
              most={10}
              label={t('insight.scaleChart', {
                scale: t(`plan.${scale}`),
                values: rated.map(({ rating }) => rating[scale]).join(', '),
              })}
              bars={rated.map(({ sessionId, rating }) => ({
                key: sessionId,
                parts: [{ kind: 'client', value: rating[scale] }],
              }))}
            />
          </figure>
        ))}
      </div>
      <details>
        <summary>{t('insight.table')}</summary>
        <DataTable
          name={t('insight.ratings')}
          columns={[t('insight.session'), ...scales.map((scale) => t(`plan.${scale}`)), t('insight.event')]}
          rows={rated.map((one) => ({
            key: one.sessionId,
            head: <SessionLink session={one} />,
            cells: [
              ...scales.map((scale) => one.rating[scale]),
              <Places key="event" sessionId={one.sessionId} seqs={[one.rating.seq]} what={t('insight.where')} />,
            ],
          }))}
        />
      </details>
    </>
  );
}

const levels = ['low', 'elevated', 'high'] as const;

function RiskHistory({ sessions }: { sessions: SessionPoint[] }) {
  const { t } = useTranslation();
  const flagged = sessions.filter(({ flags, escalations }) => flags + escalations > 0);
  if (flagged.length === 0) return <p>{t('insight.noRiskEver', { count: sessions.length })}</p>;
  return (
    <>
      <Bars
        label={t('insight.riskChart', { count: flagged.length, all: sessions.length })}
        bars={sessions.map((one) => ({
          key: one.sessionId,
          parts: levels.map((level) => ({ kind: level, value: one.levels[level] })),
        }))}
      />
      <Legend kinds={levels.map((level) => ({ kind: level, name: t(`risk.${level}`) }))} />
      <DataTable
        name={t('insight.riskHistory')}
        columns={[
          t('insight.session'),
          ...levels.map((level) => t(`risk.${level}`)),
          t('insight.called'),
          t('insight.event'),
        ]}
        rows={flagged.map((one) => ({
          key: one.sessionId,
          head: <SessionLink session={one} />,
          cells: [
            ...levels.map((level) => one.levels[level]),
            one.escalations,
            <Places key="event" sessionId={one.sessionId} seqs={one.riskSeqs} what={t('insight.where')} />,
          ],
        }))}
      />
    </>
  );
}

function InSessions({ label, sessions }: { label: string; sessions: SessionPoint[] }) {
  if (sessions.length === 0) return null;
  return (
    <p className="small">
      {label}{' '}
      {sessions.map(({ sessionId, title }, at) => (
        <span key={sessionId}>
          {at > 0 && ', '}
          <Link to="/sessions/$id/insights" params={{ id: sessionId }}>
            <bdi>{title}</bdi>
          </Link>
        </span>
      ))}
    </p>
  );
}
