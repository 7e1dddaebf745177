import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { startUpstream, type Upstream } from '../../test/upstream.ts';
import { readBySocket } from '../../test/readers.ts';
import { verifyReceipt } from './receipts.ts';

let app: TestApp;
let other: TestApp;
let upstream: Upstream;
let personaId: string;
let clientId: string;
let session: TestSession;
let nth = 0;

beforeAll(async () => {
  upstream = await startUpstream();
  app = await startTestApp({ upstream: { url: upstream.url, model: 'words-5@0' } });
  const dataDir = await mkdtemp(join(tmpdir(), 'rapport-other-'));
  other = await app.second({ dataDir, masterKey: { file: join(app.config.dataDir, 'secret.key') } });
  personaId = await makePersona(app);
});
afterAll(async () => {
  await other.close();
  await rm(other.config.dataDir, { recursive: true, force: true });
  await app.close();
  await upstream.close();
});

const name = () => `Robin-${nth}`;
const call = (method: string, path: string, body?: unknown, headers = {}, at = app) =>
  at.json(method, `/api/v1/${path}`, body, headers);
const subject = () => ({ kind: 'client' as const, id: clientId });
const erase = (confirm = name(), of: object = subject(), at = app) =>
  call('POST', 'privacy/erasures', { subject: of, confirm }, {}, at);
const rowsWith = async (table: string, where: string, values: unknown[]) =>
  (await app.db.everywhere.one<{ n: number }>(`select count(*) as n from ${table} where ${where}`, values)).n;

beforeEach(async () => {
  nth += 1;
  clientId = (await call('POST', 'clients', { name: name(), about: 'Sleeps badly.' }, { 'idempotency-key': name() }))
    .body.id;
  session = await makeSession(app, personaId, { clientId });
  await call('POST', `sessions/${session.id}/messages`, { text: 'Hello' }, session.client);
  await vi.waitFor(async () => {
    expect((await call('GET', `sessions/${session.id}/messages`, undefined, session.client)).body.items).toHaveLength(
      2,
    );
  });
});

test('a preview counts what would go, by category, and names who it is', async () => {
  await call('POST', `sessions/${session.id}/guidance`, { text: 'Be slow.' });
  const { body } = await call('GET', `privacy/records/client/${clientId}`);
  expect(body).toMatchObject({ name: name(), sessions: 1, holds: [], keyed: true, subject: subject() });
  expect(body.counts).toMatchObject({
    profile: { client: 1 },
    guidance: { guidance: 1 },
    access: { invitation: 1, access_token: 1 },
  });
  expect(body.counts.conversation).toMatchObject({ message: 2, session: 1, room: 1 });
  expect((await call('GET', `privacy/records/client/${randomUUID()}`)).status).toBe(404);
  expect((await call('GET', `privacy/records/session/${session.id}`)).status).toBe(404);
});

test('an erasure takes every row, the key and the remembered answers, and leaves others alone', async () => {
  const neighbour = (await call('POST', 'clients', { name: 'Neighbour' })).body.id;
  const done = await erase();
  expect([done.status, done.body.status, done.body.hasReceipt]).toEqual([201, 'done', true]);
  for (const [table, where] of [
    ['client', 'id = $1'],
    ['session', 'client_id = $1'],
    ['room', 'subject_id = $1'],
    ['data_key', 'holder_id = $1 and wrapped is not null'],
  ] as const)
    expect(await rowsWith(table, where, [clientId]), table).toBe(0);
  for (const table of ['message', 'invitation', 'access_token', 'generation', 'guidance'])
    expect(await rowsWith(table, 'session_id = $1', [session.id]), table).toBe(0);
  expect(await rowsWith('event', 'room_id = $1', [session.roomId])).toBe(0);
  expect(await rowsWith('idempotency', 'key = $1', [name()])).toBe(0);
  expect((await call('GET', `clients/${clientId}`)).status).toBe(404);
  expect((await call('GET', `sessions/${session.id}`)).status).toBe(404);
  expect((await call('GET', `clients/${neighbour}`)).body.name).toBe('Neighbour');
  expect((await erase()).status).toBe(404);
});

test('the name has to be typed, and a client may do nothing of this', async () => {
  const wrong = await erase('Somebody');
  expect([wrong.status, wrong.body.errors[0].pointer]).toEqual([400, '/confirm']);
  const asClient = await call('POST', 'privacy/erasures', { subject: subject(), confirm: name() }, session.client);
  expect(asClient.status).toBe(404);
  for (const path of [`privacy/records/client/${clientId}`, 'privacy/erasures', 'privacy/holds', 'privacy/requests'])
    expect((await call('GET', path, undefined, session.client)).status, path).toBe(404);
  expect((await call('GET', `clients/${clientId}`)).status).toBe(200);
});

