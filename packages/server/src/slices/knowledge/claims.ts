import type { Passage } from '@rapport/protocol/knowledge';
import type { Claim } from '@rapport/protocol/claims';
import type { Citation } from '@rapport/protocol/sessions';
import { evidenceFor, readSource, type Evidence, type ReadSource, type Source } from './evidence.ts';
import { stripMarks } from './marks.ts';
import { sentences, type Span } from './sentences.ts';

/** A reply whose marks were checked, as it was shown while it was made: without marks. */
export interface Checked {
  plain: string;
  /** What is cited, each sentence of a source once. */
  citations: Citation[];
  /** What became of each sentence that cited something; offsets of `plain`. */
  claims: Claim[];
  /** Whether any sentence, cited or not, stands in a source. */
  supported: boolean;
}

const hasWord = /[\p{L}\p{N}]/u;

/** Which sentence a mark stands for: the one it ends, or, below a quotation (“— [1] Title”), the one before that line. */
function sentenceOf(plain: string, spans: Span[], at: number): number {
  const own = spans.findLastIndex(({ start }) => start < at);
  if (own < 0) return 0;
  const { start } = spans[own] as Span;
  const before = plain.slice(start, at);
  if (hasWord.test(before)) return own;
  return /[—–-]/.test(before) ? Math.max(0, own - 1) : own;
}

interface Found {
  source: ReadSource;
  evidence: Evidence[];
}

/** Looked for where the mark says, then in what else was given: a wrong number is no wrong sentence. */
function find(sentence: string, numbers: number[], sources: ReadSource[]): Found | null {
  const named = numbers.flatMap((n) => sources[n - 1] ?? []);
  for (const source of new Set([...named, ...sources])) {
    const evidence = evidenceFor(sentence, source);
    if (evidence) return { source, evidence };
  }
  return null;
}

/** Counts what was cited through, each sentence of a source once. */
function createCounter() {
  const citations: Citation[] = [];
  return {
    citations,
    number({ source: { source } }: Found, { start, end }: Evidence): number {
      const from = source.start + start;
      const known = citations.findIndex((c) => c.documentId === source.documentId && c.start === from);
      if (known >= 0) return known + 1;
      const { chunkId, documentId, title, text, curated } = source;
      const quoted = { chunkId, documentId, title, quote: text.slice(start, end) };
      citations.push({ ...quoted, start: from, end: source.start + end, ...(curated ? { curated } : {}) });
      return citations.length;
    },
  };
}

/**
 * Checks each sentence that cites against what it cites, by its words: numbers, terms, their order and what is denied. Says
 * nothing about whether a source is right.
 */
export function checkClaims(raw: string, given: readonly Source[]): Checked {
  const sources = given.map(readSource);
  const { plain, marks } = stripMarks(raw);
  const spans = sentences(plain);
  const cited = new Map<number, number[]>();
  for (const mark of spans.length > 0 ? marks : []) {
    const of = sentenceOf(plain, spans, mark.at);
    cited.set(of, [...(cited.get(of) ?? []), ...mark.numbers]);
  }
  const counter = createCounter();
  const claims = [...cited]
    .sort(([a], [b]) => a - b)
    .map(([of, named]): Claim => {
      const { start, end } = spans[of] as Span;
      const found = find(plain.slice(start, end), named, sources);
      const numbers = found ? [...new Set(found.evidence.map((one) => counter.number(found, one)))] : [];
      const quoted = found?.evidence.length === 1 && found.evidence[0]?.verdict === 'quoted';
      return { start, end, verdict: !found ? 'not-found' : quoted ? 'quoted' : 'worded', citations: numbers };
    });
  return {
    plain,
    citations: counter.citations,
    claims,
    supported:
      claims.some(({ verdict }) => verdict !== 'not-found') ||
      spans.some(({ start, end }) => find(plain.slice(start, end), [], sources) !== null),
  };
}

/** What may stand after the last word of a sentence. */
const closing = /[\s.!?…"”’)\]*_`~|]*$/;

/** A text with a mark at the end of each sentence that stands in a source; one that does not has none. */
export function withMarks(plain: string, claims: readonly Claim[]): { text: string; claims: Claim[] } {
  let text = '';
  let from = 0;
  const moved = claims.map((claim) => {
    const { start, end, citations } = claim;
    const at = end - (closing.exec(plain.slice(start, end))?.[0].length ?? 0);
    text += plain.slice(from, start);
    const begins = text.length;
    const marks = citations.map((n) => `[${n}]`).join('');
    text += plain.slice(start, at) + (marks && ` ${marks}`) + plain.slice(at, end);
    from = end;
    return { ...claim, start: begins, end: text.length };
  });
  return { text: text + plain.slice(from), claims: moved };
}

/** What still holds in a text that a person made of another: of the sentences that they left as they were. */
export function carryOver(
  from: Pick<Checked, 'plain' | 'claims' | 'citations'>,
  text: string,
): Pick<Checked, 'claims' | 'citations'> {
  if (text === from.plain || from.claims.length === 0) return { claims: from.claims, citations: from.citations };
  const citations: Citation[] = [];
  const renumbered = (n: number): number => {
    const citation = from.citations[n - 1] as Citation;
    if (!citations.includes(citation)) citations.push(citation);
    return citations.indexOf(citation) + 1;
  };
  let after = 0;
  const claims = from.claims.flatMap((claim) => {
    const sentence = from.plain.slice(claim.start, claim.end);
    const start = text.indexOf(sentence, after);
    if (start < 0) return [];
    after = start + sentence.length;
    return [{ ...claim, start, end: after, citations: claim.citations.map(renumbered) }];
  });
  return { claims, citations };
}

export const sourceOf = ({ chunkId, documentId, title, headingPath, text, start, curated }: Passage): Source => ({
  chunkId,
  documentId,
  title,
  headingPath,
  text,
  start,
  curated,
});
