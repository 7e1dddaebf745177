import type { Thread, ThreadQuery, ThreadStatus } from '@rapport/protocol/threads';
import type { Db, Tx } from '../../platform/db/db.ts';
import { tagHashes } from './schema.ts';

const place = (orgId: string, rowId: string) => ({ orgId, table: 'thread', column: 'body', rowId });

/** What the sealed column holds. */
interface ThreadBody {
  name: string;
  description: string;
  stage: string;
  tags: string[];
}

interface ThreadRow {
  id: string;
  client_id: string;
  client_name: string;
  folder_id: string | null;
  body: Buffer;
  status: ThreadStatus;
  goal_ids: string[];
  revision: number;
  created_by: string;
  changed_by: string;
  created_at: string;
  updated_at: string;
}

const columns = `t.id, t.client_id, c.name as client_name, t.folder_id, t.body, t.status, t.goal_ids, t.revision, t.created_by,
  t.changed_by, t.created_at, t.updated_at`;
const tables = 'thread t join client c on c.org_id = t.org_id and c.id = t.client_id';

async function toThread(db: Db, orgId: string, row: ThreadRow): Promise<Thread> {
  const body = JSON.parse(await db.codec.open(place(orgId, row.id), row.body)) as ThreadBody;
  return {
    id: row.id,
    client: { id: row.client_id, name: row.client_name },
    ...body,
    status: row.status,
    folderId: row.folder_id,
    goalIds: row.goal_ids,
    revision: row.revision,
    createdBy: row.created_by,
    changedBy: row.changed_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

type NewThread = ThreadBody & Pick<Thread, 'id' | 'status' | 'folderId' | 'goalIds'> & { clientId: string };

const sealBody = (
  db: Db,
  orgId: string,
  { id, clientId, name, description, stage, tags }: NewThread,
): Promise<Buffer> =>
  db.codec.seal(place(orgId, id), JSON.stringify({ name, description, stage, tags }), { holder: clientId });

export const insertThread = async (tx: Tx, orgId: string, thread: NewThread, by: string): Promise<number> =>
  tx.exec(
    `insert into thread (org_id, id, client_id, folder_id, body, tag_hashes, status, goal_ids, created_by, changed_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
    [
      orgId,
      thread.id,
      thread.clientId,
      thread.folderId,
      await sealBody(tx, orgId, thread),
      await tagHashes(tx, orgId, thread.tags),
      thread.status,
      thread.goalIds,
      by,
    ],
  );

export const updateThread = async (tx: Tx, orgId: string, thread: NewThread, by: string): Promise<number> =>
  tx.exec(
    `update thread set folder_id = $3, body = $4, tag_hashes = $5, status = $6, goal_ids = $7, changed_by = $8,
       revision = revision + 1, updated_at = now()
     where org_id = $1 and id = $2`,
    [
      orgId,
      thread.id,
      thread.folderId,
      await sealBody(tx, orgId, thread),
      await tagHashes(tx, orgId, thread.tags),
      thread.status,
      thread.goalIds,
      by,
    ],
  );

/** `viewer`: see `viewerOf`; null sees the threads of every client. */
export async function findThread(
  db: Db,
  orgId: string,
  id: string,
  viewer: string | null,
): Promise<Thread | undefined> {
  const row = await db.maybe<ThreadRow>(
    `select ${columns} from ${tables} where t.org_id = $1 and t.id = $2
       and ($3::uuid is null or t.client_id in (select o.client_id from caseload_of($1, $3) o))`,
    [orgId, id, viewer],
  );
  return row && toThread(db, orgId, row);
}

/** As `findThread`, and nobody else changes it, or begins to point at it, until the commit. */
export async function lockThread(
  tx: Tx,
  orgId: string,
  id: string,
  viewer: string | null,
): Promise<Thread | undefined> {
  await tx.exec('select 1 from thread where org_id = $1 and id = $2 for update', [orgId, id]);
  return findThread(tx, orgId, id, viewer);
}

/** Whether the client has this thread; it stays until the commit. */
export const keepThread = async (tx: Tx, orgId: string, clientId: string, id: string): Promise<boolean> =>
  (await tx.maybe('select 1 from thread where org_id = $1 and client_id = $2 and id = $3 for key share', [
    orgId,
    clientId,
    id,
  ])) !== undefined;

/** Of what the viewer may see, newest first; `before` is the id the page starts below. */
export async function listThreads(
  db: Db,
  orgId: string,
  viewer: string | null,
  { clientId, status, tag, folder }: Partial<ThreadQuery>,
  before: string | null,
  limit: number,
): Promise<Thread[]> {
  const rows = await db.many<ThreadRow>(
    `select ${columns} from ${tables}
     where t.org_id = $1 and ($2::uuid is null or t.client_id in (select o.client_id from caseload_of($1, $2) o))
       and ($3::uuid is null or t.client_id = $3) and ($4::text is null or t.status = $4)
       and ($5::bytea[] is null or t.tag_hashes @> $5) and (not $6 or t.folder_id is null)
       and ($7::uuid is null or t.folder_id in (
         with recursive below as (
           select f.id from thread_folder f where f.org_id = $1 and f.id = $7
           union select f.id from thread_folder f join below b on f.parent_id = b.id where f.org_id = $1)
         select b.id from below b))
       and ($8::uuid is null or t.id < $8)
     order by t.id desc limit $9`,
    [
      orgId,
      viewer,
      clientId ?? null,
      status ?? null,
      tag ? await tagHashes(db, orgId, [tag]) : null,
      folder === 'none',
      folder === 'none' ? null : (folder ?? null),
      before,
      limit,
    ],
  );
  return Promise.all(rows.map((row) => toThread(db, orgId, row)));
}

/** Whether a session continues it, something is remembered of it, or somebody reported on it. */
export const threadIsUsed = async (db: Db, orgId: string, id: string): Promise<boolean> =>
  (
    await db.one<{ used: boolean }>(
      `select exists (select 1 from session s where s.org_id = $1 and s.thread_id = $2)
         or exists (select 1 from memory m where m.org_id = $1 and m.thread_id = $2)
         or exists (select 1 from report r where r.org_id = $1 and r.thread_id = $2) as used`,
      [orgId, id],
    )
  ).used;

export const deleteThread = (tx: Tx, orgId: string, id: string): Promise<number> =>
  tx.exec('delete from thread where org_id = $1 and id = $2', [orgId, id]);

/** 0: the client has no such memory, or it is referred to already. */
export const addMemory = (
  tx: Tx,
  orgId: string,
  { threadId, clientId, memoryId }: { threadId: string; clientId: string; memoryId: string },
  by: string,
): Promise<number> =>
  tx.exec(
    `insert into thread_memory (org_id, thread_id, memory_id, client_id, added_by)
     select m.org_id, $2, m.id, m.client_id, $5 from memory m where m.org_id = $1 and m.client_id = $3 and m.id = $4
     on conflict do nothing`,
    [orgId, threadId, clientId, memoryId, by],
  );

export const hasMemory = async (db: Db, orgId: string, threadId: string, memoryId: string): Promise<boolean> =>
  (await db.maybe('select 1 from thread_memory where org_id = $1 and thread_id = $2 and memory_id = $3', [
    orgId,
    threadId,
    memoryId,
  ])) !== undefined;

export const removeMemory = (tx: Tx, orgId: string, threadId: string, memoryId: string): Promise<number> =>
  tx.exec('delete from thread_memory where org_id = $1 and thread_id = $2 and memory_id = $3', [
    orgId,
    threadId,
    memoryId,
  ]);
