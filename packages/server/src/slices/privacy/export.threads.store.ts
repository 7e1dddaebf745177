import type { ArchivedClient } from '@rapport/protocol/person';
import type { Db } from '../../platform/db/db.ts';

type Archived = ArchivedClient['threads'][number];
type Sealed = Pick<Archived, 'name' | 'description' | 'stage' | 'tags'>;

/** Lines of work with a client, oldest first. In which folder they lie is the organisation's own order. */
export async function readThreads(db: Db, orgId: string, clientId: string): Promise<Archived[]> {
  const rows = await db.many<Omit<Archived, keyof Sealed> & { body: Buffer }>(
    `select id, body, status, goal_ids as "goalIds", created_at as "createdAt", updated_at as "updatedAt" from thread
     where org_id = $1 and client_id = $2 order by id`,
    [orgId, clientId],
  );
  return Promise.all(
    rows.map(async ({ body, ...row }) => ({
      ...row,
      ...(JSON.parse(await db.codec.open({ orgId, table: 'thread', column: 'body', rowId: row.id }, body)) as Sealed),
    })),
  );
}
