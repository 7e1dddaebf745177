import fc from 'fast-check';
import type { Passage } from '@rapport/protocol/knowledge';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';

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
    });
    expect((await app.json('GET', `${bases}/${base}`)).body).toMatchObject({ name: 'Material', documentCount: 1 });
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

test('a client’s token opens none of it', async () => {
  const { client } = await makeSession(app, await makePersona(app));
  const answers = await Promise.all([
    app.json('GET', bases, undefined, client),
    app.json('GET', `${bases}/${base}`, undefined, client),
    app.json('POST', `${bases}/${base}/search`, { query: 'tea' }, client),
  ]);
  for (const { status } of answers) expect([403, 404]).toContain(status);
});
