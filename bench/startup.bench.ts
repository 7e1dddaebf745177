/** From starting the process to the first answered request; memory idle and after 1,000 messages. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { report } from './lib/report.ts';
import { makePersona, makeSession, startServer } from './lib/server.ts';
import { percentile, round } from './lib/stats.ts';

const dataDir = await mkdtemp(join(tmpdir(), 'rapport-bench-'));
const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const first = await startServer({}, dataDir);
await first.json('POST', '/api/v1/setup', { ownerName: 'Owner', organisation: 'Bench' });
await first.stop();

const later: number[] = [];
for (let i = 0; i < 5; i += 1) {
  const server = await startServer({}, dataDir);
  later.push(server.startMs);
  await server.stop();
}

const server = await startServer({}, dataDir);
await settle(3000);
const idle = server.memoryMb();
const session = await makeSession(server, await makePersona(server));
const headers = { authorization: `Bearer ${session.token}` };
for (let i = 0; i < 1000; i += 1) {
  const { status } = await server.json(
    'POST',
    `/api/v1/sessions/${session.id}/messages`,
    { text: `Message ${i}` },
    headers,
  );
  if (status !== 202) throw new Error(`message ${i} was answered ${status}`);
}
await settle(3000);
const after = server.memoryMb();
await server.stop();
await rm(dataDir, { recursive: true, force: true });

report(
  'startup',
  [
    { what: 'first start, new database, ms', value: round(first.startMs, 0) },
    { what: 'later starts, median of 5, ms', value: round(percentile(later, 0.5), 0) },
    { what: 'later starts, slowest, ms', value: round(Math.max(...later), 0) },
    { what: 'resident memory idle, MB', value: round(idle, 0) },
    { what: 'resident memory after 1,000 messages, MB', value: round(after, 0) },
  ],
  ['The server process alone; PostgreSQL is a process of its own.'],
);
