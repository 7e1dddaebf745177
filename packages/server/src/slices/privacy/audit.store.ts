import type { Db } from '../../platform/db/db.ts';

/** Names of those members who acted and are still there. The log itself holds none. */
export const namesOf = async (db: Db, orgId: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> =>
  new Map(
    (
      await db.many<{ id: string; name: string }>(
        'select id, name from app_user where org_id = $1 and id = any($2::uuid[])',
        [orgId, ids],
      )
    ).map(({ id, name }) => [id, name]),
  );
