import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { connectDatabase } from '../db/connect.ts';
import { createLogger } from '../logger.ts';
import { createOutgoing } from '../net/outgoing.ts';
import { createAudit, checkpointFile } from './audit.ts';
import { canonicalJson, merkleTree } from './chain.ts';
import { parseCheckpoints, verifyLog } from './verify.ts';

const outgoing = createOutgoing({ loopback: true, exceptions: [] });
let app: TestApp;
let orgId: string;

const note = (n: number) =>
  app.db.in(orgId).tx(async (tx) => {
    for (let i = 0; i < n; i += 1) app.audit.record(tx, { kind: 'system', orgId }, 'organisation.changed', {});
  });

beforeAll(async () => {
  app = await startTestApp();
  orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
});
afterAll(async () => {
  await outgoing.close();
  await app.close();
});

test('canonical JSON orders fields and does not depend on how an object was made', () => {
  expect(canonicalJson({ b: [1, null, 'ü"\n'], a: { d: 1, c: 2 } })).toBe('{"a":{"c":2,"d":1},"b":[1,null,"ü\\"\\n"]}');
});

test('the Merkle root is that of RFC 6962 for any number of leaves', () => {
  const sha = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const definition = (leaves: Buffer[]): Buffer => {
    if (leaves.length === 0) return sha();
    if (leaves.length === 1) return sha(Buffer.from([0]), leaves[0] as Buffer);
    let half = 1;
    while (half * 2 < leaves.length) half *= 2;
    return sha(Buffer.from([1]), definition(leaves.slice(0, half)), definition(leaves.slice(half)));
  };
  fc.assert(
    fc.property(fc.array(fc.uint8Array(), { maxLength: 40 }), (raw) => {
      const leaves = raw.map((one) => Buffer.from(one));
      const tree = merkleTree();
      for (const one of leaves) tree.add(one);
      expect(tree.root().equals(definition(leaves))).toBe(true);
    }),
  );
});

test('no text gets into an entry, whatever a caller’s types were told', () => {
  const record = (id: string) =>
    app.db
      .in(orgId)
      .tx(async (tx) => app.audit.record(tx, { kind: 'system', orgId }, 'client.changed', { client: id }));
  return expect(record('Robin is unwell')).rejects.toThrow(/by its id/);
});

test('the login the server works with adds to the log and changes nothing in it', async () => {
  const { db } = await connectDatabase(app.config, app.database);
  for (const table of ['audit_entry', 'audit_key', 'audit_checkpoint', 'audit_shipment', 'audit_stub']) {
    await expect(db.everywhere.exec(`update ${table} set org_id = org_id`)).rejects.toThrow(/permission denied/);
    await expect(db.everywhere.exec(`delete from ${table}`)).rejects.toThrow(/permission denied/);
    await expect(db.everywhere.exec(`truncate ${table} cascade`)).rejects.toThrow(/permission denied/);
  }
  await db.close();
  // Not even the owner by a slip: only on purpose.
  await expect(app.db.everywhere.exec('delete from audit_entry')).rejects.toThrow(/added and read only/);
  await expect(app.db.everywhere.exec(`update audit_entry set act = 'audit.read'`)).rejects.toThrow(/added and read/);
});

test('where the table cannot be written the act is refused and undone, and so is the reading of a record', async () => {
  const login = (await connectDatabase(app.config, app.database)).app.user ?? '';
  const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Before' });
  await app.db.everywhere.exec(`revoke insert on audit_entry from ${login}`);
  const created = await app.json('POST', '/api/v1/clients', { name: 'Unrecorded' });
  expect(created).toMatchObject({ status: 503, body: { code: 'audit-unavailable' } });
  const read = await app.json('GET', `/api/v1/clients/${client.id}`);
  expect(read).toMatchObject({ status: 503, body: { code: 'audit-unavailable' } });
  expect(JSON.stringify(read.body)).not.toContain('Before');
  const signIn = await app.json('POST', '/api/v1/sign-in', { name: 'Olga', password: 'wrong' });
  expect(signIn.status).toBe(503);
  await app.db.everywhere.exec(`grant insert on audit_entry to ${login}`);
  const names = (await app.json('GET', '/api/v1/clients')).body.items.map((c: { name: string }) => c.name);
  expect(names).toEqual(['Before']);
  expect((await verifyLog(app.db.in(orgId), orgId)).findings).toEqual([]);
});

