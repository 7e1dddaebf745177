import { afterAll, beforeAll, expect, test } from 'vitest';
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
import { digestOf, digestOfLogin, idsIn, tenantTables, type TenantTable } from './rows.ts';
import { seedWorld, type World } from './world.ts';

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
  // What the replies of their own session stream is theirs, too; its rows name replies made meanwhile.
  tables = tables.filter(({ name }) => name !== 'token_log');
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
