import type { Sensitivity } from '@rapport/protocol/memory';
import type { Db, Tx } from '../../platform/db/db.ts';
import { sealedFor, statementPlace, type State } from './schema.ts';

const vectorPlace = (orgId: string, rowId: string) => ({ orgId, table: 'memory_vector', column: 'vector', rowId });

/** A vector is there as long as its memory may be recalled; one of what became sensitive is made anew, where it may be. */
export async function keepVector(
  tx: Tx,
  orgId: string,
  { id, clientId }: { id: string; clientId: string | null },
  { status, sensitivity }: Pick<State, 'status' | 'sensitivity'>,
): Promise<void> {
  if (status !== 'approved' || sensitivity === 'sensitive')
    await tx.exec('delete from memory_vector where org_id = $1 and memory_id = $2', [orgId, id]);
  if (status === 'approved')
    await tx.exec(
      'insert into memory_vector (org_id, memory_id, client_id) values ($1, $2, $3) on conflict (org_id, memory_id) do nothing',
      [orgId, id, clientId],
    );
}

/** An approved memory without a vector of a space. */
export interface WaitingMemory {
  id: string;
  clientId: string | null;
  statement: Buffer;
  sensitivity: Sensitivity;
}

const waiting = `
  from memory_vector v join memory m on m.org_id = v.org_id and m.id = v.memory_id
    join memory_revision r on r.org_id = m.org_id and r.memory_id = m.id and r.revision = m.revision
  where v.org_id = $1 and (v.space is null or v.space < $2 or v.space > $2) and (v.retry_at is null or v.retry_at <= now())
    and (r.valid_to is null or r.valid_to > now())`;

/** Those that failed least often first; not before it is time to try again. */
export const waitingMemories = (db: Db, orgId: string, space: string, most: number): Promise<WaitingMemory[]> =>
  db.many(
    `select v.memory_id as id, v.client_id as "clientId", m.statement, r.sensitivity ${waiting}
     order by v.failures, v.memory_id limit $3`,
    [orgId, space, most],
  );

/** Whether any waits, without sorting them. */
export const anyWaits = async (db: Db, orgId: string, space: string): Promise<boolean> =>
  (await db.one<{ waits: boolean }>(`select exists (select 1 ${waiting}) as waits`, [orgId, space])).waits;

export const openStatement = (db: Db, orgId: string, { id, statement }: WaitingMemory): Promise<string> =>
  db.codec.open(statementPlace(orgId, id), statement);

/** All that waits of these clients is asked about again after so many seconds. */
export const putOffClients = (db: Db, orgId: string, space: string, ids: string[], seconds: number): Promise<number> =>
  db.exec(
    `update memory_vector set retry_at = now() + make_interval(secs => $4)
     where org_id = $1 and client_id = any($3::uuid[]) and (space is null or space < $2 or space > $2)
       and (retry_at is null or retry_at <= now())`,
    [orgId, space, ids, seconds],
  );

/** All that waits and is sensitive is asked about again after so many seconds. */
export const putOffSensitive = (db: Db, orgId: string, space: string, seconds: number): Promise<number> =>
  db.exec(
    `update memory_vector set retry_at = now() + make_interval(secs => $3)
     where org_id = $1 and memory_id in (select v.memory_id ${waiting} and r.sensitivity = 'sensitive')`,
    [orgId, space, seconds],
  );

/** Tried again after a second, then after twice as long each time, at most after five minutes. */
export const markTried = (db: Db, orgId: string, ids: string[]): Promise<number> =>
  db.exec(
    `update memory_vector set failures = failures + 1,
       retry_at = now() + make_interval(secs => least(300, power(2, least(failures, 10))))
     where org_id = $1 and memory_id = any($2::uuid[])`,
    [orgId, ids],
  );

/**
 * Nothing where it was retired or deleted meanwhile, nor where its sensitivity is another than when it was read: whether it may
 * have a vector has to be asked anew.
 */
export async function putVector(
  db: Db,
  orgId: string,
  { id, clientId, sensitivity }: Omit<WaitingMemory, 'statement'>,
  space: string,
  vector: Float32Array,
): Promise<void> {
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  const sealed = await db.codec.seal(vectorPlace(orgId, id), bytes, sealedFor(clientId));
  await db.exec(
    `update memory_vector set space = $3, dimensions = $4, vector = $5, failures = 0, retry_at = null
     where org_id = $1 and memory_id = $2 and exists (
       select 1 from memory m join memory_revision r on r.org_id = m.org_id and r.memory_id = m.id and r.revision = m.revision
       where m.org_id = $1 and m.id = $2 and r.status = 'approved' and r.sensitivity = $6)`,
    [orgId, id, space, vector.length, sealed, sensitivity],
  );
}

/** Of these memories, those that stand in a space. */
export async function vectorsOf(
  db: Db,
  orgId: string,
  ids: string[],
  space: string,
): Promise<Map<string, Float32Array>> {
  const rows = await db.many<{ id: string; vector: Buffer }>(
    `select memory_id as id, vector from memory_vector
     where org_id = $1 and memory_id = any($2::uuid[]) and space = $3`,
    [orgId, ids, space],
  );
  const vectors = new Map<string, Float32Array>();
  for (const { id, vector } of rows) {
    const bytes = await db.codec.openBytes(vectorPlace(orgId, id), vector);
    // Copied: a float has to begin at a multiple of four.
    vectors.set(id, new Float32Array(new Uint8Array(bytes).buffer));
  }
  return vectors;
}
