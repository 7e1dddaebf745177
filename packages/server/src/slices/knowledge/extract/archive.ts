import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { decode, declaredIn } from './decode.ts';
import { ExtractionFailure } from './failure.ts';
import type { Limits } from './limits.ts';

const freeOfRatioBytes = 1024 * 1024;

export interface Archive {
  names: string[];
  has(name: string): boolean;
  /** Throws ExtractionFailure `damaged` where there is none of that name. */
  read(name: string): Promise<Buffer>;
  /** An entry of XML or HTML; null where there is none. */
  text(name: string): Promise<string | null>;
  /** For libraries that unpack by themselves: every part of XML is as large as it says and declares no entities. */
  verify(): Promise<void>;
}

const open = (bytes: Buffer): Promise<ZipFile> =>
  new Promise((resolve, reject) => {
    const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true };
    yauzl.fromBuffer(bytes, options, (error, zip) => (error ? reject(error) : resolve(zip)));
  });

function check(entry: Entry, limits: Limits): void {
  const { fileName, uncompressedSize, compressedSize } = entry;
  if (entry.isEncrypted()) throw new ExtractionFailure('encrypted');
  if (uncompressedSize > freeOfRatioBytes && uncompressedSize > compressedSize * limits.ratio)
    throw new ExtractionFailure('too-large', `an entry unpacks to more than ${limits.ratio} times its size`);
  if (fileName.length > 1000)
    throw new ExtractionFailure('damaged', 'an entry has a name of more than 1,000 characters');
}

const openStream = (zip: ZipFile, entry: Entry): Promise<Readable> =>
  new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
  });

function directory(zip: ZipFile, limits: Limits): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  let bytes = 0;
  if (zip.entryCount > limits.entries) throw new ExtractionFailure('too-many-parts', `${zip.entryCount} entries`);
  return new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      try {
        check(entry, limits);
        bytes += entry.uncompressedSize;
        if (bytes > limits.unpackedBytes) throw new ExtractionFailure('too-large', 'unpacks to too much');
        // Two entries of one name: programs differ in which they read.
        if (entries.has(entry.fileName)) throw new ExtractionFailure('damaged', 'an entry is there twice');
      } catch (error) {
        reject(error as Error);
        return;
      }
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

/** Throws ExtractionFailure for an archive that is broken, encrypted, or would unpack to more than `limits` allow. */
export async function openArchive(bytes: Buffer, limits: Limits): Promise<Archive> {
  const zip = await open(bytes);
  const entries = await directory(zip, limits);
  const read = async (name: string): Promise<Buffer> => {
    const entry = entries.get(name);
    if (!entry) throw new ExtractionFailure('damaged', `"${name}" is missing`);
    // yauzl ends the stream with an error where it gives more bytes than the directory said.
    return buffer(await openStream(zip, entry));
  };
  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    read,
    async text(name) {
      if (!entries.has(name)) return null;
      const content = await read(name);
      const text = decode(content, declaredIn(content));
      if (text === null) throw new ExtractionFailure('damaged', `"${name}" is not text`);
      return text;
    },
    async verify() {
      for (const name of entries.keys()) {
        if (/\/$|\.(?:png|jpe?g|gif|emf|wmf|tiff?|mp[34]|wav)$/i.test(name)) continue;
        if ((await read(name)).includes('<!ENTITY'))
          throw new ExtractionFailure('damaged', `"${name}" declares entities`);
      }
    },
  };
}
