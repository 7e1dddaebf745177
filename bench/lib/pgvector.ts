import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { makeConfig } from '../../packages/server/src/config/config.ts';
import { connectDatabase } from '../../packages/server/src/platform/db/connect.ts';
import {
  dropTable,
  makeIndex,
  makeTable,
} from '../../packages/server/src/slices/knowledge/vectors/nearby/nearby.schema.ts';
import {
  beginIndex,
  copyBlock,
  nearest,
} from '../../packages/server/src/slices/knowledge/vectors/nearby/nearby.store.ts';

export interface BenchBlock {
  id: string;
  segment: number;
  firstSlot: number;
  vectors: Float32Array;
}

/** One knowledge base, a document for each block, in a database of its own on a PostgreSQL with pgvector, through the server's own statements. */
export async function openPgvector(url: string, dimensions: number, dataDir: string) {
  const name = `rapport_bench_${randomBytes(4).toString('hex')}`;
  const admin = new pg.Client(url);
  await admin.connect();
  await admin.query(`create database ${name}`);
  const place = new URL(url);
  place.pathname = `/${name}`;
  const config = makeConfig({ RAPPORT_DATA_DIR: dataDir });
  const { db } = await connectDatabase(config, { connectionString: place.href });
  const owner = new pg.Client(place.href);
  await owner.connect();
  const { name: login } = await db.everywhere.one<{ name: string }>('select current_user as name');
  await makeTable(owner, pg.escapeIdentifier(login));
  await owner.query(`set rapport.org = '*'`);
  const [orgId, baseId, roomId] = [randomUUID(), randomUUID(), randomUUID()];
  await owner.query(`insert into org (id, name) values ('${orgId}', 'Bench')`);
  await owner.query(`insert into room (org_id, id, kind) values ('${orgId}', '${roomId}', 'knowledge')`);
  await owner.query(
    `insert into knowledge_base (org_id, id, name, room_id) values ('${orgId}', '${baseId}', 'Bench', '${roomId}')`,
  );
  const of = { orgId, baseId, space: 'bench', dimensions };
  const scope = db.in(orgId);
  await scope.tx((tx) => beginIndex(tx, of));

  const add = ({ segment, firstSlot, vectors }: BenchBlock): Promise<void> =>
    scope.tx(async (tx) => {
      const [id, documentId] = [randomUUID(), randomUUID()];
      const chunks = vectors.length / dimensions;
      await tx.exec(
        `insert into document (org_id, id, knowledge_base_id, title, length) values ($1, $2, $3, 'Bench', 0)`,
        [orgId, documentId, baseId],
      );
      await tx.exec(
        `insert into index_segment (org_id, knowledge_base_id, language, number) values ($1, $2, 'en', $3) on conflict do nothing`,
        [orgId, baseId, segment],
      );
      await tx.exec(
        `insert into index_part (org_id, knowledge_base_id, segment, first_slot, document_id, first_ordinal, chunks, words, terms)
         values ($1, $2, $3, $4, $5, 0, $6, 0, '{}')`,
        [orgId, baseId, segment, firstSlot, documentId, chunks],
      );
      await tx.exec(
        `insert into chunk_vectors (org_id, id, knowledge_base_id, segment, first_slot, chunks, space, dimensions, vectors)
         values ($1, $2, $3, $4, $5, $6, 'bench', $7, '')`,
        [orgId, id, baseId, segment, firstSlot, chunks, dimensions],
      );
      await copyBlock(tx, orgId, { id, dimensions, vectors });
    });

  /** What each connection used, also those that were closed since. */
  const worked = new Map<number, number>();

  return {
    add,
    index: () => makeIndex(owner, of),

    /** Every n-th document is hidden, as one is that was revoked; 0: none. */
    hide: (every: number) =>
      owner.query(
        `update document d set searchable = $2 = 0 or x.at % greatest($2, 1) > 0
         from (select id, row_number() over (order by id) as at from document where knowledge_base_id = $1) as x where x.id = d.id`,
        [baseId, every],
      ),

    search: (question: Float32Array, limit: number) =>
      scope.tx((tx) => nearest(tx, of, { ids: [baseId], reader: null }, question, { limit, ms: 60_000 })),

    async hidden(): Promise<Map<number, [number, number][]>> {
      const { rows } = await owner.query<{ segment: number; first: number; count: number }>(
        `select p.segment, p.first_slot as first, p.chunks as count from index_part p join document d on d.id = p.document_id
         where not d.searchable and p.knowledge_base_id = $1`,
        [baseId],
      );
      const found = new Map<number, [number, number][]>();
      for (const { segment, first, count } of rows) found.set(segment, [...(found.get(segment) ?? []), [first, count]]);
      return found;
    },

    /** Megabytes of the table and of its graph. */
    async size(): Promise<{ table: number; graph: number }> {
      const { rows } = await owner.query<{ table: number; graph: number }>(
        `select pg_table_size('derived.passage_vector') / 1e6 as table,
           (select sum(pg_relation_size(indexrelid)) / 1e6 from pg_index
            where indrelid = 'derived.passage_vector'::regclass and indexrelid::regclass::text like '%nearby%') as graph`,
      );
      return { table: Number(rows[0]?.table), graph: Number(rows[0]?.graph) };
    },

    /** Milliseconds of processor of all connections to this database; they run on this machine. */
    async cpuMs(): Promise<number> {
      const { rows } = await admin.query<{ pid: number }>('select pid from pg_stat_activity where datname = $1', [
        name,
      ]);
      for (const { pid } of rows) {
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
        worked.set(pid, (Number(fields[11]) + Number(fields[12])) * 10);
      }
      return [...worked.values()].reduce((sum, ms) => sum + ms, 0);
    },

    vacuum: () => owner.query('vacuum analyze'),

    async close(): Promise<void> {
      await dropTable(owner);
      await owner.end();
      await db.close();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
