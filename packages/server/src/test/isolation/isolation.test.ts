import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readZip, writeZip } from '../../platform/zip/zip.ts';
import { startTestApp, type TestApp } from '../app.ts';
import { startUpstream, type Upstream } from '../upstream.ts';
import {
  attackersOf,
  attemptsOf,
  failureOf,
  fixturesOf,
  keyAttempts,
  operationsOf,
  ownFailure,
  type Attempt,
  type Operation,
  type Attacker,
} from './attack.ts';
import { fixtures } from './fixtures.ts';
import {
  digestOf,
  digestOfLogin,
  idsIn,
  tenantTables,
  unknownLike,
  uuids,
  withoutIds,
  type TenantTable,
} from './rows.ts';
import { seedWorld, type World } from './world.ts';
import type { Headers } from './world.parts.ts';

let app: TestApp;
let upstream: Upstream;
let [a, b]: World[] = [];
let tables: TenantTable[];
let operations: Operation[];
let attackers: Attacker[];

const world = (found: World | undefined): World => found as World;
const digest = async (of: World, except: string[] = []) => [
  await digestOf(app, tables, of.ids.organisation, except),
  await digestOfLogin(app, of.ids.user),
];

beforeAll(async () => {
  upstream = await startUpstream();
  app = await startTestApp();
  [a, b] = [await seedWorld(app, 'amber', upstream.url), await seedWorld(app, 'birch', upstream.url)];
  tables = await tenantTables(app);
  operations = await operationsOf(app);
  attackers = attackersOf(b, a, await idsIn(app, tables, a.ids.organisation));
});

afterAll(async () => {
  await app.close();
  await upstream.close();
});

test('every operation of the description has a fixture, and every fixture an operation', () => {
  const named = operations.map(({ name }) => name).sort();
  expect(Object.keys(fixtures).sort()).toEqual(named);
});

test('every table of organisations has rows of the victim', async () => {
  const empty: string[] = [];
  for (const { name, orgColumn } of tables) {
    const [row] = await app.db.everywhere.many(`select 1 from "${name}" where ${orgColumn} = $1 limit 1`, [
      world(a).ids.organisation,
    ]);
    if (!row) empty.push(name);
  }
  expect(empty).toEqual([]);
});

const attempts = (attacker: Attacker): Attempt[] => [
  ...operations.flatMap((operation) => attemptsOf(operation, attacker)),
  ...keyAttempts(world(a), attacker),
];

async function failuresOf(all: Attempt[]): Promise<string[]> {
  const failures: string[] = [];
  for (const attempt of all) {
    const failure = await failureOf(app, attempt, world(a));
    if (failure) failures.push(failure);
  }
  return failures;
}

test('ids of another organisation answer like ids that name nothing, and change nothing', async () => {
  const before = await digest(world(a));
  const all = attackers.filter(({ home }) => !home).flatMap(attempts);
  expect(await failuresOf(all)).toEqual([]);
  expect(await digest(world(a))).toEqual(before);
  // Fewer would mean that fixtures no longer name the places that take an id.
  expect(all.length).toBeGreaterThan(250);
}, 120_000);

test('a client finds nothing of another client of the same organisation, and changes nothing', async () => {
  const { session, room, reply } = world(a).neighbour.ids;
  // What the replies of their own session stream is theirs, too; its rows name replies made meanwhile. What these ask of models
  // is counted for their persona, when they ask.
  tables = tables.filter(({ name }) => name !== 'token_log' && name !== 'usage_hour');
  const before = await digest(world(a), [session, room, reply]);
  expect(await failuresOf(attackers.filter(({ home }) => home).flatMap(attempts))).toEqual([]);
  expect(await digest(world(a), [session, room, reply])).toEqual(before);
}, 120_000);

