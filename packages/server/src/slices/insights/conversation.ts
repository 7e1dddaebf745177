import type { EventData, EventType } from '@rapport/protocol/events';
import type { Latency, Quote, Rated, SessionInsight, Side, Stretch } from '@rapport/protocol/insights';

/** What a conversation is told by. */
export const toldBy = [
  'message.created',
  'flag.raised',
  'review.decided',
  'escalation.raised',
  'session.rated',
  'session.goals',
] as const satisfies EventType[];

type Told = (typeof toldBy)[number];
export interface ToldEvent<T extends Told = Told> {
  seq: number;
  type: T;
  at: string;
  data: EventData<T>;
}

interface Span {
  start: number;
  end: number;
}

/** How texts of one language fall into words and sentences. */
export interface TextRules {
  words(text: string): Iterable<Span & { text: string }>;
  /** Null for a word that says nothing about what a text is about. */
  termOf(word: string): string | null;
  sentences(text: string): Span[];
}

const sides = { client: 'client', persona: 'persona', staff: 'team' } as const;
type SideName = (typeof sides)[keyof typeof sides];

interface Said {
  seq: number;
  at: string;
  side: SideName;
  messageId: string;
  text: string;
  words: number;
}

const pauseMs = 600_000;
const mostStretches = 24;
/** How many places in a log stand beside a number. */
export const mostSeqs = 50;
const mostTopics = 12;
const mostQuotes = 5;

const ofType = <T extends Told>(events: ToldEvent[], type: T): ToldEvent<T>[] =>
  events.filter((event): event is ToldEvent<T> => event.type === type);

const gapMs = (a: Said, b: Said): number => Date.parse(b.at) - Date.parse(a.at);

/** Regenerated replies take the place of what they answer anew, which the client no longer sees. */
function saidIn(events: ToldEvent[], rules: TextRules): Said[] {
  const created = ofType(events, 'message.created');
  const replaced = new Set(created.map(({ data }) => data.replaces));
  return created
    .filter(({ data }) => !replaced.has(data.messageId))
    .map(({ seq, at, data: { author, messageId, text } }) => ({
      seq,
      at,
      side: sides[author],
      messageId,
      text,
      words: [...rules.words(text)].length,
    }));
}

function sideOf(said: Said[], name: SideName): Side {
  const own = said.filter(({ side }) => side === name);
  const begins = (one: Said, at: number): boolean => {
    const before = said[at - 1];
    return one.side === name && (!before || gapMs(before, one) >= pauseMs);
  };
  return {
    turns: said.filter((one, at) => one.side === name && said[at - 1]?.side !== name).length,
    messages: own.length,
    words: own.reduce((sum, { words }) => sum + words, 0),
    questions: own.filter(({ text }) => /[?？؟]/.test(text)).length,
    openings: said.filter(begins).length,
  };
}

/** The least of the sorted values that `share` of them do not exceed. */
const quantile = (sorted: number[], share: number): number | null =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;

/** How long somebody took to answer the other side; later messages of the same turn answer nothing. */
function latencyOf(said: Said[], answers: (before: Said, one: Said) => boolean): Latency {
  const took = said.flatMap((one, at) => {
    const before = said[at - 1];
    return before && answers(before, one) ? [{ seq: one.seq, ms: gapMs(before, one) }] : [];
  });
  took.sort((a, b) => a.ms - b.ms);
  const sorted = took.map(({ ms }) => ms);
  return {
    count: took.length,
    medianMs: quantile(sorted, 0.5),
    p90Ms: quantile(sorted, 0.9),
    slowest: took.at(-1) ?? null,
  };
}

function stretchesOf(said: Said[]): Stretch[] {
  const size = Math.max(1, Math.ceil(said.length / mostStretches));
  const stretches: Stretch[] = [];
  for (let at = 0; at < said.length; at += size) {
    const part = said.slice(at, at + size);
    const [first] = part;
    const last = part.at(-1);
    if (!first || !last) continue;
    const words = { client: 0, persona: 0, team: 0 };
    for (const one of part) words[one.side] += one.words;
    stretches.push({ fromSeq: first.seq, toSeq: last.seq, from: first.at, to: last.at, words });
  }
  return stretches;
}

/** A term, as it was written most often, and how often. */
export type Written = [term: string, word: string, count: number];

/** What a text is about, word by word. */
export function writtenIn(text: string, rules: TextRules): Written[] {
  const terms = new Map<string, Map<string, number>>();
  for (const { text: word } of rules.words(text)) {
    const term = rules.termOf(word);
    if (term === null || term.length < 3 || /^\p{N}+$/u.test(term)) continue;
    const forms = terms.get(term) ?? new Map<string, number>();
    forms.set(word, (forms.get(word) ?? 0) + 1);
    terms.set(term, forms);
  }
  return [...terms].map(([term, forms]) => {
    const [word, count] = [...forms].reduce((best, form) => (form[1] > best[1] ? form : best));
    return [term, word, count];
  });
}

interface Returning<T> {
  term: string;
  /** As it was written most often. */
  word: string;
  texts: T[];
}

