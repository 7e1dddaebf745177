import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../packages/server/src/platform/db/embedded.ts';

export interface BenchDatabase {
  client: pg.Client;
  /** For the server under measurement. */
  url: string;
  stop(): Promise<void>;
}

/** An embedded PostgreSQL of the benchmark's own, so that it can fill tables and read the database's counters. */
export async function openBenchDatabase(): Promise<BenchDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rapport-bench-db-'));
  const embedded = await startEmbedded({ dataDir, log: { info: () => {}, warn: console.warn, error: console.error } });
  const { host, port, user, password, database } = embedded.poolConfig;
  const client = new pg.Client(embedded.poolConfig);
  await client.connect();
  return {
    client,
    url: `postgresql://${user}:${encodeURIComponent(password)}@localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`,
    async stop() {
      await client.end();
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The format from before content was encrypted: a million rows are filled by SQL, and the server is told to read it. */
export const sealed = (sql: string): string => `('\\x00'::bytea || convert_to(${sql}, 'UTF8'))`;

/** Fills a session with `count` messages, as if they had been written and summarised up to the last few. */
export async function fillSession(
  client: pg.Client,
  session: { id: string; roomId: string },
  count: number,
): Promise<void> {
  const text = `'Message ' || n || ' ' || repeat('some words of a talk ', 8)`;
  const author = `case when n % 2 = 0 then 'persona' else 'client' end`;
  await client.query(
    `insert into event (org_id, room_id, seq, id, type, audience, actor, data)
     select s.org_id, s.room_id, r.seq + n, gen_random_uuid(), 'message.created', 'all', '{"kind":"client","id":null,"name":null}',
       ${sealed(`'{"messageId":"' || gen_random_uuid() || '","author":"' || ${author} || '","text":"' || ${text} || '"}'`)}
     from session s join room r on r.org_id = s.org_id and r.id = s.room_id, generate_series(1, $2::int) n where s.id = $1`,
    [session.id, count],
  );
  await client.query(
    `insert into message (org_id, session_id, seq, id, author, body)
     select s.org_id, s.id, r.seq + n, gen_random_uuid(), ${author}, ${sealed(text)}
     from session s join room r on r.org_id = s.org_id and r.id = s.room_id, generate_series(1, $2::int) n where s.id = $1`,
    [session.id, count],
  );
  await client.query(`update room set seq = seq + $2 where id = $1`, [session.roomId, count]);
  await client.query(
    `update session s set message_count = message_count + $2, summary = ${sealed(`repeat('What was said so far. ', 40)`)},
       summary_through = greatest(0, (select seq from room r where r.id = s.room_id) - 16)
     where id = $1`,
    [session.id, count],
  );
}
