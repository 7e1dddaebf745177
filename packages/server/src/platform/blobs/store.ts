import type { Db } from '../db/db.ts';

export const insertBlob = (db: Db, orgId: string, id: string): Promise<number> =>
  db.exec(`insert into blob (org_id, id) values ($1, $2)`, [orgId, id]);

/** False: it is gone, or was kept or dropped before. */
export const keepBlob = async (db: Db, orgId: string, id: string, bytes: number): Promise<boolean> =>
  (await db.exec(`update blob set state = 'kept', bytes = $3 where org_id = $1 and id = $2 and state = 'writing'`, [
    orgId,
    id,
    bytes,
  ])) === 1;

export const dropBlobs = (db: Db, orgId: string, ids: string[]): Promise<number> =>
  db.exec(`update blob set state = 'dropped' where org_id = $1 and id = any($2::uuid[]) and state = 'writing'`, [
    orgId,
    ids,
  ]);

export interface BlobRow {
  orgId: string;
  id: string;
}

/** What nothing refers to: dropped, or begun so long ago that whoever wrote it is gone. Of one organisation, or of all. */
export const looseBlobs = (db: Db, orgId: string | null, writingHours: number, limit: number): Promise<BlobRow[]> =>
  db.many<BlobRow>(
    `select org_id as "orgId", id from blob
     where state <> 'kept' and ($1::uuid is null or org_id = $1)
       and (state = 'dropped' or created_at < now() - make_interval(hours => $2))
     order by created_at limit $3`,
    [orgId, writingHours, limit],
  );

export const deleteBlob = (db: Db, orgId: string, id: string): Promise<number> =>
  db.exec(`delete from blob where org_id = $1 and id = $2 and state <> 'kept'`, [orgId, id]);

export const listOrgs = async (db: Db): Promise<string[]> =>
  (await db.many<{ id: string }>(`select id from org order by id`)).map(({ id }) => id);

/** Which of these the database knows. */
export const knownBlobs = async (db: Db, orgId: string, ids: string[]): Promise<Set<string>> =>
  new Set(
    (await db.many<{ id: string }>(`select id from blob where org_id = $1 and id = any($2::uuid[])`, [orgId, ids])).map(
      ({ id }) => id,
    ),
  );