test('a legal hold blocks an erasure until it is lifted; both say why', async () => {
  const placed = await call('POST', 'privacy/holds', { subject: subject(), reason: 'Case 12' });
  expect([placed.status, placed.body.reason, placed.body.name]).toEqual([201, 'Case 12', name()]);
  const refused = await erase();
  expect([refused.status, refused.body.code]).toEqual([409, 'legal-hold']);
  expect((await call('GET', `privacy/records/client/${clientId}`)).body.holds).toHaveLength(1);
  expect((await call('GET', `sessions/${session.id}`)).body.status).toBe('active');
  const lift = () => call('POST', `privacy/holds/${placed.body.id}/lift`, { reason: 'Settled' });
  expect((await lift()).body).toMatchObject({ liftReason: 'Settled' });
  expect((await lift()).body.code).toBe('wrong-state');
  const all = await call('GET', 'privacy/holds?state=all');
  expect(all.body.items.map((h: { id: string }) => h.id)).toContain(placed.body.id);
  expect((await erase()).status).toBe(201);
});

test('a receipt is signed, counts by category, names nobody, and openssl can check it', async () => {
  const { body } = await erase();
  const text = await (await app.fetch(`/api/v1/privacy/erasures/${body.id}/receipt`)).text();
  expect(text).not.toContain(name());
  const { body: key } = await call('GET', 'privacy/signing-key');
  const { receipt, fingerprint } = verifyReceipt(text, key.publicKey);
  expect(fingerprint).toBe(key.fingerprint);
  expect(receipt.counts['conversation']).toMatchObject({ message: 2, session: 1 });
  expect(receipt).toMatchObject({ keysDestroyed: 1, subject: subject() });
  expect(receipt.answersForgotten).toBeGreaterThan(0);
  expect([...receipt.files.rewritten, ...receipt.files.postponed]).toContain('data_key');
  const changed = JSON.parse(text);
  changed.receipt.counts.conversation.message = 1;
  expect(() => verifyReceipt(JSON.stringify(changed))).toThrow(/not what was signed/);
  changed.signed = JSON.stringify(changed.receipt);
  expect(() => verifyReceipt(JSON.stringify(changed))).toThrow(/signature/);

  const at = (file: string) => join(app.config.dataDir, file);
  const { signed, signature, publicKey } = JSON.parse(text);
  writeFileSync(at('signed'), signed);
  writeFileSync(at('signature'), Buffer.from(signature, 'base64'));
  writeFileSync(at('key.pem'), publicKey);
  const args = [
    'pkeyutl',
    '-verify',
    '-pubin',
    '-inkey',
    at('key.pem'),
    '-rawin',
    '-in',
    at('signed'),
    '-sigfile',
    at('signature'),
  ];
  const openssl = spawnSync('openssl', args, { encoding: 'utf8' });
  expect(openssl.stdout).toContain('Signature Verified Successfully');
});

test('live sockets and running replies end, on the other server too, and its memory forgets', async () => {
  const slow = await makePersona(app, { model: { model: 'words-400@20' } });
  const talk = await makeSession(app, slow, { clientId });
  const [client, staff] = [await readBySocket(other, talk, 'client'), await readBySocket(other, talk, 'staff')];
  const { body } = await call('POST', `sessions/${talk.id}/messages`, { text: 'Long?' }, talk.client, other);
  await client.until((seen) => (seen.texts.get(body.replyId) ?? '').length > 20);
  expect((await erase()).status).toBe(201);
  await client.until((seen) => seen.ended, 3000);
  await staff.until((seen) => seen.events.some((event) => event.type === 'session.ended'));
  await vi.waitFor(() => expect(upstream.running).toBe(0), 3000);
  staff.close();
  for (const server of [app, other]) {
    const late = await call('GET', `sessions/${talk.id}/messages`, undefined, talk.client, server);
    expect(late.status).toBe(401);
  }
  expect(await rowsWith('token_log', 'generation_id = $1', [body.replyId])).toBe(0);
});

