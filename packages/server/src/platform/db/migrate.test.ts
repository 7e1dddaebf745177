import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { StartupError } from '../startupError.ts';
import { migrationNames } from './migrate.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ setUp: false });
});
afterAll(() => app.close());

const refusal = (): Promise<unknown> =>
  app.second().then(
    (started) => started.close(),
    (error: unknown) => error,
  );
const checksums = () =>
  app.db.everywhere.many<{ name: string; checksum: string }>('select name, checksum from migration order by name');

test('each migration that ran is noted with a checksum of its text', async () => {
  const noted = await checksums();
  expect(noted.map(({ name }) => name)).toEqual(await migrationNames());
  expect(noted.every(({ checksum }) => /^[0-9a-f]{64}$/.test(checksum))).toBe(true);
});

test('a migration that was edited after it ran stops the start with one clear sentence', async () => {
  const before = await checksums();
  const name = before[2]?.name ?? '';
  await app.db.everywhere.exec('update migration set checksum = $2 where name = $1', [name, '0'.repeat(64)]);
  const refused = await refusal();
  expect(refused).toBeInstanceOf(StartupError);
  expect((refused as StartupError).message).toBe(
    `The migration ${name} was edited after it ran on this database, so the two no longer match.`,
  );
  await app.db.everywhere.exec('update migration set checksum = $2 where name = $1', [name, before[2]?.checksum ?? '']);
  expect(await refusal()).toBeUndefined();
});

test('what ran before checksums were kept is given its own at the next start', async () => {
  const before = await checksums();
  await app.db.everywhere.exec('update migration set checksum = null');
  expect(await refusal()).toBeUndefined();
  expect(await checksums()).toEqual(before);
});
