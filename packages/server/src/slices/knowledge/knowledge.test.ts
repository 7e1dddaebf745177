import fc from 'fast-check';
import type { Passage } from '@rapport/protocol/knowledge';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger } from '../../platform/logger.ts';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { indexDocument } from './indexing.ts';
import { createReindexer } from './reindex.ts';

let app: TestApp;
let base: string;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  base = (await app.json('POST', bases, { name: 'Material' })).body.id;
});

const bases = '/api/v1/knowledge-bases';
const unknown = '00000000-0000-7000-8000-000000000000';
const add = async (title: string, text: string): Promise<string> =>
  (await app.json('POST', `${bases}/${base}/documents`, { title, text })).body.id;
const search = async (query: string, limit = 10): Promise<Passage[]> =>
  (await app.json('POST', `${bases}/${base}/search`, { query, limit })).body.results;
const titles = async (query: string) => (await search(query)).map((p) => p.title);
const count = async (table: 'chunk' | 'index_part', documentId: string): Promise<number> =>
  (await app.db.everywhere.many(`select 1 from ${table} where document_id = $1`, [documentId])).length;
/** The terms that stand in this base, and in how many chunks each. */
const indexed = async (): Promise<{ term: number; chunks: number }[]> =>
  app.db.everywhere.many(
    `select term, sum(chunks) as chunks from posting where knowledge_base_id = $1 group by term order by term`,
    [base],
  );

describe('documents', () => {
  test('a document is listed with its length and chunks, and read whole', async () => {
    const text = '# Tea\n\nTea is free.\n\n## Green\n\nAlso free.';
    const { status, body } = await app.json('POST', `${bases}/${base}/documents`, { title: 'Drinks', text });
    expect(status).toBe(201);
    expect(body).toMatchObject({ title: 'Drinks', length: text.length, chunkCount: 2 });
    expect((await app.json('GET', `${bases}/${base}/documents`)).body.items).toEqual([body]);
    expect((await app.json('GET', `${bases}/${base}/documents/${body.id}`)).body).toEqual({
      ...body,
      text,
      textVersion: 1,
      textFormat: 'markdown',
      pageStarts: null,
    });
    expect((await app.json('GET', `${bases}/${base}`)).body).toMatchObject({ name: 'Material', documentCount: 1 });
  });

  test('a stretch is given with the lines around it, and not with the whole text', async () => {
    const lines = Array.from({ length: 400 }, (_, n) => `Line ${n} says that tea is free.`);
    const text = lines.join('\n');
    const id = await add('Long', text);
    const start = text.indexOf('Line 200 ');
    const around = (query: string) => app.json('GET', `${bases}/${base}/documents/${id}/surroundings?${query}`);
    const { status, body } = await around(`start=${start}&end=${start + 10}`);
    expect(status).toBe(200);
    expect(text.slice(body.start, body.end)).toBe(body.text);
    expect(body.text).toContain('Line 200 ');
    expect(body).toMatchObject({ version: 1, format: 'markdown', page: null });
    expect(body.text.length).toBeLessThan(1000);
    expect((await around(`start=0&end=${text.length}`)).body.text.length).toBeLessThan(6000);
    expect((await around('start=9999999&end=1')).status).toBe(200);
    expect((await around('start=-1&end=1')).status).toBe(400);
  });

  test('deleting one leaves nothing of it in the index, and search forgets it', async () => {
    const kept = await add('Kept', 'Tea is free.');
    const before = await indexed();
    const gone = await add('Gone', 'Tea is not free: water.');
    expect(await indexed()).not.toEqual(before);
    expect((await app.json('DELETE', `${bases}/${base}/documents/${gone}`)).status).toBe(200);
    expect(await titles('tea')).toEqual(['Kept']);
    expect([await count('chunk', gone), await count('index_part', gone), await count('chunk', kept)]).toEqual([
      0, 0, 1,
    ]);
    expect(await indexed()).toEqual(before);
    expect((await app.json('DELETE', `${bases}/${base}/documents/${gone}`)).status).toBe(404);
  });

  test('a document is found only under its own knowledge base', async () => {
    const id = await add('Tea', 'Tea is free.');
    const other = (await app.json('POST', bases, { name: 'Other' })).body.id;
    expect((await app.json('GET', `${bases}/${other}/documents/${id}`)).status).toBe(404);
    expect((await app.json('DELETE', `${bases}/${other}/documents/${id}`)).status).toBe(404);
    expect((await app.json('POST', `${bases}/${other}/search`, { query: 'tea' })).body.results).toEqual([]);
  });

  test('an unknown knowledge base is not found, whatever is asked of it', async () => {
    const answers = await Promise.all([
      app.json('GET', `${bases}/${unknown}`),
      app.json('GET', `${bases}/${unknown}/documents`),
      app.json('POST', `${bases}/${unknown}/documents`, { title: 'A', text: 'b' }),
      app.json('POST', `${bases}/${unknown}/search`, { query: 'tea' }),
    ]);
    expect(answers.map((a) => a.status)).toEqual([404, 404, 404, 404]);
  });

  test('lists are paged', async () => {
    for (const title of ['A', 'B', 'C']) await add(title, 'text');
    const first = (await app.json('GET', `${bases}/${base}/documents?limit=2`)).body;
    const second = (await app.json('GET', `${bases}/${base}/documents?limit=2&cursor=${first.next}`)).body;
    const shown = [...first.items, ...second.items].map((d: { title: string }) => d.title);
    expect([shown, second.next]).toEqual([['C', 'B', 'A'], null]);
  });
});

