import { extname } from 'node:path';
import { openArchive, type Archive } from './archive.ts';
import { declaredIn, decode } from './decode.ts';
import { ExtractionFailure } from './failure.ts';
import type { Format } from './format.ts';
import type { Limits } from './limits.ts';

/** What a file is, opened as far as was needed to know it. */
export type Detected =
  | { format: 'pdf' | 'rtf' | 'email' }
  | { format: 'docx' | 'pptx' | 'xlsx' | 'odt' | 'epub'; archive: Archive }
  | { format: 'html' | 'markdown' | 'text' | 'csv' | 'json'; text: string };

const byExtension: Record<string, Format> = {
  '.pdf': 'pdf',
  '.docx': 'docx',
  '.docm': 'docx',
  '.pptx': 'pptx',
  '.pptm': 'pptx',
  '.xlsx': 'xlsx',
  '.xlsm': 'xlsx',
  '.odt': 'odt',
  '.epub': 'epub',
  '.html': 'html',
  '.htm': 'html',
  '.xhtml': 'html',
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.txt': 'text',
  '.csv': 'csv',
  '.tsv': 'csv',
  '.rtf': 'rtf',
  '.json': 'json',
  '.eml': 'email',
};
const ofBinary = new Set<Format | undefined>(['pdf', 'docx', 'pptx', 'xlsx', 'odt', 'epub', 'rtf']);

const mediaTypes: Record<string, 'odt' | 'epub'> = {
  'application/vnd.oasis.opendocument.text': 'odt',
  'application/vnd.oasis.opendocument.text-template': 'odt',
  'application/epub+zip': 'epub',
};
const mainParts = { 'word/document.xml': 'docx', 'ppt/presentation.xml': 'pptx', 'xl/workbook.xml': 'xlsx' } as const;

async function ofArchive(archive: Archive): Promise<Detected | null> {
  for (const [name, format] of Object.entries(mainParts)) if (archive.has(name)) return { format, archive };
  const type = archive.has('mimetype') ? (await archive.read('mimetype')).toString('latin1').trim() : '';
  const format = mediaTypes[type];
  if (!format) return null;
  const manifest = format === 'odt' ? await archive.text('META-INF/manifest.xml') : null;
  if (manifest?.includes('encryption-data')) throw new ExtractionFailure('encrypted');
  return { format, archive };
}

const oldOffice = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const encryptedPackage = Buffer.from('EncryptedPackage', 'utf16le');

/** Header lines as at the beginning of a message, by their names. */
function isEmail(head: string): boolean {
  const names = (/^(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+/.exec(head)?.[0] ?? '').toLowerCase();
  const known = [
    'from',
    'to',
    'date',
    'subject',
    'message-id',
    'mime-version',
    'received',
    'return-path',
    'content-type',
  ];
  return known.filter((name) => new RegExp(`^${name}:`, 'm').test(names)).length >= 3;
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function ofText(text: string, named: Format | undefined): Detected {
  if (ofBinary.has(named)) throw new ExtractionFailure('not-what-it-says', 'it is plain text');
  const head = text.slice(0, 4096).replaceAll('\r\n', '\n');
  if (/^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]{0,2000}?-->\s*)?<(?:!doctype\s+html|html)\b/i.test(head))
    return { format: 'html', text };
  if (isEmail(head)) return { format: 'email' };
  if (named === 'html' && /<\w+[^>]*>/.test(text)) return { format: 'html', text };
  if (named === 'markdown' || named === 'csv') return { format: named, text };
  if (/^\s*[{[]/.test(head) && isJson(text)) return { format: 'json', text };
  return { format: 'text', text };
}

/**
 * Decides by content; the name decides between formats that are text. Throws ExtractionFailure `unsupported`, `encrypted`,
 * or `not-what-it-says` where the name promised a format that can be read.
 */
export async function detect(bytes: Buffer, name: string, limits: Limits): Promise<Detected> {
  const named = byExtension[extname(name).toLowerCase()];
  const unknown = () => new ExtractionFailure(named ? 'not-what-it-says' : 'unsupported');
  if (bytes.subarray(0, 1024).includes('%PDF-')) return { format: 'pdf' };
  if (bytes.subarray(0, 5).equals(Buffer.from('{\\rtf'))) return { format: 'rtf' };
  if (bytes.subarray(0, 8).equals(oldOffice)) {
    // Word, Excel and PowerPoint put a document with a password into a container of the old kind.
    if (bytes.includes(encryptedPackage)) throw new ExtractionFailure('encrypted');
    throw new ExtractionFailure('unsupported', 'an Office document from before 2007');
  }
  if (bytes.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004'))) {
    const found = await ofArchive(await openArchive(bytes, limits));
    if (!found) throw unknown();
    return found;
  }
  const text = decode(bytes, declaredIn(bytes));
  if (text === null) throw unknown();
  return ofText(text, named);
}
