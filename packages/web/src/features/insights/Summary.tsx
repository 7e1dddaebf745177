import type { AiSummary } from '@rapport/protocol/aiInsights';
import type { AboutOne } from '@rapport/protocol/reports';
import { useTranslation } from 'react-i18next';
import { isolated } from '../../lib/ui.tsx';
import { AskButton } from './AskButton.tsx';
import { MadeBy } from './MadeBy.tsx';
import { Places } from './Places.tsx';
import { Section } from './Section.tsx';

interface Props {
  subject: AboutOne;
  summary: AiSummary | null;
  /** Of the sessions it may quote; absent: of this one alone. */
  sessions?: { sessionId: string; title: string }[];
}

/** What a model said that the client said, each point with the words it rests on; asked for by a person. */
export function Summary({ subject, summary, sessions }: Props) {
  const { t } = useTranslation();
  const whereOf = (id: string) => {
    const title = sessions?.find((one) => one.sessionId === id)?.title;
    return title ? t('report.restsIn', { title: isolated(title) }) : t('insight.where');
  };
  return (
    <Section title={t('insight.summary')} hint={t('insight.summaryHint')}>
      {summary ? (
        <MadeBy made={summary} leftOut={t('report.leftOut', { count: summary.leftOut })} />
      ) : (
        <p className="soft">{t('insight.noSummary')}</p>
      )}
      {summary?.points.map(({ text, quote, sessionId, seq }) => (
        <figure className="quote" key={`${sessionId}-${seq}-${text}`}>
          <p dir="auto">{text}</p>
          <blockquote dir="auto">{t('insight.quoted', { quote: isolated(quote) })}</blockquote>
          <figcaption className="soft small">
            <Places sessionId={sessionId} seqs={[seq]} what={whereOf(sessionId)} />
          </figcaption>
        </figure>
      ))}
      <AskButton label={t(summary ? 'insight.askAgain' : 'insight.ask')} path="/insights/summary" body={subject} />
    </Section>
  );
}
