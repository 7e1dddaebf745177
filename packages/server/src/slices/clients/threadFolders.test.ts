import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { makeMember, otherOrganisation } from '../../test/team.ts';
import { deepest, whyNotIn } from './threadFolders.ts';

let app: TestApp;
let clientId: string;

const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  app.json(method, `/api/v1${path}`, body, headers);
const make = async (name: string, parentId: string | null = null) =>
  (await call('POST', '/thread-folders', { name, parentId })).body;
const begin = async (folderId: string) =>
  (await call('POST', `/clients/${clientId}/threads`, { name: 'Sleep', folderId })).body;
const folders = async (): Promise<{ id: string; name: string; parentId: string | null }[]> =>
  (await call('GET', '/thread-folders?limit=200')).body.items;
const refused = ({ status, body }: { status: number; body: { code: string; errors?: { pointer: string }[] } }) => [
  status,
  body.code,
  ...(body.errors ?? []).map(({ pointer }) => pointer),
];

beforeAll(async () => {
  app = await startTestApp();
  clientId = (await call('POST', '/clients', { name: 'Anna' })).body.id;
});
afterAll(() => app?.close());

test('folders form a tree: made, renamed, moved, and never inside themselves', async () => {
  const top = await make('Work');
  const below = await make('Interviews', top.id);
  expect(below).toMatchObject({ name: 'Interviews', parentId: top.id, revision: 0 });
  const patch = (id: string, body: object) => call('PATCH', `/thread-folders/${id}`, body);
  expect((await patch(below.id, { revision: 0, name: 'Talks' })).body).toMatchObject({
    name: 'Talks',
    parentId: top.id,
    revision: 1,
  });
  expect(refused(await patch(below.id, { revision: 0, name: 'Late' }))).toEqual([409, 'conflict']);
  for (const parentId of [top.id, below.id])
    expect(refused(await patch(top.id, { revision: 0, parentId }))).toEqual([400, 'invalid-body', '/parentId']);
  expect(refused(await patch(top.id, { revision: 0, parentId: randomUUID() }))).toEqual([
    400,
    'invalid-body',
    '/parentId',
  ]);
  expect((await patch(below.id, { revision: 1, parentId: null })).body).toMatchObject({ parentId: null });
  // One name once, in one place, whatever its letters.
  expect(refused(await call('POST', '/thread-folders', { name: 'WORK' }))).toEqual([409, 'taken', '/name']);
  expect((await call('POST', '/thread-folders', { name: 'Work', parentId: below.id })).status).toBe(201);
  for (const body of [{ name: '' }, { name: 'Two\nlines' }, { name: 'x', color: 'red' }, { name: 'x', parentId: 'y' }])
    expect((await call('POST', '/thread-folders', body)).status).toBe(400);
  let deep = await make('1');
  for (const name of ['2', '3', '4', '5']) deep = await make(name, deep.id);
  expect(refused(await call('POST', '/thread-folders', { name: '6', parentId: deep.id }))).toEqual([
    400,
    'invalid-body',
    '/parentId',
  ]);
});

test('a folder goes when it is empty, or what is in it moves up', async () => {
  const top = await make('Sleep');
  const below = await make('Nights', top.id);
  const inside = await make('Dreams', below.id);
  const thread = await begin(below.id);
  const remove = (id: string, query = '') => call('DELETE', `/thread-folders/${id}${query}`);
  expect(refused(await remove(below.id))).toEqual([409, 'in-use']);
  // There would be two of one name.
  const twin = await make('Dreams', top.id);
  expect(refused(await remove(below.id, '?contents=up'))).toEqual([409, 'taken', '/name']);
  expect((await remove(twin.id)).status).toBe(200);
  expect((await remove(below.id, '?contents=up')).status).toBe(200);
  expect((await call('GET', `/threads/${thread.id}`)).body).toMatchObject({ folderId: top.id, revision: 0 });
  expect((await folders()).find(({ id }) => id === inside.id)?.parentId).toBe(top.id);
  expect((await remove(below.id)).status).toBe(404);
  expect((await remove(inside.id, '?contents=gone')).status).toBe(400);
});

