import type { ThreadFolder } from '@rapport/protocol/threads';
import type { Db, Tx } from '../../platform/db/db.ts';

const columns = 'id, parent_id as "parentId", name, revision';

/** Whoever changes the tree holds this until the commit: two moves at once cannot close a circle. */
export const lockTree = (tx: Tx, orgId: string) =>
  tx.one('select id from org where id = $1 for no key update', [orgId]);

export const allFolders = (db: Db, orgId: string): Promise<ThreadFolder[]> =>
  db.many(`select ${columns} from thread_folder where org_id = $1`, [orgId]);

/** Oldest first; `after` is the id the page starts above. */
export const listFolders = (db: Db, orgId: string, after: string | null, limit: number): Promise<ThreadFolder[]> =>
  db.many(
    `select ${columns} from thread_folder where org_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
    [orgId, after, limit],
  );

export const insertFolder = (
  tx: Tx,
  orgId: string,
  { id, parentId, name }: Omit<ThreadFolder, 'revision'>,
  by: string,
): Promise<ThreadFolder> =>
  tx.one(
    `insert into thread_folder (org_id, id, parent_id, name, created_by) values ($1, $2, $3, $4, $5) returning ${columns}`,
    [orgId, id, parentId, name, by],
  );

export const updateFolder = (
  tx: Tx,
  orgId: string,
  { id, parentId, name }: Omit<ThreadFolder, 'revision'>,
): Promise<ThreadFolder> =>
  tx.one(
    `update thread_folder set parent_id = $3, name = $4, revision = revision + 1, updated_at = now()
     where org_id = $1 and id = $2 returning ${columns}`,
    [orgId, id, parentId, name],
  );

/** Whether it is there; nobody takes it away until the commit. */
export const keepFolder = async (tx: Tx, orgId: string, id: string): Promise<boolean> =>
  (await tx.maybe('select 1 from thread_folder where org_id = $1 and id = $2 for key share', [orgId, id])) !==
  undefined;

/** Nobody puts anything into it until the commit. */
export const closeFolder = (tx: Tx, orgId: string, id: string): Promise<number> =>
  tx.exec('select 1 from thread_folder where org_id = $1 and id = $2 for update', [orgId, id]);

export const folderIsUsed = async (db: Db, orgId: string, id: string): Promise<boolean> =>
  (
    await db.one<{ used: boolean }>(
      `select exists (select 1 from thread_folder f where f.org_id = $1 and f.parent_id = $2)
         or exists (select 1 from thread t where t.org_id = $1 and t.folder_id = $2) as used`,
      [orgId, id],
    )
  ).used;

export async function moveContents(tx: Tx, orgId: string, id: string, to: string | null): Promise<void> {
  await tx.exec('update thread_folder set parent_id = $3 where org_id = $1 and parent_id = $2', [orgId, id, to]);
  await tx.exec('update thread set folder_id = $3 where org_id = $1 and folder_id = $2', [orgId, id, to]);
}

export const deleteFolder = (tx: Tx, orgId: string, id: string): Promise<number> =>
  tx.exec('delete from thread_folder where org_id = $1 and id = $2', [orgId, id]);
