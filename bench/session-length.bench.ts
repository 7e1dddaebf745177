/** What a turn costs at message 10, 1,000 and 5,000 of a session: it must not grow. */
import { openBenchDatabase, fillSession, type BenchDatabase } from './lib/database.ts';
import { forkUpstream } from './lib/fork.ts';
import { report, type Row } from './lib/report.ts';
import { makePersona, makeSession, startServer, type BenchServer, type BenchSession } from './lib/server.ts';
import { round } from './lib/stats.ts';

const turns = 300;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function counters({ client }: BenchDatabase) {
  // A backend that has become idle hands its counters in after ten seconds.
  await pause(11_000);
  const { rows } = await client.query<{ commits: string; rows: string }>(
    `select xact_commit as commits, tup_returned + tup_fetched as rows from pg_stat_database where datname = current_database()`,
  );
  return { commits: Number(rows[0]?.commits), rows: Number(rows[0]?.rows) };
}

/** One message and its whole reply, read by long poll. Returns the bytes received. */
async function turn(server: BenchServer, session: BenchSession, n: number): Promise<number> {
  const headers = { authorization: `Bearer ${session.token}`, 'content-type': 'application/json' };
  const path = `${server.url}/api/v1/sessions/${session.id}/messages`;
  const posted = await fetch(path, { method: 'POST', headers, body: JSON.stringify({ text: `Turn ${n}` }) });
  if (posted.status !== 202) throw new Error(`a message was answered ${posted.status}: ${await posted.text()}`);
  const { seq } = (await posted.json()) as { seq: number };
  let bytes = 0;
  for (let after = seq; ;) {
    const response = await fetch(`${server.url}/api/v1/rooms/${session.roomId}/events?after=${after}&wait=25`, {
      headers,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the events were answered ${response.status}: ${text}`);
    bytes += text.length;
    const page = JSON.parse(text) as { events: { type: string }[]; next: number };
    const end = page.events.find((e) => /^reply\.(completed|failed|interrupted|stopped)$/.test(e.type));
    if (end && end.type !== 'reply.completed') throw new Error(`the reply: ${end.type}`);
    if (end) return bytes;
    after = page.next;
  }
}

const database = await openBenchDatabase();
// The counters would hold the rows that it reads, too.
await database.client.query('alter system set autovacuum = off');
await database.client.query('select pg_reload_conf()');
const upstream = await forkUpstream();
const server = await startServer({
  DATABASE_URL: database.url,
  RAPPORT_OPENAI_BASE_URL: `${upstream.url}/v1`,
  RAPPORT_MODEL: 'words-20',
});
const personaId = await makePersona(server);
const warm = await makeSession(server, personaId);
for (let n = 0; n < 100; n += 1) await turn(server, warm, n);

const rows: Row[] = [];
for (const length of [10, 1000, 5000]) {
  const session = await makeSession(server, personaId);
  await fillSession(database.client, session, length);
  await database.client.query('analyze');
  await turn(server, session, 0);
  const before = { ...(await counters(database)), cpu: server.cpuMs() };
  const began = performance.now();
  let bytes = 0;
  for (let n = 0; n < turns; n += 1) bytes += await turn(server, session, n);
  const took = performance.now() - began;
  const cpu = server.cpuMs() - before.cpu;
  const after = await counters(database);
  rows.push({
    'at message': length,
    'server CPU ms a turn': round(cpu / turns),
    'transactions a turn': round((after.commits - before.commits) / turns),
    'rows read a turn': round((after.rows - before.rows) / turns, 0),
    'bytes sent a turn': round(bytes / turns, 0),
    'ms a turn': round(took / turns),
  });
}
const ratio = (key: string) => round(Number(rows[2]?.[key]) / Number(rows[0]?.[key]));
await server.stop();
upstream.close();
await database.stop();
report('session-length', rows, [
  `Message 5,000 against message 10: CPU × ${ratio('server CPU ms a turn')}, transactions × ${ratio('transactions a turn')}, bytes × ${ratio('bytes sent a turn')}.`,
  `${turns} turns of 20 tokens at each length, read by long poll; the calls that carry the summary forward are in it.`,
]);