test('folders are the organisation’s: whoever may see clients reads them, who may change clients changes them', async () => {
  const { id } = await make('Open');
  const finn = await makeMember(app, 'Finn', ['facilitator']);
  const vera = await makeMember(app, 'Vera', ['analyst']);
  expect((await call('GET', '/thread-folders', undefined, finn.headers)).status).toBe(200);
  expect((await call('POST', '/thread-folders', { name: 'Finn' }, finn.headers)).status).toBe(201);
  const tried = [
    ['GET', '/thread-folders'],
    ['POST', '/thread-folders', { name: 'Vera' }],
    ['PATCH', `/thread-folders/${id}`, { revision: 0, name: 'Vera' }],
    ['DELETE', `/thread-folders/${id}`],
  ] as const;
  for (const [method, path, body] of tried)
    expect((await call(method, path, body, vera.headers)).status, `${method} ${path}`).toBe(403);
  // A folder of another organisation is none.
  const { org, user } = await otherOrganisation(app, vera);
  const foreign = randomUUID();
  await app.db.everywhere.exec('insert into thread_folder (org_id, id, name, created_by) values ($1, $2, $3, $4)', [
    org,
    foreign,
    'Theirs',
    user,
  ]);
  expect((await folders()).some((one) => one.id === foreign)).toBe(false);
  expect((await call('PATCH', `/thread-folders/${foreign}`, { revision: 0, name: 'Mine' })).status).toBe(404);
  expect(refused(await call('POST', `/clients/${clientId}/threads`, { name: 'x', folderId: foreign }))).toEqual([
    400,
    'invalid-body',
    '/folderId',
  ]);
});

describe('at the same time', () => {
  test('two moves never close a circle', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [one, other] = [await make(`A${round}`), await make(`B${round}`)];
      const move = (id: string, parentId: string) => call('PATCH', `/thread-folders/${id}`, { revision: 0, parentId });
      const both = await Promise.all([move(one.id, other.id), move(other.id, one.id)]);
      expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
    }
  });

  test('a folder that is deleted while something is put into it loses nothing', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { id } = await make(`C${round}`);
      const contents = round % 2 ? 'up' : 'keep';
      const thread = (await call('POST', `/clients/${clientId}/threads`, { name: 'Moves' })).body;
      const [gone, put] = await Promise.all([
        call('DELETE', `/thread-folders/${id}?contents=${contents}`),
        call('PATCH', `/threads/${thread.id}`, { revision: 0, folderId: id }),
      ]);
      const there = (await folders()).some((one) => one.id === id);
      const { folderId } = (await call('GET', `/threads/${thread.id}`)).body;
      // Whoever came first: the thread lies in a folder that is there, or in none.
      expect(folderId).toBe(there ? id : null);
      expect([gone.status, there]).toEqual(there ? [409, true] : [200, false]);
      expect([200, 400]).toContain(put.status);
    }
  });
});

test('a thread is saved where it lies while its folder moves it up', async () => {
  for (let round = 0; round < 8; round += 1) {
    const { id } = await make(`D${round}`);
    const thread = await begin(id);
    const answers = await Promise.all([
      call('PATCH', `/threads/${thread.id}`, { revision: 0, name: 'Saved', folderId: id }),
      call('DELETE', `/thread-folders/${id}?contents=up`),
    ]);
    const statuses = answers.map(({ status }) => status);
    expect([
      [200, 200],
      [400, 200],
    ]).toContainEqual(statuses);
    expect((await call('GET', `/threads/${thread.id}`)).body.folderId).toBeNull();
  }
});

test('the rule of the tree: a folder that may lie somewhere leaves a tree of at most five levels', () => {
  const size = 8;
  const ids = Array.from({ length: size }, (_, i) => `f${i}`);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(size - 1), fc.option(fc.nat(size - 1))), { maxLength: 40 }), (moves) => {
      const tree = ids.map((id) => ({ id, parentId: null as string | null }));
      for (const [at, to] of moves) {
        const parentId = to === null ? null : (ids[to] ?? null);
        const folder = tree[at];
        if (folder && whyNotIn(tree, folder.id, parentId) === null) folder.parentId = parentId;
      }
      for (const { id } of tree) {
        let levels = 0;
        for (let up: string | null = id; up !== null; up = tree.find((one) => one.id === up)?.parentId ?? null)
          expect((levels += 1)).toBeLessThanOrEqual(deepest);
      }
    }),
  );
});
