import { buffer } from 'node:stream/consumers';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import yazl from 'yazl';

/** What an archive from elsewhere may hold. */
export interface ZipLimits {
  /** The only names accepted; nothing is ever written under a name from the archive. */
  names: readonly string[];
  /** Of one file, once unpacked. */
  fileBytes: number;
  /** Times its packed size a file of more than a megabyte may unpack to. */
  ratio: number;
}

/** Why an archive is refused, in words for a person. */
export class BadZip extends Error {}

const freeOfRatioBytes = 1024 * 1024;
const fileType = 0o170000;
const regularFile = 0o100000;

export async function writeZip(files: { name: string; body: Buffer | string }[], at: Date): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const { name, body } of files) zip.addBuffer(Buffer.from(body), name, { mtime: at, mode: regularFile | 0o600 });
  zip.end();
  return buffer(zip.outputStream);
}

const check = (entry: Entry, limits: ZipLimits, known: Map<string, Buffer>): void => {
  const { fileName, uncompressedSize, compressedSize, externalFileAttributes } = entry;
  if (!limits.names.includes(fileName))
    throw new BadZip(`It holds a file that does not belong there: ${JSON.stringify(fileName.slice(0, 80))}.`);
  if (known.has(fileName)) throw new BadZip(`It holds ${fileName} twice.`);
  const type = (externalFileAttributes >>> 16) & fileType;
  if (type !== 0 && type !== regularFile) throw new BadZip(`${fileName} is not an ordinary file.`);
  if (entry.isEncrypted()) throw new BadZip(`${fileName} is encrypted.`);
  if (uncompressedSize > limits.fileBytes) throw new BadZip(`${fileName} is larger than ${limits.fileBytes} bytes.`);
  if (uncompressedSize > freeOfRatioBytes && uncompressedSize > compressedSize * limits.ratio) {
    throw new BadZip(`${fileName} unpacks to more than ${limits.ratio} times its size.`);
  }
};

const openZip = (bytes: Buffer): Promise<ZipFile> =>
  new Promise((resolve, reject) => {
    const options = { lazyEntries: true, strictFileNames: true, validateEntrySizes: true };
    yauzl.fromBuffer(bytes, options, (error, zip) => (error ? reject(error) : resolve(zip)));
  });

const unpack = (zip: ZipFile, entry: Entry): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) reject(error);
      // yauzl ends the stream with an error where it gives more bytes than the directory said.
      else buffer(stream).then(resolve, reject);
    });
  });

/**
 * The files of an archive from somebody else, read into memory one after the other. Throws BadZip for one that is broken,
 * too large, or holds anything but what `limits` names.
 */
export async function readZip(bytes: Buffer, limits: ZipLimits): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  try {
    const zip = await openZip(bytes);
    if (zip.entryCount > limits.names.length) throw new BadZip('It holds more files than belong there.');
    await new Promise<void>((resolve, reject) => {
      zip.on('error', reject);
      zip.on('end', resolve);
      zip.on('entry', (entry: Entry) => {
        const take = async () => {
          check(entry, limits, files);
          files.set(entry.fileName, await unpack(zip, entry));
          zip.readEntry();
        };
        take().catch(reject);
      });
      zip.readEntry();
    });
    return files;
  } catch (error) {
    if (error instanceof BadZip) throw error;
    // The library's words are for who wrote it.
    throw new BadZip('This is not a zip archive, or it is damaged.');
  }
}
