import { afterAll, beforeAll, expect, test } from 'vitest';
import { readZip } from '../../platform/zip/zip.ts';
import { makePersona, makeSession, type TestApp } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { remembering } from '../../test/remembering.ts';
import { until } from '../../test/talking.ts';
import type { Upstream } from '../../test/upstream.ts';

let app: TestApp;
let upstream: Upstream;
let memory: ReturnType<typeof remembering>;
let client: string;

const quote = 'I like rye bread.';
const tables = ['memory', 'memory_revision', 'memory_quote'] as const;
const rowsOf = async () => {
  const counts = tables.map((table) =>
    app.db.everywhere.one<{ n: number }>(`select count(*) as n from ${table} where client_id = $1`, [client]),
  );
  return (await Promise.all(counts)).map(({ n }) => n);
};

beforeAll(async () => {
  ({ app, upstream } = await startPlayed());
  memory = remembering(app, upstream);
  await memory.setPolicy();
  client = await memory.makeClient('Robin');
  const session = await makeSession(app, await makePersona(app), { clientId: client });
  await memory.say(session, quote);
  await memory.end(session);
  const [proposed] = await memory.list(client);
  await memory.act(proposed.id, 'approve');
  await memory.write(client, { statement: 'Owns a blue bicycle.', tags: ['bicycle'] });
});
afterAll(() => app?.close());

test('nothing of it can be read in the database', async () => {
  const rows = await Promise.all(
    tables.map((table) => app.db.everywhere.many<{ row: string }>(`select t::text as row from ${table} t`)),
  );
  const all = JSON.stringify(rows);
  for (const word of ['bread', 'bicycle', Buffer.from('bicycle').toString('hex')]) expect(all).not.toContain(word);
});

test('an export holds what is remembered, its quotes and how it came to be', async () => {
  const response = await app.fetch(`/api/v1/privacy/records/client/${client}/export`);
  const names = ['manifest.json', 'person.json', 'person.md', 'person.pdf'];
  const files = await readZip(Buffer.from(await response.arrayBuffer()), { names, fileBytes: 1e8, ratio: 1000 });
  const { memories } = JSON.parse(String(files.get('person.json')));
  expect(memories).toMatchObject([
    {
      statement: quote,
      origin: 'client',
      evidence: [{ quote, start: 0, end: quote.length }],
      revisions: [{ change: 'proposed' }, { change: 'approved', status: 'approved' }],
    },
    { statement: 'Owns a blue bicycle.', tags: ['bicycle'], evidence: [] },
  ]);
  expect(String(files.get('person.md'))).toContain('Owns a blue bicycle.');
});

test('retention deletes what has not changed for so long, and what a legal hold keeps stays', async () => {
  const rule = '/api/v1/privacy/retention/memories';
  const old = (await memory.write(client, { statement: 'Was tall.' })).body.id;
  await app.db.everywhere.tx(async (tx) => {
    await tx.exec('alter table memory_revision disable trigger never_changed');
    await tx.exec(`update memory_revision set at = now() - interval '40 days' where memory_id = $1`, [old]);
    await tx.exec('alter table memory_revision enable trigger never_changed');
  });
  const { body: hold } = await app.json('POST', '/api/v1/privacy/holds', {
    subject: { kind: 'client', id: client },
    reason: 'Asked for',
  });
  const preview = async () => (await app.json('GET', `${rule}/preview?days=30`)).body;
  expect(await preview()).toMatchObject({ count: 0, held: 1 });
  await app.json('POST', `/api/v1/privacy/holds/${hold.id}/lift`, { reason: 'Over' });
  expect(await preview()).toMatchObject({ count: 1, held: 0 });
  expect((await app.json('PUT', rule, { days: 30, expected: 1 })).status).toBe(200);
  await until(async () => (await app.json('GET', `/api/v1/memories/${old}`)).status === 404, 'the deletion');
  expect(await memory.list(client)).toHaveLength(2);
});

test('erasing the client erases it all', async () => {
  expect(await rowsOf()).toEqual([2, 3, 1]);
  const { body } = await app.json('POST', '/api/v1/privacy/erasures', {
    subject: { kind: 'client', id: client },
    confirm: 'Robin',
  });
  await until(
    async () => (await app.json('GET', `/api/v1/privacy/erasures/${body.id}`)).body.status === 'done',
    'the erasure',
  );
  expect(await rowsOf()).toEqual([0, 0, 0]);
});
