/**
 * An occurrence of a term, in 32 bits: the slot of its chunk in the segment (12, of which 10 are used: what is appended to stays small), whether it stands in the title or a
 * heading (1), its position there (11), the length of the chunk (8, in steps of four words). Sorted they stand chunk by
 * chunk, and two words that follow each other have consecutive numbers above the length.
 */
export const segmentSlots = 1024;
const positions = 2048;
const lengthStep = 4;
const headingBit = 0x80000;

export interface Occurrence {
  slot: number;
  heading: boolean;
  position: number;
  /** The words of the chunk. */
  length: number;
}

const lengthCode = (words: number): number => Math.min(255, Math.ceil(words / lengthStep));

export function encode({ slot, heading, position, length }: Occurrence): number {
  if (slot >= segmentSlots) throw new RangeError('a segment has 1,024 slots');
  // What stands further behind in a passage counts, but no longer as a neighbour.
  const place = Math.min(position, positions - 1);
  return ((slot << 20) | (heading ? headingBit : 0) | (place << 8) | lengthCode(length)) >>> 0;
}

export const slotOf = (code: number): number => code >>> 20;
export const inHeading = (code: number): boolean => (code & headingBit) !== 0;
export const lengthOf = (code: number): number => (code & 0xff) * lengthStep;
/** Slot, field and position: that of the next word is one more. */
export const placeOf = (code: number): number => code >>> 8;

/** Big-endian, so that the database can read the slot from the first bytes. */
export function toBytes(codes: number[], firstSlot: number): Buffer {
  const bytes = Buffer.allocUnsafe(codes.length * 4);
  for (const [i, code] of codes.entries()) bytes.writeUInt32BE((code + firstSlot * 0x100000) >>> 0, i * 4);
  return bytes;
}

export function fromBytes(bytes: Buffer): Uint32Array {
  const codes = new Uint32Array(bytes.length / 4);
  for (let i = 0; i < codes.length; i++) codes[i] = bytes.readUInt32BE(i * 4);
  return codes;
}
