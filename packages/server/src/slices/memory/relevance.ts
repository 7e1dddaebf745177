import { languageOf, terms } from '../knowledge/terms.ts';
import type { Language } from '../knowledge/languages.ts';
import { encode, segmentSlots } from '../knowledge/occurrences.ts';
import { ask } from '../knowledge/question.ts';
import { rank, type List } from '../knowledge/ranking.ts';

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

/** BM25 of each item by its own words, as passages of the reference material are ranked. */
function byWords(items: Item[], question: string, carried: string): Float64Array {
  const scores = new Float64Array(items.length);
  const languages = new Map<Language, number>();
  const numbers = new Map<string, number>();
  const lists = new Map<string, List & { found: number[] }>();
  const numberOf = (term: string): number => {
    const known = numbers.get(term);
    if (known !== undefined) return known;
    numbers.set(term, numbers.size);
    return numbers.size - 1;
  };
  let words = 0;
  for (const [at, { text }] of items.entries()) {
    const language = languageOf(text, null);
    languages.set(language, (languages.get(language) ?? 0) + 1);
    const own = terms(text, language);
    words += own.length;
    const segment = String(Math.floor(at / segmentSlots));
    for (const [position, name] of own.entries()) {
      const term = numberOf(name);
      const key = `${segment}/${term}`;
      const code = encode({ slot: at % segmentSlots, heading: false, position: position + 1, length: own.length });
      const list = lists.get(key);
      if (list) list.found.push(code);
      else lists.set(key, { segment, term, codes: new Uint32Array(), found: [code] });
    }
  }
  if (words === 0) return scores;
  const asked = ask(question, languages, carried);
  const weights = new Map([...asked.terms].map(([term, weight]) => [numberOf(term), weight]));
  const pairs = asked.pairs.map(([first, second]): [number, number] => [numberOf(first), numberOf(second)]);
  const wanted = [...lists.values()]
    .filter(({ term }) => weights.has(term))
    .map(({ segment, term, found }) => ({ segment, term, codes: Uint32Array.from(found) }));
  const collection = { chunks: items.length, averageLength: words / items.length, hidden: new Map() };
  for (const { segment, slot, score } of rank(wanted, { weights, pairs, phrases: [] }, collection, items.length))
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

/** How much each item has to do with a question, in their order. `carried`: words of the question before. */
export function relevance(items: Item[], question: string, carried = ''): Float64Array {
  const own = byWords(items, question, carried);
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
