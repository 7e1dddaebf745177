/** A passage in a ranking, best first. */
export interface Placed {
  id: string;
  document: string;
  score: number;
}

const depth = 100;
const k = 60;

const best = (scores: Map<string, number>, of: Placed[]): Placed[] => {
  const known = new Map(of.map((one) => [one.id, one]));
  return [...scores]
    .map(([id, score]) => ({ id, document: known.get(id)?.document ?? '', score }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, depth);
};

/** Each adds up what both rankings give a passage; what one of them lacks counts nothing there. */
function summed(words: Placed[], near: Placed[], gives: (list: Placed[]) => number[]): Placed[] {
  const scores = new Map<string, number>();
  for (const list of [words, near]) {
    const given = gives(list);
    for (const [i, { id }] of list.entries()) scores.set(id, (scores.get(id) ?? 0) + (given[i] ?? 0));
  }
  return best(scores, [...words, ...near]);
}

function spread(list: Placed[]): number[] {
  const scores = list.map(({ score }) => score);
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  return scores.map((score) => (most > least ? (score - least) / (most - least) : 1) / 2);
}

/** Ways to make one ranking of what is found by words and by vectors, beside the one that the product has chosen. */
export const fusions: Record<string, (words: Placed[], near: Placed[]) => Placed[]> = {
  'vectors alone': (_, near) => near,
  'min-max, half each (Bruch et al. 2023)': (words, near) => summed(words, near, spread),
  'reciprocal rank, k 60 (Cormack et al. 2009)': (words, near) =>
    summed(words, near, (list) => list.map((_, i) => 1 / (k + i + 1))),
};
