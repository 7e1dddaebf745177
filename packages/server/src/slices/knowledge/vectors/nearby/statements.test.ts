import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Tx } from '../../../../platform/db/db.ts';
import { openLite, type Lite } from '../../../../test/pglite.ts';
import { wantsIndex } from './making.ts';
import { dropTable, indexNameOf, makeIndex, makeTable } from './nearby.schema.ts';
import { beginIndex, copyBlock, dropRows, isReady, markReady, nearest, type Indexed } from './nearby.store.ts';

// A database that is compiled as it starts.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 180_000 });
const login = 'lite_app';
const dimensions = 8;
const perDocument = 50;
const [orgId, otherOrg, stranger] = [randomUUID(), randomUUID(), randomUUID()];

let lite: Lite;
beforeAll(async () => {
  lite = await openLite(login);
  await makeTable(lite.owner, login);
  for (const id of [orgId, otherOrg]) {
    await lite.owner.query('insert into org (id, name) values ($1, $2)', [id, 'House']);
  }
});
afterAll(() => lite.close());

let state = 7;
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32 - 0.5;
};
function vectorOf(): Float32Array {
  const one = Float32Array.from({ length: dimensions }, random);
  return one.map((value) => value / Math.hypot(...one));
}

interface Written {
  documentId: string;
  segment: number;
  vectors: Float32Array[];
}

/** A base of documents, each with a block of vectors, as indexing leaves them. */
async function makeBase(org: string, documents: number) {
  const [baseId, roomId] = [randomUUID(), randomUUID()];
  const of: Indexed = { orgId: org, baseId, space: 'test', dimensions };
  await lite.owner.query(`insert into room (org_id, id, kind) values ($1, $2, 'knowledge')`, [org, roomId]);
  await lite.owner.query(
    `insert into knowledge_base (org_id, id, name, room_id, audience) values ($1, $2, 'Base', $3, 'chosen')`,
    [org, baseId, roomId],
  );
  await lite.in(org, (tx) => beginIndex(tx, of));
  const written: Written[] = [];
  for (let segment = 1; segment <= documents; segment += 1) {
    const [id, documentId] = [randomUUID(), randomUUID()];
    const vectors = Array.from({ length: perDocument }, vectorOf);
    const key = [org, baseId, segment];
    await lite.in(org, async (tx) => {
      await tx.exec(
        `insert into document (org_id, id, knowledge_base_id, title, length) values ($1, $2, $3, 'Leaflet', 0)`,
        [org, documentId, baseId],
      );
      await tx.exec(
        `insert into index_segment (org_id, knowledge_base_id, number, language) values ($1, $2, $3, 'en')`,
        key,
      );
      await tx.exec(
        `insert into index_part (org_id, knowledge_base_id, segment, first_slot, document_id, first_ordinal, chunks, words, terms)
         values ($1, $2, $3, 3, $4, 0, $5, 0, '{}')`,
        [...key, documentId, perDocument],
      );
      await tx.exec(
        `insert into chunk_vectors (org_id, knowledge_base_id, segment, first_slot, id, chunks, space, dimensions, vectors)
         values ($1, $2, $3, 3, $4, $5, 'test', $6, '')`,
        [...key, id, perDocument, dimensions],
      );
      await copyBlock(tx, org, { id, dimensions, vectors: Float32Array.from(vectors.flatMap((one) => [...one])) });
    });
    written.push({ documentId, segment, vectors });
  }
  return { of, written };
}

/** By looking at each. */
const exactly = (written: Written[], question: Float32Array, limit: number) =>
  written
    .flatMap(({ segment, vectors }) =>
      vectors.map((vector, i) => ({
        segment,
        slot: 3 + i,
        similarity: vector.reduce((sum, value, at) => sum + value * (question[at] ?? 0), 0),
      })),
    )
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, limit);

const find = (of: Indexed, question: Float32Array, limit: number, reader: string | null = null, org = of.orgId) =>
  lite.in(org, (tx) =>
    nearest(tx, { ...of, orgId: org }, { ids: [of.baseId], reader }, question, { limit, ms: 60_000 }),
  );

const rowsOf = async ({ baseId }: Indexed): Promise<number> =>
  (
    await lite.owner.query<{ n: number }>(
      'select count(*)::int as n from derived.passage_vector where knowledge_base_id = $1',
      [baseId],
    )
  ).rows[0]?.n ?? 0;

test('the nearest are found over the index, in their order, as near as they are', async () => {
  const { of, written } = await makeBase(orgId, 8);
  await makeBase(orgId, 2);
  await makeIndex(lite.owner, of);
  await lite.in(orgId, (tx) => markReady(tx, of));
  expect(await lite.in(orgId, (tx) => isReady(tx, of))).toBe(true);

  const question = vectorOf();
  const hits = await find(of, question, 20);
  const exact = exactly(written, question, 20);
  expect(hits[0]).toMatchObject({ segment: exact[0]?.segment, slot: exact[0]?.slot });
  expect(hits[0]?.similarity).toBeCloseTo(exact[0]?.similarity ?? 0, 2);
  const places = new Set(exact.map(({ segment, slot }) => `${segment}/${slot}`));
  expect(hits.filter(({ segment, slot }) => places.has(`${segment}/${slot}`)).length).toBeGreaterThanOrEqual(18);
  expect(hits.map(({ similarity }) => similarity)).toEqual(
    hits.map(({ similarity }) => similarity).sort((a, b) => b - a),
  );

  // Where somebody dropped it, each is looked at.
  await lite.owner.query(`drop index derived.${indexNameOf(of)}`);
  expect((await find(of, question, 20)).map(({ segment, slot }) => ({ segment, slot }))).toEqual(
    exact.map(({ segment, slot }) => ({ segment, slot })),
  );
});

