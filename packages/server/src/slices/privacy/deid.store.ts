import type { DeidExport, DeidItem } from '@rapport/protocol/deid';
import type { Db, Tx } from '../../platform/db/db.ts';

/** What an item holds, sealed for whom its session is about. */
export interface DeidBody {
  /** How the session and its client are called; null where nothing links. */
  name: string | null;
  client: string | null;
  year: number;
  messages: (DeidItem['messages'][number] & { day: number | null })[];
}

const place = (orgId: string, exportId: string, ordinal: number) => ({
  orgId,
  table: 'deid_item',
  column: 'body',
  rowId: `${exportId}/${ordinal}`,
});

interface ExportRow {
  id: string;
  form: DeidExport['form'];
  purpose: DeidExport['purpose'];
  status: DeidExport['status'];
  sessions: number;
  left_out: number;
  created_by: string;
  created_by_name: string;
  created_at: string;
  reviewed_by: string | null;
  reviewed_by_name: string | null;
  reviewed_at: string | null;
  remark: string;
}

const columns = `id, form, purpose, status, left_out, created_by, created_by_name, created_at, reviewed_by,
  reviewed_by_name, reviewed_at, remark,
  (select count(*)::int from deid_item i where i.org_id = e.org_id and i.export_id = e.id) as sessions`;

const toExport = (row: ExportRow): DeidExport => ({
  id: row.id,
  form: row.form,
  purpose: row.purpose,
  status: row.status,
  sessions: row.sessions,
  leftOut: row.left_out,
  createdBy: { id: row.created_by, name: row.created_by_name },
  createdAt: row.created_at,
  reviewedBy: row.reviewed_by === null ? null : { id: row.reviewed_by, name: row.reviewed_by_name ?? '' },
  reviewedAt: row.reviewed_at,
  remark: row.remark,
});

export const insertExport = (
  tx: Tx,
  orgId: string,
  made: Pick<DeidExport, 'id' | 'form' | 'purpose' | 'leftOut' | 'createdBy'>,
) =>
  tx.exec(
    `insert into deid_export (org_id, id, form, purpose, left_out, created_by, created_by_name)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [orgId, made.id, made.form, made.purpose, made.leftOut, made.createdBy.id, made.createdBy.name],
  );

export const insertItem = async (
  tx: Tx,
  orgId: string,
  item: { exportId: string; ordinal: number; sessionId: string; roomId: string; body: DeidBody },
) =>
  tx.exec(`insert into deid_item (org_id, export_id, ordinal, session_id, body) values ($1, $2, $3, $4, $5)`, [
    orgId,
    item.exportId,
    item.ordinal,
    item.sessionId,
    await tx.codec.seal(place(orgId, item.exportId, item.ordinal), JSON.stringify(item.body), { room: item.roomId }),
  ]);

export async function findExport(db: Db, orgId: string, id: string): Promise<DeidExport | undefined> {
  const row = await db.maybe<ExportRow>(`select ${columns} from deid_export e where org_id = $1 and id = $2`, [
    orgId,
    id,
  ]);
  return row && toExport(row);
}

/** Newest first; `before` is the id the page starts below. */
export const listExports = async (db: Db, orgId: string, before: string | null, limit: number): Promise<DeidExport[]> =>
  (
    await db.many<ExportRow>(
      `select ${columns} from deid_export e
       where org_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
      [orgId, before, limit],
    )
  ).map(toExport);

export interface StoredItem {
  ordinal: number;
  sessionId: string;
  roomId: string;
  body: DeidBody;
}

/** In order, those after `after`. */
export async function listItems(
  db: Db,
  orgId: string,
  exportId: string,
  after: number,
  limit: number,
): Promise<StoredItem[]> {
  const rows = await db.many<Omit<StoredItem, 'body'> & { body: Buffer }>(
    `select i.ordinal, i.session_id as "sessionId", s.room_id as "roomId", i.body from deid_item i
     join session s on s.org_id = i.org_id and s.id = i.session_id
     where i.org_id = $1 and i.export_id = $2 and i.ordinal > $3 order by i.ordinal limit $4`,
    [orgId, exportId, after, limit],
  );
  return Promise.all(
    rows.map(async ({ body, ...row }) => ({
      ...row,
      body: JSON.parse(await db.codec.open(place(orgId, exportId, row.ordinal), body)) as DeidBody,
    })),
  );
}

export const replaceBody = async (tx: Tx, orgId: string, exportId: string, item: StoredItem) =>
  tx.exec('update deid_item set body = $4 where org_id = $1 and export_id = $2 and ordinal = $3', [
    orgId,
    exportId,
    item.ordinal,
    await tx.codec.seal(place(orgId, exportId, item.ordinal), JSON.stringify(item.body), { room: item.roomId }),
  ]);

/** 0: it was decided on already. */
export const decide = (
  tx: Tx,
  orgId: string,
  id: string,
  decision: { status: 'approved' | 'rejected'; remark: string; by: { id: string; name: string } },
) =>
  tx.exec(
    `update deid_export set status = $3, remark = $4, reviewed_by = $5, reviewed_by_name = $6, reviewed_at = now()
     where org_id = $1 and id = $2 and status = 'waiting'`,
    [orgId, id, decision.status, decision.remark, decision.by.id, decision.by.name],
  );

export const deleteItems = (tx: Tx, orgId: string, id: string) =>
  tx.exec('delete from deid_item where org_id = $1 and export_id = $2', [orgId, id]);

export const deleteExport = (db: Db, orgId: string, id: string) =>
  db.exec('delete from deid_export where org_id = $1 and id = $2', [orgId, id]);
