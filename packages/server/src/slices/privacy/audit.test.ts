import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '@rapport/protocol/audit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { outgoingFor } from '../../services.platform.ts';
import { createAudit } from '../../platform/audit/audit.ts';
import { createLogger } from '../../platform/logger.ts';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { makeMember } from '../../test/team.ts';

let app: TestApp;
let session: TestSession;
let clientId: string;
let ownerId: string;
const canary = `canary-${randomUUID()}`;

const entries = async (query = ''): Promise<AuditEntry[]> =>
  (await app.json('GET', `/api/v1/audit?limit=200&${query}`)).body.items;
const acts = async (query = ''): Promise<string[]> => (await entries(query)).map(({ act }) => act).reverse();
const lastSeq = async (): Promise<number> => (await app.json('GET', '/api/v1/audit/state')).body.lastSeq;
/** Again where a minute ended in it: then what was read is written down anew. */
async function withinAMinute<T>(work: () => Promise<T>): Promise<T> {
  const minute = () => Math.floor(Date.now() / 60_000);
  for (;;) {
    const begun = minute();
    const result = await work();
    if (minute() === begun) return result;
  }
}
/** What `work` put into the log, oldest first. Looking into the log is left out. */
async function recorded(work: () => Promise<unknown>): Promise<AuditEntry[]> {
  const before = await lastSeq();
  await work();
  return (await entries()).filter(({ seq, act }) => seq > before && act !== 'audit.read').reverse();
}

beforeAll(async () => {
  app = await startTestApp();
  const personaId = await makePersona(app);
  clientId = (await app.json('POST', '/api/v1/clients', { name: canary, about: canary })).body.id;
  session = await makeSession(app, personaId, { clientId, title: canary });
  ownerId = (await app.json('GET', '/api/v1/me')).body.userId;
});
afterAll(() => app.close());

test('what was done is in the log in order, by whom and to which record', async () => {
  expect((await acts()).filter((act) => act !== 'audit.read')).toEqual([
    'organisation.set-up',
    'persona.changed',
    'persona.published',
    'client.created',
    'client.read',
    'session.created',
    'session.invited',
    'session.invitation-accepted',
  ]);
  const created = (await entries('act=session.created'))[0];
  expect(created).toMatchObject({
    actor: { kind: 'staff', id: ownerId, name: 'Olga' },
    subjects: [
      { kind: 'session', id: session.id },
      { kind: 'client', id: clientId },
    ],
    outcome: 'done',
  });
});

test('every way to a client’s record leaves an entry, once a minute for the same record', async () => {
  const read = async () => {
    for (const path of [
      '/clients',
      `/clients/${clientId}`,
      '/sessions',
      `/sessions/${session.id}`,
      `/sessions/${session.id}/messages`,
      `/sessions/${session.id}/replies`,
      `/rooms/${session.roomId}/events`,
      `/sessions/${session.id}/export?format=json`,
    ]) {
      expect((await app.fetch(`/api/v1${path}`)).status, path).toBe(200);
    }
  };
  const first = (await recorded(read)).map(({ act }) => act);
  // The client was read for the session already, maybe within this minute.
  expect(new Set([...first, 'client.read'])).toEqual(
    new Set([
      'client.listed',
      'client.read',
      'session.listed',
      'session.read',
      'session.messages-read',
      'session.replies-read',
      'session.watched',
      'session.exported',
    ]),
  );
  const again = await withinAMinute(async () => {
    await read();
    return (await recorded(read)).map(({ act }) => act);
  });
  expect(again).toEqual(['session.exported']);
});

test('what a client reads and writes in their own session makes no entry', async () => {
  const own = await recorded(async () => {
    const path = `/api/v1/sessions/${session.id}/messages`;
    expect((await app.json('POST', path, { text: canary }, session.client)).status).toBe(202);
    expect((await app.json('GET', path, undefined, session.client)).status).toBe(200);
    await app.json('GET', `/api/v1/rooms/${session.roomId}/events`, undefined, session.client);
  });
  expect(own).toEqual([]);
});

test('steps of supervision, providers, settings and passwords are recorded', async () => {
  const done = await recorded(async () => {
    for (const act of ['takeover', 'handback', 'pause', 'resume'])
      expect((await app.json('POST', `/api/v1/sessions/${session.id}/${act}`)).status).toBe(200);
    await app.json('POST', `/api/v1/sessions/${session.id}/guidance`, { text: canary });
    await app.json('PATCH', '/api/v1/organisation', { name: 'Test House' });
    const { body } = await app.json('POST', '/api/v1/providers', { kind: 'reference', label: canary });
    await app.json('DELETE', `/api/v1/providers/${body.id}`);
    await app.json('PUT', '/api/v1/me/password', { password: 'a long enough password' });
  });
  expect(done.map(({ act }) => act)).toEqual([
    'session.taken-over',
    'session.handed-back',
    'session.paused',
    'session.resumed',
    'session.guided',
    'organisation.changed',
    'provider.added',
    'provider.removed',
    'login.password-set',
  ]);
});

test('signing in, failing to and signing out are recorded, a stranger’s name is not', async () => {
  const done = await recorded(async () => {
    const sign = (name: string, password: string) => app.json('POST', '/api/v1/sign-in', { name, password });
    expect((await sign('Olga', 'not the password')).status).toBe(401);
    expect((await sign(canary, 'not the password')).status).toBe(401);
    const { headers } = await sign('Olga', 'a long enough password');
    await app.json('POST', '/api/v1/sign-out', undefined, { cookie: headers.get('set-cookie')?.split(';')[0] ?? '' });
  });
  expect(done.map(({ act, actor, outcome, subjects }) => [act, actor.kind, outcome, subjects.length])).toEqual([
    ['login.sign-in', 'nobody', 'wrong-password', 1],
    ['login.sign-in', 'nobody', 'wrong-password', 0],
    ['login.sign-in', 'staff', 'done', 1],
    ['login.sign-out', 'staff', 'done', 1],
  ]);
});