test('with ids of one’s own each operation answers, and with nothing of another organisation', async () => {
  const { session, room } = world(a).neighbour.ids;
  const before = await digest(world(a), [session, room]);
  const [who, client] = attackers as [Attacker, Attacker];
  const failures: (string | null)[] = [];
  const byName = new Map(operations.map((operation) => [operation.name, operation]));
  for (const name of Object.keys(fixtures)) {
    const operation = byName.get(name) as Operation;
    for (const fixture of fixturesOf(operation)) {
      if (operation.method === 'GET') {
        const asClient = await ownFailure(app, operation, fixture, client);
        if (asClient?.includes(' gave ')) failures.push(asClient);
      }
      failures.push(await ownFailure(app, operation, fixture, who));
    }
  }
  expect(failures.filter(Boolean)).toEqual([]);
  expect(await digest(world(a), [session, room])).toEqual(before);
}, 120_000);

const names = ['manifest.json', 'person.json', 'person.md', 'person.pdf'];

/** The archive with other ids in the place of each, and with sums that fit. */
async function underOtherIds(archive: Buffer): Promise<Buffer> {
  const files = await readZip(archive, { names, fileBytes: 10_000_000, ratio: 150 });
  const others = new Map<string, string>();
  const person = (files.get('person.json') ?? Buffer.alloc(0)).toString().replaceAll(uuids, (id) => {
    if (!others.has(id)) others.set(id, unknownLike(id));
    return others.get(id) ?? '';
  });
  files.set('person.json', Buffer.from(person));
  const bodies = names.slice(1).map((name) => ({ name, body: files.get(name) ?? Buffer.alloc(0) }));
  const sums = bodies.map(({ name, body }) => [name, createHash('sha256').update(body).digest('hex')]);
  const manifest = { format: 'rapport-person', version: 1, sha256: Object.fromEntries(sums) };
  return writeZip([{ name: 'manifest.json', body: Buffer.from(JSON.stringify(manifest)) }, ...bodies], new Date());
}

// Last, as what it brings in holds the victim's words.
test('a real archive of another organisation, brought in, makes somebody new and touches and tells nothing of it', async () => {
  const { ids, staff } = world(a);
  const bring = async (body: Buffer, headers: Headers) => {
    const init = {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/zip' },
      body: new Uint8Array(body),
    };
    const answer = await app.fetch('/api/v1/privacy/imports', init);
    return { status: answer.status, body: await answer.text() };
  };
  const taken = await app.fetch(`/api/v1/privacy/records/client/${ids.client}/export`, { headers: staff });
  expect(taken.status).toBe(200);
  const archive = Buffer.from(await taken.arrayBuffer());
  const all = await tenantTables(app);
  const theirs = await idsIn(app, all, ids.organisation);
  const own = await idsIn(app, all, world(b).ids.organisation);
  const before = await digestOf(app, all, ids.organisation, []);

  const clients = attackers.filter(({ name }) => name.includes('client'));
  const refused = clients.map(async ({ headers }) => (await bring(archive, headers)).status);
  for (const status of await Promise.all(refused)) expect([401, 403, 404]).toContain(status);
  const real = await bring(archive, world(b).staff);
  const unknown = await bring(await underOtherIds(archive), world(b).staff);
  expect([real.status, unknown.status]).toEqual([201, 201]);
  expect(withoutIds(real.body)).toBe(withoutIds(unknown.body));
  // Sent again it makes nobody twice, and it is another's than the one under other ids.
  expect((await bring(archive, world(b).staff)).body).toBe(real.body);
  expect(real.body).not.toBe(unknown.body);

  expect(await digestOf(app, all, ids.organisation, [])).toEqual(before);
  const now = await idsIn(app, all, world(b).ids.organisation);
  expect([...now].filter((id) => theirs.has(id) && !own.has(id))).toEqual([]);
  const { clientId } = JSON.parse(real.body) as { clientId: string };
  expect(theirs.has(clientId)).toBe(false);
  for (const path of [`clients/${ids.client}`, `sessions/${ids.session}`])
    expect((await app.json('GET', `/api/v1/${path}`, undefined, world(b).staff)).status).toBe(404);
  // And the victim does not find what was made of it.
  expect((await app.json('GET', `/api/v1/clients/${clientId}`, undefined, staff)).status).toBe(404);
}, 60_000);
