import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import yazl from 'yazl';
import { createExtractor, type ExtractionFailure } from './extractor.ts';

const documents = new URL('../../../test/documents/', import.meta.url);
const sample = (name: string) => readFileSync(new URL(name, documents));
const home = mkdtempSync(join(tmpdir(), 'rapport-extract-'));
const extractor = createExtractor({ log: { warn: () => {} } });
let asked = 0;
let listener: Server;

beforeAll(async () => {
  listener = createServer((_request, response) => {
    asked += 1;
    response.end('<!ENTITY x "fetched">');
  });
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  listener.close();
  await extractor.close();
  rmSync(home, { recursive: true, force: true });
});

const extract = (name: string, content: Buffer | string) => {
  const path = join(home, 'blob');
  writeFileSync(path, content);
  return extractor.extract({ path, name });
};
const reason = (name: string, content: Buffer | string) =>
  extract(name, content).then(
    () => 'was read',
    (error: ExtractionFailure) => error.reason,
  );

const zip = async (files: Record<string, Buffer | string>): Promise<Buffer> => {
  const archive = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files))
    archive.addBuffer(Buffer.from(content), name, { compress: content.length > 100 });
  archive.end();
  return buffer(archive.outputStream);
};

const types =
  '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>';
const relations =
  '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>';
const docx = (document: string, more: Record<string, Buffer | string> = {}) =>
  zip({ '[Content_Types].xml': types, '_rels/.rels': relations, 'word/document.xml': document, ...more });
const word = (body: string, before = '') =>
  `<?xml version="1.0"?>${before}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`;
const paragraph = '<w:p><w:r><w:t>Words</w:t></w:r></w:p>';
const odt = (content: string) =>
  zip({
    mimetype: 'application/vnd.oasis.opendocument.text',
    'META-INF/manifest.xml': '<manifest/>',
    'content.xml': content,
  });