describe('search', () => {
  test('finds other forms of a word and puts the rarer word first', async () => {
    await add('Hours', 'The clinic is open on working days. The clinic closes at night.');
    await add('Parking', 'The clinic has a car park.');
    await add('Staff', 'The clinic has friendly people.');
    expect((await titles('parked at the clinic'))[0]).toBe('Parking');
  });

  test('a word of the title or of a heading counts', async () => {
    await add('Visiting', 'Lines two and seven stop in front of the house.');
    await add('Tram', 'Lines two and seven stop in front of the house.');
    expect(await titles('tram')).toEqual(['Tram']);
  });

  test('a query of stop words alone, or of words nobody wrote, finds nothing', async () => {
    await add('Tea', 'Tea is what it is.');
    expect([await search('what is it'), await search('xylophone'), await search('!?')]).toEqual([[], [], []]);
  });

  test('gives at most as many as asked, best first', async () => {
    for (let i = 1; i <= 5; i++) await add(`D${i}`, 'tea '.repeat(i) + 'water '.repeat(10 - i));
    const scores = (await search('tea', 3)).map((p) => p.score);
    expect(scores).toHaveLength(3);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  test('in a large base a frequent word does not drown a rare one, and alone is still found', async () => {
    const lines = Array.from({ length: 1100 }, (_, i) => `## Note ${i}\n\nclinic ${i === 7 ? 'trampoline' : 'visit'}`);
    await add('Notes', lines.join('\n\n'));
    const both = await search('clinic trampoline', 50);
    expect(both.map((p) => p.text)).toEqual(['clinic trampoline']);
    expect(await search('clinic', 5)).toHaveLength(5);
  });

  test('any words of people find what they stand in, at its exact place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), async (noise) => {
        const { status, body } = await app.json('POST', `${bases}/${base}/documents`, {
          title: 'Any',
          text: `# H\n\nquokka ${noise}`,
        });
        if (status === 400) return;
        const document = (await app.json('GET', `${bases}/${base}/documents/${body.id}`)).body;
        const found = (await search('quokka', 50)).filter((p) => p.documentId === body.id);
        expect(found.length).toBeGreaterThan(0);
        for (const p of found) expect(document.text.slice(p.start, p.end)).toBe(p.text);
        await app.json('DELETE', `${bases}/${base}/documents/${body.id}`);
      }),
      { numRuns: 25 },
    );
  });
});

