/** A page of 50 messages and one of 50 events in a full database, against the same rows by bare SQL. */
import { openBenchDatabase, sealed } from './lib/database.ts';
import { report, type Row } from './lib/report.ts';
import { makePersona, makeSession, startServer } from './lib/server.ts';
import { percentile, round } from './lib/stats.ts';

const sessions = process.argv.includes('--small') ? 1000 : 10_000;
const perSession = 50;
const calls = 1000;

const database = await openBenchDatabase();
const server = await startServer({
  DATABASE_URL: database.url,
  RAPPORT_OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
  RAPPORT_MODEL: 'x',
});
const first = await makeSession(server, await makePersona(server));
const { client } = database;

const text = `'Message ' || n || ' ' || repeat('some words of a talk ', 8)`;
await client.query(
  `create temp table copy as select gen_random_uuid() as id, gen_random_uuid() as room_id from generate_series(1, $1::int)`,
  [sessions],
);
await client.query(
  `insert into room (org_id, id, kind, seq) select s.org_id, c.room_id, 'session', $2 from copy c, session s where s.id = $1`,
  [first.id, perSession],
);
await client.query(
  `insert into session (org_id, id, room_id, title, policy, persona_policy, persona_id, persona_version, persona_name, persona_role, created_by, message_count)
   select s.org_id, c.id, c.room_id, 'copy', s.policy, s.persona_policy, s.persona_id, s.persona_version, s.persona_name, s.persona_role, s.created_by, $2
   from copy c, session s where s.id = $1`,
  [first.id, perSession],
);
await client.query(
  `insert into message (org_id, session_id, seq, id, author, body)
   select s.org_id, c.id, n, gen_random_uuid(), 'client', ${sealed(text)} from copy c, session s, generate_series(1, $2::int) n where s.id = $1`,
  [first.id, perSession],
);
await client.query(
  `insert into event (org_id, room_id, seq, id, type, audience, actor, data)
   select s.org_id, c.room_id, n, gen_random_uuid(), 'message.created', 'all', '{"kind":"client","id":null,"name":null}',
     ${sealed(`'{"messageId":"' || gen_random_uuid() || '","author":"client","text":"' || ${text} || '"}'`)}
   from copy c, session s, generate_series(1, $2::int) n where s.id = $1`,
  [first.id, perSession],
);
await client.query('analyze');
const { rows: picked } = await client.query<{ id: string; room_id: string; org_id: string }>(
  `select c.id, c.room_id, s.org_id from copy c, session s where s.id = $1 order by random() limit ${calls}`,
  [first.id],
);

async function time(
  work: (row: { id: string; room_id: string; org_id: string }) => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = [];
  for (const row of picked) {
    const began = performance.now();
    await work(row);
    times.push(performance.now() - began);
  }
  return times.slice(calls / 10);
}

const get = async (path: string): Promise<void> => {
  const response = await fetch(`${server.url}/api/v1${path}`);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  await response.arrayBuffer();
};
const bareMessages = await time((r) =>
  client.query({
    name: 'm',
    text: `select seq, id, author, body, created_at from message where org_id = $1 and session_id = $2 and not superseded order by seq desc limit 50`,
    values: [r.org_id, r.id],
  }),
);
const bareEvents = await time((r) =>
  client.query({
    name: 'e',
    text: `select seq, id, type, audience, actor, data, at from event where org_id = $1 and room_id = $2 and seq > 0 order by seq limit 50`,
    values: [r.org_id, r.room_id],
  }),
);
const health = await time(() => fetch(`${server.url}/healthz`).then((r) => r.arrayBuffer()));
const messages = await time((r) => get(`/sessions/${r.id}/messages?limit=50`));
const events = await time((r) => get(`/rooms/${r.room_id}/events?after=0&limit=50`));
await server.stop();
await database.stop();

const row = (what: string, times: number[], base?: number[]): Row => ({
  what,
  'p50 ms': round(percentile(times, 0.5)),
  'p95 ms': round(percentile(times, 0.95)),
  'p95 against bare SQL': base ? round(percentile(times, 0.95) / percentile(base, 0.95)) : '',
});
report(
  'history',
  [
    row('bare SQL, 50 messages', bareMessages),
    row('bare SQL, 50 events', bareEvents),
    row('HTTP alone (/healthz)', health),
    row('GET messages?limit=50', messages, bareMessages),
    row('GET events?limit=50', events, bareEvents),
  ],
  [
    `${sessions} sessions, ${sessions * perSession} messages and as many events; ${calls} random sessions, one call at a time.`,
  ],
);