/** What somebody comes back to: terms in at least two of the texts, those of most texts first. */
export function returningTerms<T extends { terms: Written[] }>(texts: T[]): Returning<T>[] {
  const terms = new Map<string, { forms: Map<string, number>; texts: Set<T> }>();
  for (const one of texts) {
    for (const [term, word, count] of one.terms) {
      const known = terms.get(term) ?? { forms: new Map<string, number>(), texts: new Set<T>() };
      known.forms.set(word, (known.forms.get(word) ?? 0) + count);
      known.texts.add(one);
      terms.set(term, known);
    }
  }
  return [...terms]
    .filter(([, known]) => known.texts.size > 1)
    .map(([term, known]) => ({
      term,
      word: [...known.forms].reduce((best, form) => (form[1] > best[1] ? form : best))[0],
      texts: [...known.texts],
    }))
    .sort((a, b) => b.texts.length - a.texts.length || (a.word < b.word ? -1 : 1))
    .slice(0, mostTopics);
}

/** The sentences that hold most of what returns, each word counted once over all of them. */
function quotesOf(said: Said[], topics: Returning<Said>[], rules: TextRules): Quote[] {
  const open = new Map(topics.map(({ term, texts }) => [term, texts.length]));
  const candidates = said.flatMap((one) =>
    rules.sentences(one.text).map((span) => ({
      one,
      span,
      terms: new Set([...rules.words(one.text.slice(span.start, span.end))].map(({ text }) => rules.termOf(text))),
    })),
  );
  const chosen: Quote[] = [];
  while (chosen.length < mostQuotes) {
    let best: (typeof candidates)[number] | undefined;
    let most = 0;
    for (const candidate of candidates) {
      let worth = 0;
      for (const term of candidate.terms) worth += (term !== null && open.get(term)) || 0;
      if (worth > most) [best, most] = [candidate, worth];
    }
    if (!best) break;
    for (const term of best.terms) if (term !== null) open.delete(term);
    const { one, span } = best;
    const { seq, messageId, at } = one;
    chosen.push({ seq, messageId, at, ...span, text: one.text.slice(span.start, span.end) });
  }
  return chosen.sort((a, b) => a.seq - b.seq || a.start - b.start);
}

/** What the log alone tells. */
type Counted = Omit<
  SessionInsight,
  'sessionId' | 'title' | 'throughSeq' | 'goals' | 'questionnaires' | 'summary' | 'tone'
>;

/** What a session worked towards: what it chose last. */
export const goalsIn = (events: ToldEvent[]): { seq: number; goalIds: string[] } | undefined => {
  const last = ofType(events, 'session.goals').at(-1);
  return last && { seq: last.seq, goalIds: last.data.goalIds };
};

const ratingsIn = (events: ToldEvent[]): Rated[] =>
  ofType(events, 'session.rated').map(({ seq, at, data }) => ({ seq, at, ...data }));

/** What can be counted of a conversation, each number with where in the log it comes from. Source of none of it is a model. */
export function conversationInsight(events: ToldEvent[], rulesFor: (text: string) => TextRules): Counted {
  const written = ofType(events, 'message.created').filter(({ data }) => data.author === 'client');
  const rules = rulesFor(written.map(({ data }) => data.text).join('\n'));
  const said = saidIn(events, rules);
  const client = said.filter(({ side }) => side === 'client');
  const topics = returningTerms(client.map((one) => ({ ...one, terms: writtenIn(one.text, rules) })));
  const decisions = ofType(events, 'review.decided');
  const decided = (decision: string) => decisions.filter(({ data }) => data.decision === decision).length;
  return {
    from: said[0]?.at ?? null,
    to: said.at(-1)?.at ?? null,
    said: said.slice(0, mostSeqs).map(({ seq }) => seq),
    sides: { client: sideOf(said, 'client'), persona: sideOf(said, 'persona'), team: sideOf(said, 'team') },
    latency: {
      client: latencyOf(said, (before, one) => before.side !== 'client' && one.side === 'client'),
      answers: latencyOf(said, (before, one) => before.side === 'client' && one.side !== 'client'),
    },
    stretches: stretchesOf(said),
    topics: topics.map(({ word, texts }) => ({
      word,
      messages: texts.length,
      seqs: texts.slice(0, mostSeqs).map(({ seq }) => seq),
    })),
    quotes: quotesOf(client, topics, rules),
    risk: ofType(events, 'flag.raised').map(({ seq, at, data: { level, category, messageId, replyId } }) => ({
      seq,
      at,
      level,
      category,
      messageId,
      replyId,
    })),
    held: {
      released: decided('released'),
      edited: decisions.filter(({ data }) => (data.editDistance ?? 0) > 0).length,
      rejected: decided('rejected'),
      discarded: decided('discarded'),
      seqs: decisions.slice(0, mostSeqs).map(({ seq }) => seq),
    },
    escalations: ofType(events, 'escalation.raised').map(({ seq }) => seq),
    ratings: ratingsIn(events),
  };
}