test('a session with nobody on record is erased by itself; one of a client only with the client', async () => {
  const alone = await makeSession(app, personaId, { title: 'Walk-in' });
  const own = await call('GET', 'me/record', undefined, alone.client);
  expect([own.status, own.body.sessions]).toEqual([200, 1]);
  expect((await erase(name(), { kind: 'session', id: session.id })).status).toBe(404);
  expect((await erase('Walk-in', { kind: 'session', id: alone.id })).body.status).toBe('done');
  expect((await call('GET', `sessions/${alone.id}`)).status).toBe(404);
});

test('clients see what is stored, ask to be erased, and read why not', async () => {
  await call('POST', `sessions/${session.id}/guidance`, { text: 'Be slow.' });
  const own = await call('GET', 'me/record', undefined, session.client);
  expect(own.body).toMatchObject({ name: name(), sessions: 1, request: null });
  expect(own.body.categories.map((c: { category: string }) => c.category)).not.toContain('guidance');
  expect((await call('GET', 'me/record')).status).toBe(403);
  const ask = () => call('POST', 'me/record/erasure-request', undefined, session.client);
  expect((await ask()).body.request.status).toBe('open');
  expect((await ask()).body.request.status).toBe('open');
  const mine = async () =>
    (await call('GET', 'privacy/requests')).body.items.filter((r: { name: string }) => r.name === name());
  expect(await mine()).toHaveLength(1);
  const withdrawn = await call('DELETE', 'me/record/erasure-request', undefined, session.client);
  expect(withdrawn.body.request.status).toBe('withdrawn');
  expect(await mine()).toHaveLength(0);
  await ask();
  const [{ id }] = await mine();
  await call('POST', `privacy/requests/${id}/decline`, { answer: 'We must keep it for ten years.' });
  expect((await call('GET', 'me/record', undefined, session.client)).body.request).toMatchObject({
    status: 'declined',
    answer: 'We must keep it for ten years.',
  });
  await ask();
  expect((await erase()).status).toBe(201);
});

test('the deletion ledger stands in a file of ids and hashes, on every server', async () => {
  const { body } = await erase();
  for (const { config } of [app, other]) {
    await vi.waitFor(() => {
      const line = readFileSync(join(config.dataDir, 'deletions.jsonl'), 'utf8')
        .split('\n')
        .find((l) => l.includes(body.id));
      expect(JSON.parse(line ?? '{}')).toMatchObject({ subject: clientId, kind: 'client' });
      expect(line).not.toContain(name());
    });
  }
  const writing = await app.db.everywhere.many<{ seq: number }>('select seq from deletion_ledger order by seq');
  expect(writing.map((e) => e.seq)).toEqual(writing.map((_, i) => i + 1));
});

test('a server whose database is older than the ledger beside it erases again before it serves', async () => {
  await erase();
  // As a copy from before the erasure would have it.
  const orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
  await app.db.everywhere.exec('delete from deletion_ledger where subject_id = $1', [clientId]);
  await app.db.everywhere.exec(`insert into client (org_id, id, name, profile) values ($1, $2, 'Back', '')`, [
    orgId,
    clientId,
  ]);
  await app.db.everywhere.exec(`update data_key set wrapped = 'back' where holder_id = $1`, [clientId]);
  const restarted = await app.second();
  expect(await rowsWith('client', 'id = $1', [clientId])).toBe(0);
  expect(await rowsWith('data_key', 'holder_id = $1 and wrapped is not null', [clientId])).toBe(0);
  expect(await rowsWith('deletion_ledger', 'subject_id = $1', [clientId])).toBe(1);
  await restarted.close();
});

test('a ledger file that somebody changed stops the start, and a line cut short does not', async () => {
  await erase();
  const file = join(app.config.dataDir, 'deletions.jsonl');
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, whole.replace(clientId, randomUUID()));
  await expect(app.second()).rejects.toThrow(/is not as Rapport wrote it/);
  writeFileSync(file, `${whole}{"org":`);
  const restarted = await app.second();
  await restarted.close();
  writeFileSync(file, whole);
});

test('an erasure that a server left unfinished is finished by the next', async () => {
  const orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
  const id = randomUUID();
  await app.db.everywhere.exec(
    `insert into erasure (org_id, id, subject_kind, subject_id, requested_by, touched_at)
     values ($1, $2, 'client', $3, $3, now() - interval '2 minutes')`,
    [orgId, id, clientId],
  );
  expect((await erase()).body.code).toBe('conflict');
  const restarted = await app.second();
  await vi.waitFor(async () => expect((await call('GET', `privacy/erasures/${id}`)).body.status).toBe('done'), 5000);
  expect((await call('GET', `clients/${clientId}`)).status).toBe(404);
  await restarted.close();
});
