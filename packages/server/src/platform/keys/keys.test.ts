import { createSecretKey } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { connectDatabase } from '../db/connect.ts';
import type { Database } from '../db/db.ts';
import { StartupError } from '../startupError.ts';
import { openBytes, sealBytes } from './aead.ts';
import { newMasterKey } from './masterKeys.ts';
import { rotateKeys } from './rotate.ts';

const canary = 'heliotrope-kestrel-4711';

let app: TestApp;
let orgId: string;
let clientId: string;
let session: TestSession;

beforeAll(async () => {
  app = await startTestApp();
  const { body: base } = await app.json('POST', '/api/v1/knowledge-bases', { name: 'Material' });
  await app.json('POST', `/api/v1/knowledge-bases/${base.id}/documents`, {
    title: 'Sleep',
    text: `Going to bed at one hour helps. ${canary}-document`,
  });
  const personaId = await makePersona(app, {
    instructions: `Listen. ${canary}-instructions`,
    knowledgeBaseId: base.id,
  });
  const { body: client } = await app.json('POST', '/api/v1/clients', {
    name: 'Robin',
    about: `Sleeps badly. ${canary}-about`,
  });
  clientId = client.id;
  session = await makeSession(app, personaId, { clientId });
  await app.json('POST', `/api/v1/sessions/${session.id}/guidance`, { text: `Be slow. ${canary}-guidance` });
  await app.json(
    'POST',
    `/api/v1/sessions/${session.id}/messages`,
    { text: `How do I sleep? ${canary}-message` },
    {
      ...session.client,
      'idempotency-key': 'first',
    },
  );
  await vi.waitFor(async () => expect(await messages()).toHaveLength(2));
  orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
});

afterAll(() => app.close());

const messages = async (): Promise<{ text: string }[]> =>
  (await app.json('GET', `/api/v1/sessions/${session.id}/messages`, undefined, session.client)).body.items;

/** Every row of every table, as text and as the bytes that stand in it. */
async function dump(db: Database): Promise<string> {
  const tables = await db.everywhere.many<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const parts: string[] = [];
  for (const { name } of tables) {
    for (const row of await db.everywhere.many<Record<string, unknown>>(`select * from ${name}`)) {
      for (const value of Object.values(row)) {
        parts.push(Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value));
      }
    }
  }
  return parts.join('\n');
}

test('what people said and wrote stands nowhere in the database in clear', async () => {
  const everything = await dump(app.db);
  expect(everything).toContain('Robin');
  expect(everything).not.toContain(canary);
  // The terms of reference material are searched in clear; what a client says is not among them.
  expect((await messages()).map((m) => m.text).join()).toContain(`${canary}-message`);
});

test('sealing and opening are inverse, and nothing opens for another key, place or byte', () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((k) => createSecretKey(k));
  fc.assert(
    fc.property(key, key, fc.string(), fc.string(), fc.uint8Array(), fc.nat(), (k, other, at, elsewhere, bytes, n) => {
      const sealed = sealBytes(k, at, Buffer.from(bytes));
      expect(openBytes(k, at, sealed).equals(Buffer.from(bytes))).toBe(true);
      if (!other.equals(k)) expect(() => openBytes(other, at, sealed)).toThrow();
      if (elsewhere !== at) expect(() => openBytes(k, elsewhere, sealed)).toThrow();
      const changed = Buffer.from(sealed);
      const i = n % changed.length;
      changed[i] = (changed[i] as number) ^ 1;
      expect(() => openBytes(k, at, changed)).toThrow();
    }),
  );
});

test('a message copied over another does not open there', async () => {
  const kept = await app.db.everywhere.one<{ id: string; body: Buffer }>(
    'select id, body from message order by seq desc limit 1',
  );
  await app.db.everywhere.exec(
    'update message set body = (select body from message order by seq limit 1) where seq = (select max(seq) from message)',
  );
  const answer = await app.json('GET', `/api/v1/sessions/${session.id}/messages`, undefined, session.client);
  expect(answer.status).toBe(500);
  expect(JSON.stringify(answer.body)).not.toContain(canary);
  await app.db.everywhere.exec('update message set body = $2 where id = $1', [kept.id, kept.body]);
  expect(await messages()).toHaveLength(2);
});

test('the key file is readable by its owner alone', async () => {
  const file = join(app.config.dataDir, 'secret.key');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  chmodSync(file, 0o644);
  await expect(connectDatabase(app.config, app.database)).rejects.toThrow(/can be read by other users/);
  chmodSync(file, 0o600);
});

test('a server with another master key, or none, does not start', async () => {
  const start = (masterKey: typeof app.config.masterKey) => connectDatabase({ ...app.config, masterKey }, app.database);
  await expect(start({ text: newMasterKey() })).rejects.toThrow(StartupError);
  await expect(start({ text: 'short' })).rejects.toThrow(/32 bytes/);
  await expect(start({ file: join(app.config.dataDir, 'nowhere') })).rejects.toThrow(/no master key/);
  await expect(start({ command: 'exit 7' })).rejects.toThrow(/exit code 7/);
});

test('the master key comes from the environment or a command just as well', async () => {
  const file = join(app.config.dataDir, 'secret.key');
  for (const masterKey of [{ text: readFileSync(file, 'utf8') }, { command: `cat '${file}'` }]) {
    const { db } = await connectDatabase({ ...app.config, masterKey }, app.database);
    await db.close();
  }
});

test('a new master key takes over while the server runs, and the old one can go', async () => {
  const file = join(app.config.dataDir, 'secret.key');
  const running = await app.second();
  const [old, next] = [readFileSync(file, 'utf8').trim(), newMasterKey()];
  writeFileSync(file, `${next}\n${old}\n`);
  const rotating = await connectDatabase(app.config, app.database);
  expect(await rotateKeys(rotating)).toEqual({ organisations: 1, keys: 3 });
  await rotating.db.close();
  // This one started with the old key alone and has read nothing yet.
  const late = await running.json('GET', `/api/v1/sessions/${session.id}/messages`, undefined, session.client);
  expect(late.body.items).toHaveLength(2);
  await running.close();
  writeFileSync(file, `${next}\n`);
  const second = await app.second();
  const read = await second.json('GET', `/api/v1/sessions/${session.id}/messages`, undefined, session.client);
  expect(read.body.items).toHaveLength(2);
  await second.close();
});

test('a newer key of the organisation seals what comes, and the older still opens what was', async () => {
  const newer = await connectDatabase(app.config, app.database);
  await newer.db.in(orgId).tx((tx) => newer.keyring.create(tx, orgId, orgId));
  await newer.db.close();
  const second = await app.second();
  const personaId = await makePersona(second, { instructions: 'Of the second key.' });
  expect((await app.json('GET', `/api/v1/personas/${personaId}`)).body.instructions).toBe('Of the second key.');
  const versions = await app.db.everywhere.many<{ head: Buffer }>(
    'select substring(draft from 18 for 2) as head from persona order by created_at',
  );
  expect(versions.map(({ head }) => head.readUInt16BE())).toEqual([1, 3]);
  await second.close();
});

test('with a client’s key destroyed their content opens nowhere, and everybody else’s does', async () => {
  const before = await messages();
  expect(before[0]?.text).toContain(canary);
  await app.db.in(orgId).tx((tx) => app.keyring.destroy(tx, orgId, clientId));
  const second = await app.second();
  const fresh = await second.json('GET', `/api/v1/sessions/${session.id}/messages`, undefined, session.client);
  expect(fresh.status).toBe(500);
  expect((await second.json('GET', '/api/v1/personas')).status).toBe(200);
  await second.close();
});