/** A PDF of one content stream, with the table of its objects. */
function pdf(stream: Buffer, filter: string, pages = '/Kids [3 0 R] /Count 1'): Buffer {
  const objects = [
    Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'),
    Buffer.from(`<< /Type /Pages ${pages} >>`),
    Buffer.from(
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>',
    ),
    Buffer.concat([
      Buffer.from(`<< /Length ${stream.length} ${filter} >>\nstream\n`),
      stream,
      Buffer.from('\nendstream'),
    ]),
  ];
  const parts = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  objects.forEach((object, at) => {
    offsets.push(parts.reduce((sum, part) => sum + part.length, 0));
    parts.push(Buffer.from(`${at + 1} 0 obj\n`), object, Buffer.from('\nendobj\n'));
  });
  const start = parts.reduce((sum, part) => sum + part.length, 0);
  const rows = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
  parts.push(
    Buffer.from(
      `xref\n0 5\n0000000000 65535 f \n${rows}trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

const png = Buffer.from('89504e470d0a1a0a0000000d4948445200000001000000010806000000', 'hex');
const program = Buffer.concat([Buffer.from('MZ'), Buffer.from([0x90, 0, 3, 0, 0, 0, 4, 0]), Buffer.alloc(200)]);

describe('files that are not documents', () => {
  test.each<[string, Buffer, string]>([
    ['nothing.pdf', Buffer.alloc(0), 'empty'],
    ['spaces.txt', Buffer.from(' \n\t '), 'empty'],
    ['picture.pdf', png, 'not-what-it-says'],
    ['picture.png', png, 'unsupported'],
    ['setup.exe', program, 'unsupported'],
    ['setup.docx', program, 'not-what-it-says'],
    ['words.pdf', Buffer.from('just words'), 'not-what-it-says'],
    ['short.docx', sample('handbook.docx').subarray(0, 4000), 'damaged'],
    ['short.xlsx', sample('visits.xlsx').subarray(0, 3000), 'damaged'],
    ['header.pdf', Buffer.from('%PDF-1.7\n'), 'damaged'],
    ['noise.pdf', Buffer.concat([Buffer.from('%PDF-1.4\n'), deflateSync(Buffer.alloc(5000, 7))]), 'damaged'],
    ['old.doc', Buffer.from('d0cf11e0a1b11ae1'.padEnd(1024, '0'), 'hex'), 'unsupported'],
  ])('%s', async (name, content, expected) => {
    expect(await reason(name, content)).toBe(expected);
  });

  test('an archive of something else, and one in another', async () => {
    expect(await reason('things.zip', await zip({ 'a.txt': 'a' }))).toBe('unsupported');
    expect(await reason('things.docx', await zip({ 'inner.zip': await zip({ 'a.txt': 'a' }) }))).toBe(
      'not-what-it-says',
    );
  });

  test('a PDF that was cut off gives what is left, or says that it is damaged', async () => {
    const found = await reason('cut.pdf', sample('handbook.pdf').subarray(0, 20_000));
    expect(['was read', 'damaged']).toContain(found);
  });
});

describe('archives', () => {
  test('what unpacks to far more than it is', async () => {
    expect(await reason('bomb.docx', await docx(word(paragraph), { 'word/more.xml': Buffer.alloc(20e6) }))).toBe(
      'too-large',
    );
  });

  test('more than all may be together', async () => {
    const tight = createExtractor({ log: { warn: () => {} }, limits: { unpackedBytes: 2e6 } });
    const path = join(home, 'large');
    writeFileSync(
      path,
      await docx(word(paragraph), { 'word/a.xml': randomBytes(1e6), 'word/b.xml': randomBytes(1e6) }),
    );
    await expect(tight.extract({ path, name: 'large.docx' })).rejects.toMatchObject({ reason: 'too-large' });
    await tight.close();
  });

  test('a size that is not true', async () => {
    const honest = await docx(word(paragraph.repeat(50_000)));
    // The directory says a hundred bytes of the largest entry.
    const at = honest.lastIndexOf('word/document.xml') - 46;
    honest.writeUInt32LE(100, at + 24);
    expect(await reason('liar.docx', honest)).toBe('damaged');
  });

  test('too many entries', async () => {
    const files = Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`e/${n}`, '']));
    expect(await reason('many.docx', await docx(word(paragraph), files))).toBe('too-many-parts');
  });

  test('names that lead out of it', async () => {
    const archive = await docx(word(paragraph), { 'xx/xx/escaped.txt': 'out' });
    const text = archive.toString('latin1').replaceAll('xx/xx/escaped.txt', '../../escaped.txt');
    expect(await reason('out.docx', Buffer.from(text, 'latin1'))).toBe('damaged');
    expect(readdirSync(tmpdir())).not.toContain('escaped.txt');
  });

  test('macros stay where they are, and the text is read', async () => {
    const found = await extract('macro.docm', await docx(word(paragraph), { 'word/vbaProject.bin': program }));
    expect(found.text).toBe('Words');
  });

  test('a sheet that claims to have seventeen thousand million cells', async () => {
    const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
    const relation = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
    const packaged = 'http://schemas.openxmlformats.org/package/2006';
    const sheet = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
    const found = await extract(
      'wide.xlsx',
      await zip({
        '[Content_Types].xml': `<Types xmlns="${packaged}/content-types"><Override PartName="/xl/workbook.xml" ContentType="${sheet}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${sheet}.worksheet+xml"/></Types>`,
        '_rels/.rels': `<Relationships xmlns="${packaged}/relationships"><Relationship Id="r" Type="${relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
        'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${relation}"><sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>`,
        'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${packaged}/relationships"><Relationship Id="r1" Type="${relation}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
        'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}"><dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1"><v>7</v></c></row><row r="1048576"><c r="A1048576"><v>8</v></c></row></sheetData></worksheet>`,
      }),
    );
    expect(found.text).toBe('# One\n\n| a | 7 |\n| --- | --- |\n| 8 |  |');
  });
});

