import type { Ranked } from './ranking.ts';
import type { Pairs } from './vectors/matrix.ts';

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

/** What the meaning counts beside the words, where the two agree wholly. */
const half = 0.5;
/** As if so many passages had agreed, before any was looked at: a few tell little. */
const trusted = 10;

/**
 * How much the meaning counts: the more, the nearer those that the words found stand to the question than the others do. It
 * is Somers' D of the two, from half of all down to nothing for vectors that say nothing of what the passages say.
 */
export function weightOf(looks: Pairs[]): number {
  const sum = (of: (pairs: Pairs) => number): number => looks.reduce((all, pairs) => all + of(pairs), 0);
  const pairs = sum(({ marked, others }) => marked * others);
  const agreement = pairs > 0 ? (2 * sum(({ nearer }) => nearer)) / pairs - 1 : 0;
  const known = sum(({ marked, others }) => Math.min(marked, others));
  return half * Math.max(0, (known * agreement + trusted) / (known + trusted));
}

const placeOf = ({ segment, slot }: Near | Ranked): string => `${segment}#${slot}`;

/** From 0, the least of them, to 1; `flat` where they are all the same. */
function spread(values: number[], flat: number): (value: number) => number {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return (value) => (most > least ? (value - least) / (most - least) : flat);
}

/**
 * One ranking of two: each spread out between 0 and 1, what one of them lacks counts nothing there, and both are summed by
 * what they weigh; of two that come to the same, the one with more of the words is first. After Bruch, Gai and Ingber, "An analysis of fusion functions for hybrid retrieval", 2023.
 */
export function fuse(words: Ranked[], near: Near[], weight: number, limit: number): Fused[] {
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
  for (const one of words)
    fused.set(placeOf(one), { ...one, score: (1 - weight) * ofWords(one.score), similarity: null });
  for (const { segment, slot, similarity } of near) {
    const known = fused.get(placeOf({ segment, slot, similarity })) ?? { score: 0, words: 0, neighbours: 0 };
    const score = known.score + weight * ofMeaning(similarity);
    fused.set(placeOf({ segment, slot, similarity }), { ...known, segment, slot, score, similarity });
  }
  return [...fused.values()]
    .sort((x, y) => y.score - x.score || y.words - x.words || (placeOf(x) < placeOf(y) ? -1 : 1))
    .slice(0, limit);
}
