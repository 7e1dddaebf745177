import { segmentSlots } from '../occurrences.ts';

/** A place in the index, with how near its chunk is to a question: the cosine of the angle between the two. */
export interface Hit {
  block: string;
  segment: number;
  slot: number;
  similarity: number;
}

export interface NewBlock {
  id: string;
  segment: number;
  firstSlot: number;
  vectors: Float32Array;
}

/** How those that the words found stand among the others by the vectors. */
export interface Pairs {
  marked: number;
  others: number;
  /** Of all pairs of one of each: in how many the marked one is nearer; one that is as near counts half. */
  nearer: number;
}

export interface Scanned {
  hits: Hit[];
  pairs: Pairs;
}

/** Slots that must not be found, as [first, count] by segment. */
export type Hidden = Map<number, [number, number][]>;

const slabRows = 1024;
const unused = -1;

/**
 * The vectors of a base, all of one dimension, searched by looking at each: exact, and quick as long as they stand side by
 * side. Rows are added in slabs, so that growing copies nothing; those of a block that went stay until half of all are such.
 */
export function createMatrix(dimensions: number) {
  let slabs: Float32Array[] = [];
  let rows = 0;
  let gone = 0;
  /** By row: the place in the index, and which block it is of. */
  let places: number[] = [];
  let owners: number[] = [];
  let names: string[] = [];
  let blocks = new Map<string, { index: number; first: number; count: number }>();

  const rowAt = (row: number): Float32Array => {
    const slab = slabs[Math.floor(row / slabRows)] as Float32Array;
    return slab.subarray((row % slabRows) * dimensions, ((row % slabRows) + 1) * dimensions);
  };

  const put = (id: string, placesOf: number[], vectorAt: (i: number) => Float32Array) => {
    const index = names.push(id) - 1;
    blocks.set(id, { index, first: rows, count: placesOf.length });
    for (const [i, place] of placesOf.entries()) {
      if (rows % slabRows === 0) slabs.push(new Float32Array(slabRows * dimensions));
      rowAt(rows).set(vectorAt(i));
      places.push(place);
      owners.push(index);
      rows += 1;
    }
  };

  const compact = () => {
    const old = { blocks, places, slabs };
    const rowIn = (row: number) => {
      const slab = old.slabs[Math.floor(row / slabRows)] as Float32Array;
      return slab.subarray((row % slabRows) * dimensions, ((row % slabRows) + 1) * dimensions);
    };
    [slabs, rows, gone, places, owners, names, blocks] = [[], 0, 0, [], [], [], new Map()];
    for (const [id, { first, count }] of old.blocks) {
      put(id, old.places.slice(first, first + count), (i) => rowIn(first + i));
    }
  };

  const drop = (id: string) => {
    const block = blocks.get(id);
    if (!block) return;
    owners.fill(unused, block.first, block.first + block.count);
    gone += block.count;
    blocks.delete(id);
    if (gone > rows / 2) compact();
  };

  const shownIn = (hidden: Hidden): ((place: number) => boolean) => {
    if (hidden.size === 0) return () => true;
    return (place) => {
      const slot = place % segmentSlots;
      const ranges = hidden.get(Math.floor(place / segmentSlots));
      return !ranges?.some(([first, count]) => slot >= first && slot < first + count);
    };
  };

  return {
    add({ id, segment, firstSlot, vectors }: NewBlock): void {
      if (blocks.has(id)) return;
      const count = vectors.length / dimensions;
      const first = segment * segmentSlots + firstSlot;
      put(
        id,
        Array.from({ length: count }, (_, i) => first + i),
        (i) => vectors.subarray(i * dimensions, (i + 1) * dimensions),
      );
    },

    drop,

    /**
     * The nearest, best first; of two that are as near, the one that stands first in the index. `marked`: places of
     * passages, of which is told how they stand among the others.
     */
    scan(question: Float32Array, hidden: Hidden, limit: number, marked: Set<number>): Scanned {
      const shown = shownIn(hidden);
      const ofMarked: number[] = [];
      const ofOthers = new Float32Array(rows);
      let others = 0;
      let found: { row: number; similarity: number }[] = [];
      let floor = -Infinity;
      const tidy = () => {
        found.sort((x, y) => y.similarity - x.similarity || (places[x.row] as number) - (places[y.row] as number));
        found = found.slice(0, limit);
        if (found.length === limit) floor = found[limit - 1]?.similarity ?? floor;
      };
      for (let row = 0; row < rows; row++) {
        if (owners[row] === unused || !shown(places[row] as number)) continue;
        const slab = slabs[Math.floor(row / slabRows)] as Float32Array;
        const similarity = dot(slab, (row % slabRows) * dimensions, question);
        if (marked.has(places[row] as number)) ofMarked.push(similarity);
        else ofOthers[others++] = similarity;
        if (similarity < floor) continue;
        found.push({ row, similarity });
        if (found.length > limit * 4) tidy();
      }
      tidy();
      const hits = found.map(({ row, similarity }) => {
        const place = places[row] as number;
        const block = names[owners[row] as number] as string;
        return { block, segment: Math.floor(place / segmentSlots), slot: place % segmentSlots, similarity };
      });
      return {
        hits,
        pairs: { marked: ofMarked.length, others, nearer: nearerOf(ofMarked, ofOthers.subarray(0, others)) },
      };
    },
  };
}

export type Matrix = ReturnType<typeof createMatrix>;

/** Marked are few, so each of the others is looked up among them. */
function nearerOf(marked: number[], others: Float32Array): number {
  const sorted = Float32Array.from(marked).sort();
  const from = (value: number, orEqual: boolean): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = sorted[middle] as number;
      if (at < value || (!orEqual && at === value)) low = middle + 1;
      else high = middle;
    }
    return sorted.length - low;
  };
  return others.reduce((sum, value) => sum + (from(value, true) + from(value, false)) / 2, 0);
}

/** Four sums at once: the processor need not wait for one addition to begin the next. */
export function dot(slab: Float32Array, at: number, question: Float32Array): number {
  const { length } = question;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += (slab[at + i] as number) * (question[i] as number);
    b += (slab[at + i + 1] as number) * (question[i + 1] as number);
    c += (slab[at + i + 2] as number) * (question[i + 2] as number);
    d += (slab[at + i + 3] as number) * (question[i + 3] as number);
  }
  for (; i < length; i++) a += (slab[at + i] as number) * (question[i] as number);
  return a + b + c + d;
}
