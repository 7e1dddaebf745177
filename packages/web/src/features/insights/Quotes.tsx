import type { ClientInsight, SessionInsight } from '@rapport/protocol/insights';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { formatDate } from '../../lib/ui.tsx';
import { Section } from './Section.tsx';

type Quote = SessionInsight['quotes'][number] & { sessionId?: string };

/** What the client said, word for word; of several sessions with the one in which it was said. */
export function Quotes({ quotes, sessions = [] }: { quotes: Quote[]; sessions?: ClientInsight['sessions'] }) {
  const { t } = useTranslation();
  if (quotes.length === 0) return null;
  return (
    <Section title={t('insight.quotes')} hint={t('insight.quotesHint')}>
      {quotes.map(({ sessionId, messageId, start, text, at }) => (
        <figure className="quote" key={`${messageId}-${start}`}>
          <blockquote dir="auto">{text}</blockquote>
          <figcaption className="soft small">
            {sessionId && (
              <>
                <Link to="/sessions/$id" params={{ id: sessionId }}>
                  <bdi>{sessions.find((one) => one.sessionId === sessionId)?.title}</bdi>
                </Link>{' '}
                ·{' '}
              </>
            )}
            {formatDate(at)}
          </figcaption>
        </figure>
      ))}
    </Section>
  );
}
