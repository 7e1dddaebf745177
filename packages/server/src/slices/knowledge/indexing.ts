import { createHmac } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ContentCodec } from '../../platform/keys/codec.ts';
import type { Tx } from '../../platform/db/db.ts';
import { newId } from '../../platform/ids.ts';
import { chunk } from './chunks.ts';
import * as store from './index.store.ts';
import type { Language } from './languages.ts';
import { encode, segmentSlots } from './occurrences.ts';
import { languageOf, terms } from './terms.ts';

/** Raised when chunks or terms are made by other rules; documents indexed by older ones are indexed again. */
export const indexVersion = 1;

/** Other work of the process goes on after so many chunks. */
const slice = 16;
/** The index of a longer document is stored in several parts, so that each finds a segment with room for it. */
const partChunks = segmentSlots / 4;

export interface IndexSource {
  title: string;
  /** Text or Markdown. */
  text: string;
  /** The offset, in UTF-16 units, at which each page begins; null where there are none. */
  pages: number[] | null;
  /** A BCP 47 tag, or null where it is to be found out. */
  language: string | null;
}

/** What a term is stored under: nobody without the organisation's key can tell which word it is. */
export async function termHasher(codec: ContentCodec, orgId: string): Promise<(term: string) => number> {
  const key = await codec.hash(orgId, 'search', 'terms');
  return (term) => createHmac('sha256', key).update(term).digest().readUIntBE(0, 6);
}

/** The page, from 1, that begins last before an offset. */
export function pageAt(pages: number[] | null, offset: number): number | null {
  if (!pages || pages.length === 0) return null;
  let [low, high] = [0, pages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pages[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return Math.max(1, low);
}

type Occurrences = Map<string, number[]>;

function collect(occurrences: Occurrences, found: string[], at: { slot: number; heading: boolean; length: number }) {
  for (const [i, term] of found.entries()) {
    // From 1: the first word of a heading must not follow the last of the text.
    const code = encode({ ...at, position: i + 1 });
    const list = occurrences.get(term);
    if (list) list.push(code);
    else occurrences.set(term, [code]);
  }
}

async function toParts(
  source: IndexSource,
  language: Language,
  hash: (term: string) => number,
  waiting: boolean,
): Promise<store.NewPart[]> {
  const parts: store.NewPart[] = [];
  let occurrences: Occurrences = new Map();
  const close = () => {
    const part = parts.at(-1);
    if (part)
      part.terms = [...occurrences].map(([term, codes]) => ({ hash: hash(term), codes: codes.sort((x, y) => x - y) }));
    occurrences = new Map();
  };
  const { title, text, pages } = source;
  for (const [ordinal, c] of chunk(text).entries()) {
    if (ordinal % slice === 0) await nextTurn();
    if (ordinal % partChunks === 0) {
      close();
      parts.push({ firstOrdinal: ordinal, chunks: [], words: 0, terms: [], waiting });
    }
    const part = parts.at(-1) as store.NewPart;
    const body = text.slice(c.start, c.end);
    const own = terms(body, language);
    const at = { slot: part.chunks.length, length: own.length };
    collect(occurrences, own, { ...at, heading: false });
    collect(occurrences, terms([title, ...c.headingPath].join(' '), language), { ...at, heading: true });
    part.chunks.push({ ...c, id: newId(), ordinal, text: body, page: pageAt(pages, c.start) });
    part.words += own.length;
  }
  close();
  return parts;
}

/**
 * Makes the document findable by this source and by nothing it held before; one that waits, by its evaluations alone, beside what is
 * searched. Returns in how many passages. One document a transaction: two that change several documents each could wait for one another.
 */
export async function indexDocument(
  tx: Tx,
  orgId: string,
  baseId: string,
  documentId: string,
  source: IndexSource,
  waiting = false,
): Promise<number> {
  const language = languageOf(source.text, source.language);
  const parts = await toParts(source, language, await termHasher(tx.codec, orgId), waiting);
  await store.dropParts(tx, orgId, documentId, waiting);
  for (const part of parts) await store.insertPart(tx, orgId, baseId, documentId, part, language);
  const chunks = parts.reduce((sum, part) => sum + part.chunks.length, 0);
  if (!waiting) await store.markIndexed(tx, orgId, documentId, { chunks, version: indexVersion });
  return chunks;
}
