import type pg from 'pg';

const least = [0, 8];
/** Any fixed number: two servers that start at once must not both make the table. */
const lockKey = 7_204_332;

/** What keeps a server from an index, and what its administrator can do. */
export class NoIndex extends Error {}

/** Its index of one knowledge base. */
export const indexNameOf = ({ baseId, dimensions }: { baseId: string; dimensions: number }): string =>
  `nearby_${baseId.replaceAll('-', '')}_${dimensions}`;

const atLeast = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > (least[0] as number) || (major === least[0] && minor >= (least[1] as number));
};

interface Extension {
  available: string;
  installed: string | null;
}

/** @throws {NoIndex} */
async function requireExtension(owner: pg.Client): Promise<void> {
  const { rows } = await owner.query<Extension>(
    `select default_version as available, installed_version as installed from pg_available_extensions where name = 'vector'`,
  );
  const [extension] = rows;
  if (!extension)
    throw new NoIndex(
      'this PostgreSQL has no pgvector, and the embedded one cannot have it: install 0.8 or newer where your own runs',
    );
  const { available, installed } = extension;
  if (!atLeast(installed ?? available)) {
    throw new NoIndex(
      atLeast(available)
        ? `the extension vector is ${installed}: run ALTER EXTENSION vector UPDATE in this database`
        : `pgvector ${available} is too old: install 0.8 or newer where PostgreSQL runs`,
    );
  }
  if (installed !== null) return;
  await owner.query('create extension vector').catch((error: Error) => {
    throw new NoIndex(
      `the extension is there but may not be created (${error.message}): let a superuser run CREATE EXTENSION vector in this database`,
    );
  });
}

/**
 * The table of the vectors in clear, made where the extension is there. It stands in a schema of what is derived from other
 * tables, which no backup holds.
 * @throws {NoIndex}
 */
export async function makeTable(owner: pg.Client, login: string): Promise<void> {
  await owner.query(`begin; set local rapport.org = '*'; select pg_advisory_xact_lock(${lockKey})`);
  await requireExtension(owner);
  const { rows } = await owner.query<{ made: boolean }>(
    `select to_regclass('derived.passage_vector') is not null as made`,
  );
  if (!rows[0]?.made) await owner.query(table);
  await owner.query(`grant usage on schema derived to ${login}`);
  await owner.query(`grant select, insert, delete on derived.passage_vector to ${login}`);
  await owner.query('commit');
}

/** What an index was made from before, and the table of which is gone, has to be copied anew. */
const table = `
  create schema if not exists derived;
  create table derived.passage_vector (
    org_id uuid not null,
    knowledge_base_id uuid not null,
    block_id uuid not null,
    segment integer not null,
    first_slot integer not null,
    slot integer not null,
    dimensions integer not null,
    embedding halfvec not null,
    primary key (org_id, block_id, slot),
    foreign key (org_id, block_id) references chunk_vectors on delete cascade
  );
  create index on derived.passage_vector (org_id, knowledge_base_id);
  alter table derived.passage_vector alter column embedding set statistics 0;
  select rapport_secure('derived.passage_vector', 'org_id');
  delete from vector_index`;

/** Of all that stood in clear nothing is left, and what was copied is forgotten. */
export async function dropTable(owner: pg.Client): Promise<void> {
  await owner.query(`begin; set local rapport.org = '*'; select pg_advisory_xact_lock(${lockKey})`);
  await owner.query('delete from vector_index; drop schema if exists derived cascade');
  await owner.query('commit');
}

/** The memory in which a graph is made; what the server of the database has by default is too little for large ones. */
const buildMemory = '512MB';

/**
 * The graph over the vectors of a base, while others read and write them. One process: a second would need shared memory, which
 * is short in containers, and the other cores serve people meanwhile.
 */
export async function makeIndex(owner: pg.Client, of: { baseId: string; dimensions: number }): Promise<void> {
  const name = indexNameOf(of);
  const { rows } = await owner.query<{ valid: boolean }>(
    `select indisvalid as valid from pg_index where indexrelid = to_regclass('derived.${name}')`,
  );
  if (rows[0]?.valid) return;
  if (rows[0]) await dropIndexes(owner, [name]);
  await owner.query(`select set_config('maintenance_work_mem', '${buildMemory}', false)
    from pg_settings where name = 'maintenance_work_mem' and setting::bigint < 524288`);
  await owner.query('set max_parallel_maintenance_workers = 0');
  await owner.query(
    `create index concurrently ${name} on derived.passage_vector
     using hnsw ((embedding::halfvec(${of.dimensions})) halfvec_cosine_ops)
     where knowledge_base_id = '${of.baseId}' and dimensions = ${of.dimensions}`,
  );
}

export async function dropIndexes(owner: pg.Client, names: string[]): Promise<void> {
  for (const name of names) await owner.query(`drop index concurrently if exists derived.${name}`);
}
