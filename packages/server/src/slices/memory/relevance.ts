import { languageOf, terms } from '../knowledge/terms.ts';
import { encode, segmentSlots } from '../knowledge/occurrences.ts';
import { ask } from '../knowledge/question.ts';
import { rank } from '../knowledge/ranking.ts';

/** Something that may be recalled. */
export interface Item {
  id: string;
  /** With who said it and when: people ask for both. */
  text: string;
  /** What was said in the same conversation stands in order; null where it stands alone. */
  sequence: string | null;
  /** Ids of items that this one says the same of. */
  supports: string[];
}

/** What an item is worth through those one and two places away from it in its conversation. */
const nearShare = [0.3, 0.15];
/** And through one that was noted of it. */
const notedShare = 1;

/** What the meaning counts against the words. */
const meaningShare = 0.5;

/** BM25 of each item by its own words, as passages of the reference material are ranked. */
function byWords(items: Item[], question: string, carried: string): Float64Array {
  const scores = new Float64Array(items.length);
  // One for all: a sentence alone is too short to tell, and question and items are stemmed alike.
  const language = languageOf(items.map(({ text }) => text).join('\n'), null);
  const asked = ask(question, new Map([[language, items.length]]), carried);
  const numbers = new Map([...asked.terms.keys()].map((term, number) => [term, number]));
  const lists = new Map<string, { segment: string; term: number; found: number[] }>();
  let words = 0;
  for (const [at, { text }] of items.entries()) {
    const own = terms(text, language);
    words += own.length;
    const place = { slot: at % segmentSlots, heading: false, length: own.length };
    for (const [i, name] of own.entries()) {
      const term = numbers.get(name);
      if (term === undefined) continue;
      const segment = String(Math.floor(at / segmentSlots));
      const code = encode({ ...place, position: i + 1 });
      const list = lists.get(`${segment}/${term}`);
      if (list) list.found.push(code);
      else lists.set(`${segment}/${term}`, { segment, term, found: [code] });
    }
  }
  if (lists.size === 0) return scores;
  const numberOf = (term: string): number => numbers.get(term) ?? -1;
  const weights = new Map([...asked.terms].map(([term, weight]) => [numberOf(term), weight]));
  const pairs = asked.pairs.map(([first, second]): [number, number] => [numberOf(first), numberOf(second)]);
  const held = [...lists.values()].map(({ found, ...list }) => ({ ...list, codes: Uint32Array.from(found) }));
  const collection = { chunks: items.length, averageLength: words / items.length, hidden: new Map() };
  for (const { segment, slot, score } of rank(held, { weights, pairs, phrases: [] }, collection, items.length))
    scores[Number(segment) * segmentSlots + slot] = score;
  return scores;
}

/** With a share of what stands next to it: an answer is often found beside the words that were asked for. */
function smooth(items: Item[], scores: Float64Array): Float64Array {
  const sequences = new Map<string, number[]>();
  for (const [at, { sequence }] of items.entries()) {
    if (sequence === null) continue;
    const known = sequences.get(sequence);
    if (known) known.push(at);
    else sequences.set(sequence, [at]);
  }
  const smoothed = scores.slice();
  for (const places of sequences.values())
    for (const [i, at] of places.entries())
      for (const [distance, share] of nearShare.entries())
        for (const other of [places[i - distance - 1], places[i + distance + 1]])
          if (other !== undefined) smoothed[at] = (smoothed[at] as number) + share * (scores[other] as number);
  return smoothed;
}

/**
 * One score of two: each measured from nothing, which both know, to the most of them, and half of each summed. After Bruch,
 * Gai and Ingber, "An analysis of fusion functions for hybrid retrieval", 2023 (theoretical min-max scaling).
 */
function fuse(words: Float64Array, meaning: Float64Array): Float64Array {
  const [mostWords, mostMeaning] = [Math.max(...words), Math.max(...meaning)];
  if (!(mostMeaning > 0)) return words;
  const share = mostWords > 0 ? meaningShare : 1;
  return words.map(
    (score, at) =>
      (1 - share) * (mostWords > 0 ? score / mostWords : 0) + (share * (meaning[at] as number)) / mostMeaning,
  );
}

/**
 * How much each item has to do with a question, in their order. `carried`: words of the question before. `meaning`: how far
 * each stands out by its meaning, from 0; nothing where that is not known.
 */
export function relevance(items: Item[], question: string, carried = '', meaning?: Float64Array): Float64Array {
  const words = byWords(items, question, carried);
  const own = meaning ? fuse(words, meaning) : words;
  const scores = smooth(items, own);
  const places = new Map(items.map(({ id }, at) => [id, at]));
  const noted = new Float64Array(items.length);
  for (const [from, { supports }] of items.entries())
    for (const id of supports) {
      const at = places.get(id);
      if (at !== undefined) noted[at] = Math.max(noted[at] as number, own[from] as number);
    }
  return scores.map((score, at) => score + notedShare * (noted[at] as number));
}
