import type { Latency, SessionInsight } from '@rapport/protocol/insights';
import type { Questionnaire } from '@rapport/protocol/questionnaires';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { clock } from '../../lib/clock.ts';
import { isId } from '../../lib/isId.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Failure, formatDate, isMissing, isolated, Loading } from '../../lib/ui.tsx';
import { DataTable } from './DataTable.tsx';
import { GoalBars } from './GoalBars.tsx';
import { Places } from './Places.tsx';
import { Quotes } from './Quotes.tsx';
import { Reports } from './Reports.tsx';
import { Section } from './Section.tsx';
import { Sides } from './Sides.tsx';
import { Summary } from './Summary.tsx';
import { Tone } from './Tone.tsx';
import { WordsChart } from './WordsChart.tsx';

/** What can be counted and quoted of a session. */
export function InsightPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams({ strict: false });
  const insight = useQuery({
    queryKey: ['insight', id],
    queryFn: () => api.get<SessionInsight>(`/sessions/${id}/insights`),
    enabled: isId(id),
  });
  if (!isId(id) || isMissing(insight.error)) return <NotFound />;
  const { data } = insight;
  return (
    <Page
      title={t('insight.title', { title: data?.title ?? '' })}
      hint={t('insight.hint')}
      actions={
        <Link className="button" to="/sessions/$id" params={{ id }}>
          {t('insight.back')}
        </Link>
      }
    >
      <Failure error={insight.error} />
      {data ? <Insight insight={data} /> : !insight.error && <Loading />}
      {data && <Reports subject={{ sessionId: id }} guessed={data.tone.guessed !== null} />}
    </Page>
  );
}

function Insight({ insight }: { insight: SessionInsight }) {
  const { t } = useTranslation();
  return (
    <>
      {insight.from ? (
        <>
          <Summary subject={{ sessionId: insight.sessionId }} summary={insight.summary} />
          <Said insight={insight} />
          <Tone insight={insight} />
        </>
      ) : (
        <p>{t('insight.nothing')}</p>
      )}
      <HowItWent insight={insight} />
    </>
  );
}

function Said({ insight }: { insight: SessionInsight }) {
  const { t } = useTranslation();
  const { topics, quotes, held, sessionId } = insight;
  return (
    <>
      <Section title={t('insight.stretches')}>
        <WordsChart stretches={insight.stretches} />
      </Section>
      <Sides sides={insight.sides}>
        <Places sessionId={sessionId} seqs={insight.said} what={t('insight.where')} />
      </Sides>
      <Section title={t('insight.latency')}>
        <Latencies insight={insight} />
      </Section>
      <Section title={t('insight.topics')}>
        {topics.length === 0 && <p>{t('insight.noTopics')}</p>}
        <ul className="row plain">
          {topics.map(({ word, messages }) => (
            <li key={word} className="badge">
              {t('insight.topic', { word: isolated(word), count: messages })}
            </li>
          ))}
        </ul>
        <Places
          sessionId={sessionId}
          seqs={[...new Set(topics.flatMap(({ seqs }) => seqs))].sort((a, b) => a - b)}
          what={t('insight.where')}
        />
      </Section>
      <Quotes quotes={quotes} />
      <Section title={t('insight.risk')}>
        <Risks insight={insight} />
      </Section>
      {held.seqs.length > 0 && (
        <Section title={t('insight.held')}>
          <p>{t('insight.heldText', held)}</p>
          <Places sessionId={sessionId} seqs={held.seqs} what={t('insight.where')} />
        </Section>
      )}
    </>
  );
}

const scales = ['effectiveness', 'engagement', 'progress'] as const;