describe('entities and addresses', () => {
  const bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>';
  const office = '<office:text xmlns:office="o" xmlns:text="t"><text:p>&b;</text:p></office:text>';

  test('entities that grow, or that name a file, end the reading', async () => {
    expect(await reason('a.docx', await docx(word(paragraph, bomb)))).toBe('damaged');
    expect(await reason('a.odt', await odt(`<?xml version="1.0"?>${bomb}${office}`))).toBe('damaged');
    const file = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>';
    expect(await reason('a.odt', await odt(`<?xml version="1.0"?>${file}${office}`))).toBe('damaged');
  });

  test('nothing is fetched', async () => {
    const { port } = listener.address() as AddressInfo;
    const at = `http://127.0.0.1:${port}/x`;
    const page = `<!doctype html><link rel="stylesheet" href="${at}"><body><p>Words</p><img src="${at}"><iframe src="${at}"></iframe><script src="${at}"></script>`;
    expect((await extract('a.html', page)).text).toBe('Words');
    const doctype = `<!DOCTYPE a PUBLIC "x" "${at}">`;
    expect((await extract('a.docx', await docx(word(paragraph, doctype)))).text).toBe('Words');
    expect(asked).toBe(0);
  });
});

describe('depth and size', () => {
  test.each(['div', 'blockquote', 'ul><li', 'table><tr><td', 'font', 'b'])(
    'twenty thousand <%s> in each other: the text is read',
    async (tag) => {
      expect((await extract('deep.html', `<html>${`<${tag}>`.repeat(20_000)}Words`)).text).toContain('Words');
    },
  );

  test('the same in the XML of a document', async () => {
    expect(await reason('a.odt', await odt(`<office:text>${'<text:list>'.repeat(20_000)}`))).toBe('too-many-parts');
    const runs = `${'<w:smartTag>'.repeat(20_000)}${paragraph}${'</w:smartTag>'.repeat(20_000)}`;
    expect(['too-many-parts', 'damaged']).toContain(await reason('a.docx', await docx(word(runs))));
  });

  test('and in RTF, JSON and a message', async () => {
    expect(await reason('a.rtf', `{\\rtf1 ${'{'.repeat(20_000)}Words`)).toBe('too-many-parts');
    expect((await extract('a.json', `${'['.repeat(20_000)}"Words"${']'.repeat(20_000)}`)).text).toContain('Words');
    const parts = Array.from({ length: 300 }, (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\n\n--b${n}\n`);
    const mail = `From: a@b.example\nTo: c@d.example\nSubject: Deep\nMIME-Version: 1.0\n${parts.join('')}\nWords`;
    expect(['was read', 'damaged', 'too-many-parts']).toContain(await reason('a.eml', mail));
  });

  test('a PDF that claims a million pages, one that has too many, and one whose pages go round', async () => {
    const content = deflateSync(Buffer.from('BT /F 12 Tf 50 700 Td (Words) Tj ET'));
    expect((await extract('a.pdf', pdf(content, '/Filter /FlateDecode'))).text).toBe('Words');
    const million = pdf(content, '/Filter /FlateDecode', '/Kids [3 0 R] /Count 1000000');
    expect(await extract('a.pdf', million)).toMatchObject({ text: 'Words', pages: [0] });
    const many = pdf(content, '/Filter /FlateDecode', `/Kids [${'3 0 R '.repeat(20_000)}] /Count 20000`);
    expect(await reason('a.pdf', many)).toBe('too-many-parts');
    const round = pdf(content, '/Filter /FlateDecode', '/Kids [2 0 R] /Count 1');
    expect(await reason('a.pdf', round)).toBe('damaged');
  });

  test('a line of ten million letters, and a table of a hundred thousand rows', async () => {
    expect((await extract('a.txt', 'a'.repeat(10e6))).text).toHaveLength(10e6);
    const rows = Array.from({ length: 100_000 }, (_, n) => `${n},some words,${n * 2}`).join('\n');
    expect((await extract('a.csv', `n,words,twice\n${rows}`)).text).toContain('| 99999 | some words | 199998 |');
    expect(await reason('a.txt', 'a'.repeat(21e6))).toBe('too-large');
  });

  test('after all of these the next document is read', async () => {
    expect((await extract('handbook.docx', sample('handbook.docx'))).title).toBe('A handbook for better nights');
  });
});
