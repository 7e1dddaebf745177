import { inHeading, lengthOf, placeOf, segmentSlots, slotOf } from './occurrences.ts';

/** Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009; values of Anserini, 2018. */
const k1 = 0.9;
const b = 0.4;
/** What two words of the query that follow each other in a passage add, against what they count alone. */
const pairShare = 0.15;

/** The occurrences of a term in a segment. */
export interface List {
  segment: string;
  term: number;
  codes: Uint32Array;
}

export interface Question {
  /** How much each term counts. */
  weights: Map<number, number>;
  /** Terms that follow each other in the question. */
  pairs: [number, number][];
  /** Phrases of which a passage must hold all; of each, one of the ways it may be stemmed. */
  phrases: number[][][];
}

export interface Collection {
  chunks: number;
  averageLength: number;
  /** Slots by segment, as [first, count], that must not be found. */
  hidden: Map<string, [number, number][]>;
}

export interface Ranked {
  segment: string;
  slot: number;
  /** The sum of what its words and their neighbourhood are worth. */
  score: number;
  words: number;
  neighbours: number;
}

const idf = (n: number, df: number): number => Math.log(1 + (n - df + 0.5) / (df + 0.5));
const saturate = (frequency: number, length: number, average: number): number =>
  (frequency * (k1 + 1)) / (frequency + k1 * (1 - b + (b * length) / average));

const withoutHidden = (codes: Uint32Array, hidden: [number, number][] | undefined): Uint32Array =>
  hidden
    ? codes.filter((code) => !hidden.some(([first, n]) => slotOf(code) >= first && slotOf(code) < first + n))
    : codes;

function groupByTerm(lists: List[], { hidden }: Collection): Map<number, List[]> {
  const byTerm = new Map<number, List[]>();
  for (const list of lists) {
    const visible = { ...list, codes: withoutHidden(list.codes, hidden.get(list.segment)) };
    const known = byTerm.get(list.term);
    if (known) known.push(visible);
    else byTerm.set(list.term, [visible]);
  }
  return byTerm;
}

/** Calls back once for each chunk of a list. A term in the title or a heading counts as if it stood once more in the text. */
function eachChunk(codes: Uint32Array, visit: (slot: number, frequency: number, length: number) => void): void {
  for (let i = 0; i < codes.length;) {
    const first = codes[i] as number;
    const slot = slotOf(first);
    let frequency = 0;
    let heading = 0;
    for (; i < codes.length && slotOf(codes[i] as number) === slot; i++) {
      if (inHeading(codes[i] as number)) heading = 1;
      else frequency += 1;
    }
    visit(slot, frequency + heading, lengthOf(first));
  }
}

function countChunks(codes: Uint32Array): number {
  let n = 0;
  for (let i = 0; i < codes.length; i++)
    if (i === 0 || slotOf(codes[i] as number) !== slotOf(codes[i - 1] as number)) n += 1;
  return n;
}

/** The occurrences of `second` that directly follow one of `first`. */
function following(first: Uint32Array, second: Uint32Array): Uint32Array {
  const found = new Uint32Array(Math.min(first.length, second.length));
  let n = 0;
  for (let i = 0, j = 0; i < first.length && j < second.length;) {
    const distance = placeOf(second[j] as number) - placeOf(first[i] as number);
    if (distance === 1) found[n++] = second[j] as number;
    if (distance <= 1) j += 1;
    else i += 1;
  }
  return found.subarray(0, n);
}

const codesIn = (lists: List[] | undefined, segment: string): Uint32Array | undefined =>
  lists?.find((list) => list.segment === segment)?.codes;

function holdsPhrase(byTerm: Map<number, List[]>, phrase: number[], segment: string, slots: Set<number>): void {
  let ends: Uint32Array | undefined;
  for (const term of phrase) {
    const codes = codesIn(byTerm.get(term), segment);
    if (!codes) return;
    ends = ends ? following(ends, codes) : codes;
  }
  for (const code of ends ?? []) slots.add(slotOf(code));
}

