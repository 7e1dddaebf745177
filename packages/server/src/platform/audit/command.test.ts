import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { runCommand } from '../../test/command.ts';

let app: TestApp;

const verify = (...args: string[]) => runCommand(app, ['verify-audit', ...args]);

beforeAll(async () => {
  app = await startTestApp();
  await app.json('POST', '/api/v1/clients', { name: 'Kim' });
  await app.json('POST', '/api/v1/audit/checkpoints');
  await app.json('POST', '/api/v1/clients', { name: 'Robin' });
});
afterAll(() => app.close());

test('it says how far the log is verified, compared with the file of this server', async () => {
  const { code, out } = await verify();
  expect(out).toMatch(/4 entries, verified up to 4; signed up to 3; 1 checkpoint from the file/);
  expect(out).toMatch(/Entries 4 to 4 are not signed yet/);
  expect(out).toContain(join(app.config.dataDir, 'audit-checkpoints.jsonl'));
  expect(code).toBe(0);
});

test('a file that is none is named', async () => {
  const file = join(app.config.dataDir, 'other.jsonl');
  writeFileSync(file, 'no checkpoint\n');
  for (const args of [['--checkpoints', file], ['--checkpoints', `${file}x`], ['--what']]) {
    const { code, out } = await verify(...args);
    expect(out).toMatch(/--checkpoints FILE/);
    expect(code).toBe(1);
  }
});

test('a log cut off with the database’s own checkpoints is found, and the exit code says so', async () => {
  await app.db.everywhere.tx(async (tx) => {
    await tx.exec('set local session_replication_role = replica');
    for (const table of ['audit_entry', 'audit_checkpoint', 'audit_shipment', 'audit_key'])
      await tx.exec(`delete from ${table}`);
  });
  const { code, out } = await verify();
  expect(out).toMatch(/FOUND {2}truncated: .* ends at entry 0/);
  expect(code).toBe(1);
});
