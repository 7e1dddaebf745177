import type { Ranked } from './ranking.ts';

/** A place in the index that is near to the question in its meaning. */
export interface Near {
  segment: string;
  slot: number;
  similarity: number;
}

export interface Fused extends Ranked {
  /** Null where it is not among the nearest. */
  similarity: number | null;
}

/** What the words count against the meaning. */
const share = 0.5;

const placeOf = ({ segment, slot }: Near | Ranked): string => `${segment}#${slot}`;

/** From 0, the least of them, to 1; `flat` where they are all the same. */
function spread(values: number[], flat: number): (value: number) => number {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return (value) => (most > least ? (value - least) / (most - least) : flat);
}

/**
 * One ranking of two: each spread out between 0 and 1, what one of them lacks counts nothing there, and half of each is
 * summed. After Bruch, Gai and Ingber, "An analysis of fusion functions for hybrid retrieval", 2023.
 */
export function fuse(words: Ranked[], near: Near[], limit: number): Fused[] {
  // Words that are there are there, however many passages hold them; but what is as near to everything tells nothing.
  const ofWords = spread(
    words.map(({ score }) => score),
    1,
  );
  const ofMeaning = spread(
    near.map(({ similarity }) => similarity),
    near.length > 1 ? 0 : 1,
  );
  const fused = new Map<string, Fused>();
  for (const one of words) fused.set(placeOf(one), { ...one, score: share * ofWords(one.score), similarity: null });
  for (const { segment, slot, similarity } of near) {
    const known = fused.get(placeOf({ segment, slot, similarity })) ?? { score: 0, words: 0, neighbours: 0 };
    const score = known.score + (1 - share) * ofMeaning(similarity);
    fused.set(placeOf({ segment, slot, similarity }), { ...known, segment, slot, score, similarity });
  }
  return [...fused.values()].sort((x, y) => y.score - x.score || (placeOf(x) < placeOf(y) ? -1 : 1)).slice(0, limit);
}