test('an index gives them in their order: no plan sorts what it finds, whatever the planner expects', async () => {
  const { of } = await makeBase(orgId, 1);
  await makeIndex(lite.owner, of);
  const planned = await lite.in(orgId, (tx) => {
    const many: Tx['many'] = (text, values) => tx.many(text.includes('order by') ? `explain ${text}` : text, values);
    return nearest({ ...tx, many }, of, { ids: [of.baseId], reader: null }, vectorOf(), { limit: 5, ms: 60_000 });
  });
  const plan = JSON.stringify(planned);
  expect(plan).toContain(`Index Scan using ${indexNameOf(of)}`);
  expect(plan).not.toContain('Sort');
});

test('what may not be found is left out before anything is ranked, and the answer is as long as without it', async () => {
  const { of, written } = await makeBase(orgId, 10);
  await makeIndex(lite.owner, of);
  const question = vectorOf();
  const [shown = []] = [written.slice(0, 2)];
  await lite.owner.query('update document set searchable = false where id = any ($1)', [
    written.slice(2).map(({ documentId }) => documentId),
  ]);
  const hits = await find(of, question, perDocument);
  expect(hits).toHaveLength(perDocument);
  expect(new Set(hits.map(({ segment }) => segment))).toEqual(new Set([1, 2]));
  const exact = exactly(shown, question, 1)[0];
  expect(hits[0]).toMatchObject({ segment: exact?.segment, slot: exact?.slot });
});

test('a version that waits is found by its own evaluation alone, in the place of the published one', async () => {
  const { of, written } = await makeBase(orgId, 2);
  const [published, waiting] = written;
  await lite.owner.query('update index_part set waiting = true, document_id = $2 where document_id = $1', [
    waiting?.documentId,
    published?.documentId,
  ]);
  const found = async (trial?: string) => {
    const bases = { ids: [of.baseId], reader: null, ...(trial === undefined ? {} : { trial }) };
    const hits = await lite.in(orgId, (tx) => nearest(tx, of, bases, vectorOf(), { limit: 200, ms: 60_000 }));
    return { segments: [...new Set(hits.map(({ segment }) => segment))], hits: hits.length };
  };
  expect(await found()).toEqual({ segments: [published?.segment], hits: perDocument });
  expect(await found(published?.documentId)).toEqual({ segments: [waiting?.segment], hits: perDocument });
});

test('nobody finds what they may not read, nor another organisation’s, whatever they name', async () => {
  const { of } = await makeBase(orgId, 1);
  const question = vectorOf();
  expect(await find(of, question, 5)).toHaveLength(5);
  expect(await find(of, question, 5, stranger)).toEqual([]);
  expect(await find(of, question, 5, null, otherOrg)).toEqual([]);
  const unnamed = await lite.in(otherOrg, (tx) => tx.many('select 1 from derived.passage_vector'));
  expect(unnamed).toEqual([]);
});

test('vectors in clear go with their document, with their base, and with the index', async () => {
  const { of, written } = await makeBase(orgId, 2);
  expect(await rowsOf(of)).toBe(2 * perDocument);
  await lite.in(orgId, (tx) =>
    tx.exec('delete from document where org_id = $1 and id = $2', [orgId, written[0]?.documentId]),
  );
  expect(await rowsOf(of)).toBe(perDocument);
  const { of: other } = await makeBase(orgId, 1);
  await lite.in(orgId, (tx) => dropRows(tx, orgId, other.baseId));
  expect(await rowsOf(other)).toBe(0);
  await lite.in(orgId, (tx) => tx.exec('delete from knowledge_base where org_id = $1 and id = $2', [orgId, of.baseId]));
  expect(await rowsOf(of)).toBe(0);
});

test('a longer vector than the index holds, and one of another model, begin anew', async () => {
  const { of } = await makeBase(orgId, 1);
  await lite.in(orgId, (tx) => markReady(tx, of));
  const begun = await lite.in(orgId, (tx) => beginIndex(tx, { ...of, space: 'another' }));
  expect(begun).toMatchObject({ stamp: 0, ready: false });
  expect(await rowsOf(of)).toBe(0);
  expect(await lite.in(orgId, (tx) => isReady(tx, of))).toBe(false);
});

test('an index is wanted from a size on, and kept until it is half of that', () => {
  const rule = { from: 1000, tooLarge: 512 * 2 ** 20 };
  expect(wantsIndex({ chunks: 999, dimensions: 384, has: false }, rule)).toBe(false);
  expect(wantsIndex({ chunks: 1000, dimensions: 384, has: false }, rule)).toBe(true);
  expect(wantsIndex({ chunks: 500, dimensions: 384, has: true }, rule)).toBe(true);
  expect(wantsIndex({ chunks: 499, dimensions: 384, has: true }, rule)).toBe(false);
  expect(wantsIndex({ chunks: 1000, dimensions: 4001, has: true }, rule)).toBe(false);
  const large = { ...rule, from: Infinity };
  expect(wantsIndex({ chunks: 100_000, dimensions: 1536, has: false }, large)).toBe(true);
  expect(wantsIndex({ chunks: 80_000, dimensions: 1536, has: false }, large)).toBe(false);
});

// The last one: nothing is left for another.
test('made twice it stays as it is; dropped, nothing of it is left and the bases begin anew', async () => {
  const { of } = await makeBase(orgId, 1);
  await makeTable(lite.owner, login);
  expect(await rowsOf(of)).toBe(perDocument);
  await dropTable(lite.owner);
  const { rows } = await lite.owner.query<{ left: boolean }>(
    `select to_regclass('derived.passage_vector') is not null or exists (select 1 from vector_index) as left`,
  );
  expect(rows).toEqual([{ left: false }]);
});
