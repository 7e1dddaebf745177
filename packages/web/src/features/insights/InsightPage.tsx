import type { Latency, SessionInsight } from '@rapport/protocol/insights';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { clock } from '../../lib/clock.ts';
import { isId } from '../../lib/isId.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Failure, formatDate, isMissing, isolated, Loading } from '../../lib/ui.tsx';
import { Reports } from './Reports.tsx';
import { sides, WordsChart } from './WordsChart.tsx';

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
      {data && <Reports subject={{ sessionId: id }} />}
    </Page>
  );
}

function Section({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <section className="stack">
      <h2>{title}</h2>
      {hint && <p className="soft small">{hint}</p>}
      {children}
    </section>
  );
}

function Insight({ insight }: { insight: SessionInsight }) {
  const { t } = useTranslation();
  if (!insight.from) return <p>{t('insight.nothing')}</p>;
  const { topics, quotes } = insight;
  return (
    <>
      <Section title={t('insight.stretches')}>
        <WordsChart stretches={insight.stretches} />
      </Section>
      <Section title={t('insight.sides')} hint={t('insight.openingsHint')}>
        <Sides insight={insight} />
      </Section>
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
      </Section>
      {quotes.length > 0 && (
        <Section title={t('insight.quotes')} hint={t('insight.quotesHint')}>
          {quotes.map((quote) => (
            <figure className="quote" key={`${quote.seq}-${quote.start}`}>
              <blockquote dir="auto">{quote.text}</blockquote>
              <figcaption className="soft small">{formatDate(quote.at)}</figcaption>
            </figure>
          ))}
        </Section>
      )}
      <Section title={t('insight.risk')}>
        <Risks insight={insight} />
      </Section>
      {insight.held.seqs.length > 0 && (
        <Section title={t('insight.held')}>
          <p>{t('insight.heldText', insight.held)}</p>
        </Section>
      )}
    </>
  );
}

const counted = ['messages', 'turns', 'words', 'questions', 'openings'] as const;

function Sides({ insight }: { insight: SessionInsight }) {
  const { t } = useTranslation();
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={t('insight.sides')}>
      <table>
        <thead>
          <tr>
            <td />
            {counted.map((what) => (
              <th key={what} scope="col">
                {t(`insight.${what}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sides.map((side) => (
            <tr key={side}>
              <th scope="row">{t(`insight.${side}`)}</th>
              {counted.map((what) => (
                <td key={what}>{insight.sides[side][what]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Latencies({ insight }: { insight: SessionInsight }) {
  const { t } = useTranslation();
  const time = (ms: number | null | undefined) => (typeof ms === 'number' ? clock(ms) : t('insight.none'));
  const row = (name: string, { medianMs, p90Ms, slowest }: Latency) => (
    <tr>
      <th scope="row">{name}</th>
      <td>{time(medianMs)}</td>
      <td>{time(p90Ms)}</td>
      <td>{time(slowest?.ms)}</td>
    </tr>
  );
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={t('insight.latency')}>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">{t('insight.median')}</th>
            <th scope="col">{t('insight.p90')}</th>
            <th scope="col">{t('insight.slowest')}</th>
          </tr>
        </thead>
        <tbody>
          {row(t('insight.clientTakes'), insight.latency.client)}
          {row(t('insight.answerTakes'), insight.latency.answers)}
        </tbody>
      </table>
    </div>
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
    </>
  );
}