/** Where all phrases stand, by segment; null where none are asked for. */
function phraseSlots(
  byTerm: Map<number, List[]>,
  phrases: number[][][],
): ((segment: string, slot: number) => boolean) | null {
  if (phrases.length === 0) return null;
  const known = new Map<string, Set<number>>();
  const slotsOf = (segment: string): Set<number> => {
    const sets = phrases.map((ways) => {
      const slots = new Set<number>();
      for (const way of ways) holdsPhrase(byTerm, way, segment, slots);
      return slots;
    });
    const [first = new Set<number>(), ...others] = sets;
    return new Set([...first].filter((slot) => others.every((slots) => slots.has(slot))));
  };
  return (segment, slot) => {
    let slots = known.get(segment);
    if (!slots) known.set(segment, (slots = slotsOf(segment)));
    return slots.has(slot);
  };
}

/** Keeps the best while they come, sorting now and then instead of all at the end. */
function best(limit: number) {
  const kept: Ranked[] = [];
  let floor = 0;
  const tidy = () => {
    kept.sort(
      (x, y) => y.score - x.score || (x.segment < y.segment ? -1 : x.segment > y.segment ? 1 : x.slot - y.slot),
    );
    kept.length = Math.min(kept.length, limit);
    if (kept.length === limit) floor = kept[limit - 1]?.score ?? 0;
  };
  return {
    offer(ranked: Ranked) {
      if (ranked.score < floor) return;
      kept.push(ranked);
      if (kept.length > limit * 4) tidy();
    },
    all(): Ranked[] {
      tidy();
      return kept;
    },
  };
}

/** Sums by slot, of segments in which anything was added. */
function createSums(average: number) {
  const sums = new Map<string, Float64Array>();
  return {
    sums,
    add(segment: string, codes: Uint32Array, worth: number) {
      let of = sums.get(segment);
      if (!of) sums.set(segment, (of = new Float64Array(segmentSlots)));
      const slots = of;
      eachChunk(codes, (slot, frequency, length) => {
        slots[slot] = (slots[slot] as number) + worth * saturate(frequency, length, average);
      });
    },
  };
}

/** The best chunks by BM25, with what neighbouring words of the question add. */
export function rank(lists: List[], question: Question, collection: Collection, limit: number): Ranked[] {
  const { chunks, averageLength } = collection;
  const byTerm = groupByTerm(lists, collection);
  const rarity = new Map<number, number>();
  for (const [term, of] of byTerm) {
    const holding = of.reduce((n, list) => n + countChunks(list.codes), 0);
    rarity.set(term, idf(chunks, holding));
  }
  const words = createSums(averageLength);
  for (const [term, weight] of question.weights) {
    for (const list of byTerm.get(term) ?? []) words.add(list.segment, list.codes, weight * (rarity.get(term) ?? 0));
  }
  const pairs = createSums(averageLength);
  for (const [first, second] of question.pairs) {
    const worth = (pairShare * ((rarity.get(first) ?? 0) + (rarity.get(second) ?? 0))) / 2;
    for (const { segment, codes } of byTerm.get(first) ?? []) {
      const next = codesIn(byTerm.get(second), segment);
      if (next) pairs.add(segment, following(codes, next), worth);
    }
  }
  const allowed = phraseSlots(byTerm, question.phrases);
  const top = best(limit);
  for (const [segment, sums] of words.sums) {
    const bonus = pairs.sums.get(segment);
    for (let slot = 0; slot < segmentSlots; slot++) {
      const own = sums[slot] as number;
      const neighbours = bonus?.[slot] ?? 0;
      if (own > 0 && (!allowed || allowed(segment, slot))) {
        top.offer({ segment, slot, score: own + neighbours, words: own, neighbours });
      }
    }
  }
  return top.all();
}