describe('the index', () => {
  const postings = async (): Promise<Map<number, number>> =>
    new Map((await indexed()).map(({ term, chunks }) => [term, chunks]));
  const text = fc
    .array(fc.constantFrom('tea', 'water', 'clinic', 'opens', 'patients', 'early', '# Rest', '\n\n'), { minLength: 1 })
    .map((list) => `start ${list.join(' ')}`);

  test('what a document leaves behind is what would be there without it, whatever was added and removed around it', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, text, async (a, b, c) => {
        base = (await app.json('POST', bases, { name: 'Alone' })).body.id;
        await add('B', b);
        const [alone, found] = [await postings(), await search('tea clinic patients', 50)];
        base = (await app.json('POST', bases, { name: 'Among others' })).body.id;
        const first = await add('A', a);
        await add('B', b);
        const last = await add('C', c);
        for (const id of [first, last]) await app.json('DELETE', `${bases}/${base}/documents/${id}`);
        expect(await postings()).toEqual(alone);
        const left = await search('tea clinic patients', 50);
        expect(left.map((p) => [p.text, p.score])).toEqual(found.map((p) => [p.text, p.score]));
      }),
      { numRuns: 8 },
    );
  });

  test('documents added at the same time are all found, and all go', async () => {
    const ids = await Promise.all(
      Array.from({ length: 12 }, (_, i) => add(`D${i}`, `tea number${i} ${'word '.repeat(i)}`)),
    );
    expect(await search('tea', 50)).toHaveLength(12);
    for (const [i, id] of ids.entries()) {
      expect((await search(`number${i}`)).map((p) => p.documentId)).toEqual([id]);
    }
    await Promise.all(ids.map((id) => app.json('DELETE', `${bases}/${base}/documents/${id}`)));
    expect(await indexed()).toEqual([]);
  });

  test('a base goes with all of it', async () => {
    await add('Tea', 'Tea is free.');
    expect((await app.json('DELETE', `${bases}/${base}`)).status).toBe(200);
    expect(await indexed()).toEqual([]);
  });

  test('holds no word in clear', async () => {
    await add('Tea', 'quokka');
    const rows = await app.db.everywhere.many<{ text: string }>(
      `select p::text as text from posting p where knowledge_base_id = $1
       union all select p::text from index_part p where knowledge_base_id = $1`,
      [base],
    );
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) {
      expect(row.text).not.toContain('quokka');
      expect(row.text).not.toContain(Buffer.from('quokka').toString('hex'));
    }
  });

  test('what is not searchable is found by nothing and counts for nothing', async () => {
    await add('Shown', 'Tea is free. Water costs.');
    const [before] = await search('tea');
    const hidden = await add('Hidden', 'Tea, tea and more tea.');
    expect(await titles('tea')).toEqual(['Hidden', 'Shown']);
    await app.db.everywhere.exec('update document set searchable = false where id = $1', [hidden]);
    const left = await search('tea');
    expect(left.map((p) => [p.title, p.score])).toEqual([['Shown', before?.score]]);
  });

  test('made by older rules, it is made anew in the background', async () => {
    const id = await add('Tea', 'Tea is free.');
    await app.db.everywhere.exec('delete from index_part where document_id = $1', [id]);
    await app.db.everywhere.exec('update document set index_version = 0 where id = $1', [id]);
    expect(await search('tea')).toEqual([]);
    createReindexer({ db: app.db, log: createLogger('error') }).start();
    await vi.waitFor(async () => expect(await titles('tea')).toEqual(['Tea']));
  });
});

describe('a question', () => {
  test('in quotation marks finds only passages that hold the words in this order', async () => {
    await add('Day', 'The day clinic opens at eight.');
    await add('Other', 'The clinic opens every day.');
    expect((await titles('day clinic')).toSorted()).toEqual(['Day', 'Other']);
    expect(await titles('"day clinic"')).toEqual(['Day']);
    expect(await titles('“clinics open” day')).toEqual(['Day', 'Other']);
    expect(await titles('"clinic tram"')).toEqual([]);
  });

  test('in German finds German forms of its words', async () => {
    await add('Rechte', 'Die Patientin wird über die Behandlung und ihre Rechte aufgeklärt. Das Haus ist offen.');
    await add('Rights', 'The patient is told about the treatment and their rights. The house is open.');
    expect(await titles('Behandlungen in den Häusern')).toEqual(['Rechte']);
    expect(await titles('treatments')).toEqual(['Rights']);
  });

  test('is explained when asked: what each channel gave, and where the words stand', async () => {
    await add('Tea', 'Green tea is free, and teas are warm.');
    const [plain] = await search('green tea');
    expect(plain).not.toHaveProperty('channels');
    const { body } = await app.json('POST', `${bases}/${base}/search`, { query: 'green tea', explain: true });
    const [first] = body.results as Passage[];
    const { words = 0, neighbours = 0 } = first?.channels ?? {};
    expect(neighbours).toBeGreaterThan(0);
    expect(words + neighbours).toBeCloseTo(first?.score ?? 0);
    expect(first?.highlights?.map(({ start, end }) => first.text.slice(start, end))).toEqual(['Green', 'tea', 'teas']);
  });
});

test('a passage knows its page', async () => {
  const id = await add('Pages', 'placeholder');
  const pages = ['First page about tea.', 'Second page about water.', 'Third page about rest.'];
  const text = pages.map((page, i) => `# Part ${i + 1}\n\n${page}\n\n`).join('');
  const starts = pages.map((_, i) => text.indexOf(`# Part ${i + 1}`));
  const { org_id: orgId } = await app.db.everywhere.one<{ org_id: string }>(
    'select org_id from document where id = $1',
    [id],
  );
  await app.db
    .in(orgId)
    .tx((tx) => indexDocument(tx, orgId, base, id, { title: 'Pages', text, pages: starts, language: null }));
  expect((await search('water')).map((p) => [p.text, p.page])).toEqual([['Second page about water.', 2]]);
  expect((await search('rest')).map((p) => p.page)).toEqual([3]);
  expect(await search('placeholder')).toEqual([]);
});

test('a client’s token opens none of it', async () => {
  const { client } = await makeSession(app, await makePersona(app));
  const answers = await Promise.all([
    app.json('GET', bases, undefined, client),
    app.json('GET', `${bases}/${base}`, undefined, client),
    app.json('POST', `${bases}/${base}/search`, { query: 'tea' }, client),
  ]);
  for (const { status } of answers) expect([403, 404]).toContain(status);
});
