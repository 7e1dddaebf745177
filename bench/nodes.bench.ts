/**
 * Two servers on one PostgreSQL and a thousand people in a hundred rooms, half of each room on either server: how long a
 * message takes from being sent to every reader, when a hundred a second are written.
 */
import { randomBytes } from 'node:crypto';
import { openBenchDatabase } from './lib/database.ts';
import { report, type Row } from './lib/report.ts';
import { openRoom, type Room } from './lib/room.ts';
import { makePersona, makeSession, startServer, type BenchServer } from './lib/server.ts';
import { percentile, round } from './lib/stats.ts';

const roomCount = 100;
const readersOfRoom = 10;
const perSecond = 100;
const seconds = 15;

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const database = await openBenchDatabase();
const masterKey = randomBytes(32).toString('base64url');
const start = () => startServer({ DATABASE_URL: database.url, RAPPORT_MASTER_KEY: masterKey });
const first = await start();
await first.json('POST', '/api/v1/setup', { ownerName: 'Bench', organisation: 'Bench', provider: null });
const second = await start();
const servers: BenchServer[] = [first, second];
const personaId = await makePersona(first);

const here: number[] = [];
const elsewhere: number[] = [];
const rooms: Room[][] = [];
for (let i = 0; i < roomCount; i += 1) {
  const session = await makeSession(first, personaId);
  // In a session that a person has taken over nothing answers: what is written is all that is delivered.
  await first.json('POST', `/api/v1/sessions/${session.id}/takeover`);
  const readers = await Promise.all(
    Array.from({ length: readersOfRoom }, async (_, n) => {
      const node = n % 2;
      const room = await openRoom((servers[node] as BenchServer).url, session);
      room.socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString());
        const [, writer, sentAt] = /^from (\d) at ([\d.]+)/.exec(frame.data?.text ?? '') ?? [];
        if (sentAt) (Number(writer) === node ? here : elsewhere).push(performance.now() - Number(sentAt));
      });
      return room;
    }),
  );
  rooms.push(readers);
}

const cpuBefore = servers.map((server) => server.cpuMs());
const total = perSecond * seconds;
const began = performance.now();
for (let n = 0; n < total; n += 1) {
  const wait = began + (n * 1000) / perSecond - performance.now();
  if (wait > 0) await after(wait);
  const writer = n % 2;
  const room = (rooms[n % roomCount] as Room[])[writer] as Room;
  room.publish(`from ${writer} at ${performance.now()} ${'some words '.repeat(8)}`);
}
const expected = total * readersOfRoom;
for (let n = 0; n < 200 && here.length + elsewhere.length < expected; n += 1) await after(50);
const cpuMs = servers.reduce((sum, server, i) => sum + server.cpuMs() - (cpuBefore[i] as number), 0);
rooms.flat().forEach((room) => room.close());
for (const server of servers) await server.stop();
await database.stop();

const row = (what: string, took: number[]): Row => ({
  what,
  deliveries: took.length,
  'p50 ms': round(percentile(took, 0.5)),
  'p95 ms': round(percentile(took, 0.95)),
  'p99 ms': round(percentile(took, 0.99)),
});
report(
  'nodes',
  [
    row('reader on the server that was written to', here),
    row('reader on the other server', elsewhere),
    {
      what: `all: ${roomCount * readersOfRoom} readers, ${perSecond} messages a second, stored`,
      deliveries: here.length + elsewhere.length,
      expected,
      'CPU ms a message, both servers': round(cpuMs / total),
      goal: 'p50 ≤ 15, p99 ≤ 150',
    },
  ],
  ['Load generator, both servers and PostgreSQL share the machine.'],
);
