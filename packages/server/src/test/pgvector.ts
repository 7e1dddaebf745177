import pg from 'pg';
import { inject } from 'vitest';

/**
 * Whether PostgreSQL has pgvector. The embedded one has not: to run what needs it, set RAPPORT_TEST_DATABASE_URL to a PostgreSQL that has,
 * and to a login that is a superuser of it.
 */
export async function hasPgvector(): Promise<boolean> {
  const { template, ...connection } = inject('database');
  const client = new pg.Client({ ...connection, database: template });
  await client.connect();
  const { rowCount } = await client.query(`select 1 from pg_available_extensions where name = 'vector'`);
  await client.end();
  if (!rowCount) console.warn('This PostgreSQL has no pgvector: the index of vectors is tested in PGlite alone.');
  return rowCount === 1;
}
