import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { makeMember } from '../../test/team.ts';

let app: TestApp;
let other: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await app.json('PUT', '/api/v1/me/password', { password: 'a long enough password' });
  other = await app.second();
});
afterAll(async () => {
  await other.close();
  await app.close();
});

const attempt = async (server: TestApp, name: string, password = 'surely not this one') =>
  (await server.json('POST', '/api/v1/sign-in', { name, password })).status;

const kinds = ['known', 'disabled', 'without a password', 'unknown'] as const;
const per = 5;

async function nameOf(kind: (typeof kinds)[number]): Promise<string> {
  const name = `Somebody ${kind}`;
  if (kind !== 'unknown') {
    const { id } = await makeMember(app, name, ['author']);
    if (kind === 'disabled') await app.json('PATCH', `/api/v1/members/${id}`, { status: 'disabled' });
    if (kind === 'without a password')
      await app.db.everywhere.exec(
        'delete from login_account where login_id = (select login_id from app_user where id = $1)',
        [id],
      );
  }
  return name;
}

const median = (times: number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;

test('the time of a refusal does not tell which names exist, are disabled or have no password', async () => {
  const names = new Map<string, string>();
  for (const kind of kinds) names.set(kind, await nameOf(kind));
  const times = new Map<string, number[]>(kinds.map((kind) => [kind, []]));
  // In turns, so that what else the machine does meets each alike.
  for (let round = 0; round < per; round += 1)
    for (const kind of kinds) {
      const name = names.get(kind) ?? '';
      const begun = performance.now();
      expect(await attempt(app, name), name).toBe(401);
      times.get(kind)?.push(performance.now() - begun);
    }
  const known = median(times.get('known') ?? []);
  const told = Object.fromEntries(kinds.map((kind) => [kind, Math.round(median(times.get(kind) ?? []))]));
  // A refusal without the costly hash takes a tenth; two hashes take twice the time.
  for (const kind of kinds) {
    const ratio = median(times.get(kind) ?? []) / known;
    expect(ratio, `${kind}: ${JSON.stringify(told)} ms`).toBeGreaterThan(0.7);
    expect(ratio, `${kind}: ${JSON.stringify(told)} ms`).toBeLessThan(1.45);
  }
}, 60_000);

test('wrong passwords under one name are counted on all servers together, also when they come at once', async () => {
  await expect.poll(others, { timeout: 15_000, interval: 1000 }).toBe(true);
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, at) => attempt(at % 2 === 0 ? app : other, 'Nobody in particular')),
  );
  expect(answers.filter((status) => status === 401).length).toBeLessThanOrEqual(5);
  expect(answers.filter((status) => status === 429).length).toBeGreaterThanOrEqual(11);
  expect(await attempt(app, 'nobody IN particular')).toBe(429);
  expect(await attempt(other, 'nobody in particular')).toBe(429);
  expect(await attempt(other, 'Somebody else')).toBe(401);
}, 60_000);

/** Servers tell each other apart by name; each has heard of the other once a change reached it. */
async function others(): Promise<boolean> {
  const name = `Probe ${performance.now()}`;
  for (let at = 0; at < 5; at += 1) await attempt(app, name);
  return (await attempt(other, name)) === 429;
}

test('a password that was right is not counted', async () => {
  const name = 'Counted not';
  await makeMember(app, name, ['author']);
  for (let at = 0; at < 7; at += 1)
    expect(await attempt(at % 2 ? app : other, name, 'correct horse battery staple')).toBe(200);
});
