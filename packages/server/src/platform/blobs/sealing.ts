import { openBytes, overhead, sealBytes } from '../keys/aead.ts';
import { Unreadable, type DataKey } from '../keys/keyring.ts';

const magic = Buffer.from('RBF1');
/** Magic, version of the key. */
const headBytes = magic.length + 2;
const pieceBytes = 64 * 1024;
const frameBytes = pieceBytes + overhead;

export interface BlobPlace {
  orgId: string;
  id: string;
}

/** A piece opens in its own place only, and only the last one as the last: nothing can be moved, left out or cut off. */
const bound = ({ orgId, id }: BlobPlace, version: number, index: number, last: boolean): string =>
  `blob/${orgId}/${id}/${version}/${index}/${last ? 'last' : 'more'}`;

/** Gathers pieces of any size into pieces of `size`; at least one comes, and only the last may be shorter. */
async function* regroup(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<{ piece: Buffer; last: boolean }> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const some of source) {
    waiting.push(some);
    length += some.length;
    // One byte more than a piece tells that it is not the last.
    if (length <= size) continue;
    let all = Buffer.concat(waiting);
    for (; all.length > size; all = all.subarray(size)) yield { piece: all.subarray(0, size), last: false };
    waiting = [all];
    length = all.length;
  }
  yield { piece: Buffer.concat(waiting), last: true };
}

/**
 * Seals a file piece by piece, so that no more than a piece of it is in memory: the STREAM construction (Hoang, Reyhanitabar,
 * Rogaway, Vizár, "Online authenticated-encryption and its nonce-reuse misuse-resistance", 2015) over AES-256-GCM.
 */
export async function* seal(key: DataKey, place: BlobPlace, plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const head = Buffer.alloc(headBytes);
  magic.copy(head);
  head.writeUInt16BE(key.version, magic.length);
  yield head;
  let index = 0;
  for await (const { piece, last } of regroup(plain, pieceBytes)) {
    yield sealBytes(key.key, bound(place, key.version, index, last), piece);
    index += 1;
  }
}

/** Throws Unreadable, also in the middle. */
export async function* unseal(
  keyOf: (version: number) => Promise<DataKey>,
  place: BlobPlace,
  sealed: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const broken = (cause?: unknown) => new Unreadable(`the file ${place.id} was changed, moved or cut off`, cause);
  const source = sealed[Symbol.asyncIterator]();
  try {
    yield* opened(keyOf, place, source, broken);
  } finally {
    // So that a file which does not open is closed.
    await source.return?.();
  }
}

async function* opened(
  keyOf: (version: number) => Promise<DataKey>,
  place: BlobPlace,
  source: AsyncIterator<Buffer>,
  broken: (cause?: unknown) => Unreadable,
): AsyncGenerator<Buffer> {
  let first = Buffer.alloc(0);
  while (first.length < headBytes) {
    const next: IteratorResult<Buffer> = await source.next();
    if (next.done) throw broken();
    first = Buffer.concat([first, next.value]);
  }
  if (!first.subarray(0, magic.length).equals(magic)) throw broken();
  const version = first.readUInt16BE(magic.length);
  const { key } = await keyOf(version);
  const rest = async function* () {
    yield first.subarray(headBytes);
    yield* { [Symbol.asyncIterator]: () => source };
  };
  let index = 0;
  for await (const { piece, last } of regroup(rest(), frameBytes)) {
    try {
      if (piece.length < overhead) throw new Error('shorter than its seal');
      yield openBytes(key, bound(place, version, index, last), piece);
    } catch (error) {
      throw error instanceof Unreadable ? error : broken(error);
    }
    index += 1;
  }
}