/** What the team and the client say of it, beside what was said in it. */
function HowItWent({ insight: { ratings, goals, questionnaires, sessionId } }: { insight: SessionInsight }) {
  const { t } = useTranslation();
  const last = ratings.at(-1);
  return (
    <>
      {last && (
        <Section title={t('insight.ratings')} hint={t('insight.ratingsHint')}>
          {scales.map((scale) => (
            <div key={scale}>
              <p className="small">{t(`insight.scale.${scale}`, { points: last[scale] })}</p>
              <svg
                className="bars share"
                role="img"
                aria-label={t('insight.scaleChart', { scale: t(`plan.${scale}`), values: last[scale] })}
                viewBox="0 0 10 1"
                preserveAspectRatio="none"
              >
                <rect className="rest" width={10} height={1} />
                <rect width={last[scale]} height={1} />
              </svg>
            </div>
          ))}
          <Places sessionId={sessionId} seqs={ratings.map(({ seq }) => seq)} what={t('insight.where')} />
        </Section>
      )}
      {goals.length > 0 && (
        <Section title={t('plan.goals')}>
          <GoalBars
            goals={goals}
            beside={({ seq }) => <Places sessionId={sessionId} seqs={[seq]} what={t('insight.chosen')} />}
          />
        </Section>
      )}
      {questionnaires.length > 0 && (
        <Section title={t('questionnaires.title')}>
          <ul className="list">
            {questionnaires.map((one) => (
              <Answered key={one.id} answered={one} />
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function Answered({ answered: { instrument, answeredAt, filledBy, result } }: { answered: Questionnaire }) {
  const { t } = useTranslation();
  if (!result || !answeredAt) return null;
  const { score, most, severity } = result;
  return (
    <li className="row">
      <span className="grow">
        {t(`questionnaires.name.${instrument}`)}:{' '}
        {t('questionnaires.latest', { score, most, severity: t(`questionnaires.severity.${severity}`) })}
        {result.risk && <span className="badge bad">{t('questionnaires.risk')}</span>}
      </span>
      <span className="soft small">
        {t(`questionnaires.filledBy.${filledBy ?? 'staff'}`)}, {formatDate(answeredAt)}
      </span>
    </li>
  );
}

function Latencies({ insight }: { insight: SessionInsight }) {
  const { t } = useTranslation();
  const time = (ms: number | null | undefined) => (typeof ms === 'number' ? clock(ms) : t('insight.none'));
  const row = (head: string, { medianMs, p90Ms, slowest }: Latency) => ({
    key: head,
    head,
    cells: [
      time(medianMs),
      time(p90Ms),
      slowest ? (
        <Places key="slowest" sessionId={insight.sessionId} seqs={[slowest.seq]} what={clock(slowest.ms)} />
      ) : (
        t('insight.none')
      ),
    ],
  });
  return (
    <DataTable
      name={t('insight.latency')}
      columns={['', t('insight.median'), t('insight.p90'), t('insight.slowest')]}
      rows={[
        row(t('insight.clientTakes'), insight.latency.client),
        row(t('insight.answerTakes'), insight.latency.answers),
      ]}
    />
  );
}

function Risks({ insight }: { insight: SessionInsight }) {
  const { t } = useTranslation();
  return (
    <>
      {insight.risk.length === 0 && <p>{t('insight.noRisk')}</p>}
      <ul className="list">
        {insight.risk.map((one) => (
          <li key={one.seq} className="row">
            <span className={`badge ${one.level === 'high' ? 'bad' : 'warn'}`}>{t(`risk.${one.level as 'low'}`)}</span>
            <span className="grow">
              {t(`risk.${one.category}`)} · {t(one.replyId ? 'insight.reply' : 'insight.message')}
            </span>
            <span className="soft small">{formatDate(one.at)}</span>
          </li>
        ))}
      </ul>
      {insight.escalations.length > 0 && <p>{t('insight.escalations', { count: insight.escalations.length })}</p>}
      <Places
        sessionId={insight.sessionId}
        seqs={[...insight.risk.map(({ seq }) => seq), ...insight.escalations].sort((a, b) => a - b)}
        what={t('insight.where')}
      />
    </>
  );
}
