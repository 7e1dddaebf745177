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

    /** The nearest, best first; of two that are as near, the one that stands first in the index. */
    scan(question: Float32Array, hidden: Hidden, limit: number): Hit[] {
      const shown = shownIn(hidden);
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
        if (similarity < floor) continue;
        found.push({ row, similarity });
        if (found.length > limit * 4) tidy();
      }
      tidy();
      return found.map(({ row, similarity }) => {
        const place = places[row] as number;
        const block = names[owners[row] as number] as string;
        return { block, segment: Math.floor(place / segmentSlots), slot: place % segmentSlots, similarity };
      });
    },
  };
}

export type Matrix = ReturnType<typeof createMatrix>;

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