test('an act that fails leaves no entry of itself', async () => {
  const done = await recorded(async () => {
    expect((await app.json('DELETE', `/api/v1/providers/${randomUUID()}`)).status).toBe(404);
    expect((await app.json('GET', `/api/v1/clients/${randomUUID()}`)).status).toBe(404);
  });
  expect(done).toEqual([]);
});

test('the log is searched by act, actor, record and time, in pages', async () => {
  expect(new Set(await acts(`subjectId=${clientId}&act=client.created`))).toEqual(new Set(['client.created']));
  expect((await entries(`actorId=${ownerId}`)).every(({ actor }) => actor.id === ownerId)).toBe(true);
  expect(await entries(`from=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
  const seen: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body } = await app.json('GET', `/api/v1/audit?limit=7${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.items.map((e: AuditEntry) => e.seq));
    cursor = body.next;
  }
  const top = seen[0] ?? 0;
  expect(seen).toEqual(Array.from({ length: top }, (_, i) => top - i));
  expect((await app.json('GET', '/api/v1/audit?act=made.up')).status).toBe(400);
  expect((await app.json('GET', '/api/v1/audit', undefined, session.client)).status).toBe(404);
});

test('an export holds what the search finds, is recorded itself, and no word that anybody wrote is in it', async () => {
  const csv = await app.fetch('/api/v1/audit/export?format=csv&act=session.created');
  expect(csv.headers.get('content-type')).toContain('text/csv');
  const rows = (await csv.text()).trim().split('\n');
  expect(rows).toHaveLength(2);
  expect(rows[1]).toContain(`session:${session.id} client:${clientId}`);
  const all = await (await app.fetch('/api/v1/audit/export?format=jsonl')).text();
  const lines = all
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; act: string });
  expect(lines.map(({ act }) => act)).toContain('audit.exported');
  expect(lines).toHaveLength(lines[0]?.seq ?? 0);
  expect(all).not.toContain(canary);
  expect(all).not.toContain('Olga');
});

test('the chain is verified up to its end, and a checkpoint covers it', async () => {
  const before = await app.json('POST', '/api/v1/audit/verify');
  expect(before.body).toMatchObject({ findings: [], checkpointedTo: 0 });
  const { status, body } = await app.json('POST', '/api/v1/audit/checkpoints');
  expect(status).toBe(201);
  expect(body.checkpoint).toMatchObject({ n: 1, from: 1 });
  const { body: after } = await app.json('POST', '/api/v1/audit/verify');
  expect(after).toMatchObject({ findings: [], checkpointedTo: body.checkpoint.to, verifiedTo: after.entries });
  const { body: state } = await app.json('GET', '/api/v1/audit/state');
  expect(state.sinks).toEqual([{ name: 'file', shippedTo: body.checkpoint.to, failing: false }]);
});

test('many at once are one chain without gaps', async () => {
  const before = await lastSeq();
  const made = await Promise.all(
    Array.from({ length: 24 }, (_, i) => app.json('POST', '/api/v1/clients', { name: `At once ${i}` })),
  );
  await Promise.all(made.map(({ body }) => app.json('GET', `/api/v1/clients/${body.id}`)));
  const { body } = await app.json('POST', '/api/v1/audit/verify');
  expect(body.findings).toEqual([]);
  expect(body.verifiedTo).toBe(before + 48);
});

test('what a member lacks the permission for is recorded once a minute, with the permission', async () => {
  const { headers } = await makeMember(app, 'Aron Author', ['author']);
  const seen = await withinAMinute(() =>
    recorded(async () => {
      for (const path of ['members', 'members', 'audit'])
        expect((await app.json('GET', `/api/v1/${path}`, undefined, headers)).status).toBe(403);
    }),
  );
  expect(seen.map(({ act, outcome }) => [act, outcome])).toEqual([
    ['access.refused', 'needs-members-read'],
    ['access.refused', 'needs-audit-read'],
  ]);
});

test('retention takes old entries away behind a signed stub, and the rest is still verified', async () => {
  const retention = '/api/v1/privacy/retention/audit';
  const look = async () => (await app.json('GET', `${retention}/preview?days=30`)).body.count;
  expect(await look()).toBe(0);
  const orgId = (await app.json('GET', '/api/v1/me')).body.organisation.id;
  const past = createAudit({
    db: app.db,
    config: app.config,
    outgoing: outgoingFor(app.config),
    log: createLogger('silent'),
    clock: { now: () => Date.now() - 40 * 86_400_000 },
  });
  await past.note({ kind: 'system', orgId }, 'audit.read', {});
  const signed = await past.checkpoint(orgId);
  // One entry stays behind what is signed away.
  await app.json('POST', '/api/v1/clients', { name: 'Later' });
  const count = await look();
  expect(count).toBe(signed?.to);
  expect((await app.json('PUT', retention, { days: 30, expected: count })).status).toBe(200);
  await expect.poll(async () => (await entries('act=audit.trimmed')).length, { timeout: 10_000 }).toBe(1);
  expect(Math.min(...(await entries()).map(({ seq }) => seq))).toBe(count + 1);
  const { body } = await app.json('POST', '/api/v1/audit/verify');
  expect(body.findings).toEqual([]);
  await expect
    .poll(async () => (await app.json('GET', '/api/v1/privacy/retention/runs')).body.items)
    .toMatchObject([{ category: 'audit', deleted: count, held: 0, failure: null, endedAt: expect.any(String) }]);
});
