import { dot } from '../knowledge/vectors/matrix.ts';

/** What a turn is compared with by its meaning. Vectors are of length 1 and of one model. */
export interface Meant {
  question: Float32Array;
  /** Of memories, by their ids. */
  vectors: Map<string, Float32Array>;
  /** Of what has nothing to do with anybody. */
  background: Float32Array[];
}

/** A model that tells nothing apart would make much of the smallest difference. */
const leastSpread = 0.01;
/** Makes the median distance from the median what the standard deviation of a normal distribution is. */
const madToDeviation = 1.4826;
/** In one turn of so many something that has nothing to do with it may stand out by chance. */
const byChance = 20;

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}

/**
 * By how many deviations each memory is nearer to the question than the background is; 0 where it is not nearer, or has no
 * vector. Some vector is always the nearest, and what a cosine of .4 means depends on the model: what it means of this
 * question in this model is read from texts that have nothing to do with it, as speaker verification does it (T-norm: Auckenthaler,
 * Carey and Lloyd-Thomas, 2000), with median and median deviation, so that one of them may be near by accident.
 */
export function standingOut(ids: string[], { question, vectors, background }: Meant): Float64Array {
  const similar = (vector: Float32Array): number =>
    vector.length === question.length ? dot(vector, 0, question) : Number.NaN;
  const strangers = background.map(similar).filter((value) => !Number.isNaN(value));
  const none = new Float64Array(ids.length);
  if (strangers.length === 0) return none;
  const usual = median(strangers);
  const spread = Math.max(leastSpread, madToDeviation * median(strangers.map((value) => Math.abs(value - usual))));
  return none.map((_, at) => {
    const vector = vectors.get(ids[at] ?? '');
    const out = vector === undefined ? 0 : (similar(vector) - usual) / spread;
    return out > 0 ? out : 0;
  });
}

/** From here on it is no chance: of more memories the furthest stands out further, by the bound of the maximum of normal variables. */
export const meaningFloor = (memories: number): number => Math.sqrt(2 * Math.log(byChance * Math.max(1, memories)));
