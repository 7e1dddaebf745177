import type { SessionInsight, SessionPoint } from '@rapport/protocol/insights';
import { riskLevels } from '@rapport/protocol/safety';
import { conversationInsight, goalsIn, mostSeqs, writtenIn } from './conversation.ts';
import type { TextRules, ToldEvent, Written } from './conversation.ts';

/** What of a session is needed to see it among the others of its client; a few hundred words instead of its log. */
export interface SessionDigest {
  point: Omit<SessionPoint, 'sessionId' | 'title' | 'at'>;
  sides: SessionInsight['sides'];
  /** The first of what is quoted of it. */
  quotes: SessionInsight['quotes'];
  goalIds: string[];
  /** Of what the client wrote, those written most often first. */
  terms: Written[];
}

const mostTerms = 1500;
const quotedOfEach = 2;

export function digestOf(events: ToldEvent[], rulesFor: (text: string) => TextRules): SessionDigest {
  const { from, to, stretches, sides, quotes, latency, risk, escalations, ratings } = conversationInsight(
    events,
    rulesFor,
  );
  const written = events
    .flatMap(({ data }) => ('author' in data && data.author === 'client' ? [data.text] : []))
    .join('\n');
  const flagged = (wanted: string) => risk.filter(({ level }) => level === wanted).length;
  return {
    point: {
      seqs: [...new Set([stretches[0]?.fromSeq ?? 0, stretches.at(-1)?.toSeq ?? 0])].filter((seq) => seq > 0),
      minutes: from && to ? Math.round((Date.parse(to) - Date.parse(from)) / 60_000) : 0,
      clientWords: sides.client.words,
      clientMessages: sides.client.messages,
      clientMedianMs: latency.client.medianMs,
      highestRisk: riskLevels[Math.max(0, ...risk.map(({ level }) => riskLevels.indexOf(level)))] ?? 'none',
      flags: risk.length,
      levels: { low: flagged('low'), elevated: flagged('elevated'), high: flagged('high') },
      riskSeqs: [...risk.map(({ seq }) => seq), ...escalations].slice(0, mostSeqs),
      escalations: escalations.length,
      rating: ratings.at(-1) ?? null,
    },
    sides,
    quotes: quotes.slice(0, quotedOfEach),
    goalIds: goalsIn(events)?.goalIds ?? [],
    terms: writtenIn(written, rulesFor(written))
      .sort((a, b) => b[2] - a[2])
      .slice(0, mostTerms),
  };
}