test('checkpoints are appended to a file that only its owner reads', async () => {
  await note(3);
  const made = await app.audit.checkpoint(orgId);
  await note(2);
  await app.audit.checkpoint(orgId);
  expect(await app.audit.checkpoint(orgId)).toBeNull();
  const file = checkpointFile(app.config);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const shipped = parseCheckpoints(readFileSync(file, 'utf8'));
  expect(shipped[0]).toEqual(made);
  expect(shipped.map(({ n }) => n)).toEqual([1, 2]);
  expect((await verifyLog(app.db.in(orgId), orgId, shipped)).findings).toEqual([]);
  expect(() => parseCheckpoints('{"n":1}\n')).toThrow(/line 1/);
});

test('acts are refused when no place for checkpoints takes them, and again possible once one does', async () => {
  const dataDir = join(app.config.dataDir, 'unwritable');
  mkdirSync(dataDir);
  const config = { ...app.config, dataDir, audit: { ...app.config.audit, graceMinutes: 0 } };
  const audit = createAudit({ db: app.db, config, outgoing, log: createLogger('silent') });
  const act = () => audit.note({ kind: 'system', orgId }, 'organisation.changed', {});
  await act();
  // A folder in the file's place: even root cannot append to it.
  mkdirSync(checkpointFile(config));
  await expect(audit.start()).rejects.toThrow();
  await audit.checkpoint(orgId);
  expect((await audit.state(orgId)).sinks[0]).toMatchObject({ failing: true });
  await expect(act()).rejects.toMatchObject({ code: 'audit-unavailable' });
  rmSync(checkpointFile(config), { recursive: true });
  await audit.checkpoint(orgId);
  await act();
  chmodSync(checkpointFile(config), 0o644);
  await audit.stop();
  expect(statSync(checkpointFile(config)).mode & 0o777).toBe(0o600);
});

test('a webhook gets every checkpoint, also those it missed', async () => {
  const bodies: { authorization: string | undefined; checkpoints: { n: number }[] }[] = [];
  let status = 500;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      if (status === 200) bodies.push({ authorization: request.headers.authorization, ...JSON.parse(text) });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const config = { ...app.config, audit: { ...app.config.audit, graceMinutes: 0, webhook: { url, token: 'secret' } } };
  const audit = createAudit({ db: app.db, config, outgoing, log: createLogger('silent') });
  await note(1);
  await audit.checkpoint(orgId);
  // The file still takes them, so nothing is refused.
  await audit.note({ kind: 'system', orgId }, 'organisation.changed', {});
  expect((await audit.state(orgId)).sinks.map(({ name, failing }) => [name, failing])).toEqual([
    ['file', false],
    ['webhook', true],
  ]);
  status = 200;
  const made = await audit.checkpoint(orgId);
  server.close();
  const numbers = bodies.flatMap(({ checkpoints }) => checkpoints.map(({ n }) => n));
  expect(numbers).toEqual(Array.from({ length: made?.n ?? 0 }, (_, i) => i + 1));
  expect(bodies[0]?.authorization).toBe('Bearer secret');
});

test('old entries go up to a checkpoint, and a signed stub holds the rest of the chain', async () => {
  await note(4);
  await app.audit.checkpoint(orgId);
  await note(1);
  const later = new Date(Date.now() + 1000).toISOString();
  const before = await verifyLog(app.db.in(orgId), orgId);
  const { db } = await connectDatabase(app.config, app.database);
  const gone = await db.in(orgId).tx(async (tx) => {
    app.audit.record(tx, { kind: 'system', orgId }, 'audit.trimmed', {});
    return app.audit.trim(tx, orgId, later);
  });
  await expect(db.in(orgId).one('select audit_trim($1, $2)', [orgId, gone + 1])).rejects.toThrow(/no stub/);
  await db.close();
  expect(gone).toBe(before.entries - 1);
  const after = await verifyLog(app.db.in(orgId), orgId);
  expect(after).toMatchObject({ entries: 2, verifiedTo: before.verifiedTo + 1, findings: [] });
  expect(await app.db.in(orgId).tx((tx) => app.audit.trim(tx, orgId, '2000-01-01T00:00:00.000Z'))).toBe(0);
  await app.audit.checkpoint(orgId);
  expect((await verifyLog(app.db.in(orgId), orgId)).findings).toEqual([]);
});
