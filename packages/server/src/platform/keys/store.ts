import type { Statements } from '../db/statements.ts';

export interface DataKeyRow {
  holder: string;
  version: number;
  /** Id of a master key, or the version of the organisation's key. */
  wrappedBy: string;
  /** null: destroyed. */
  wrapped: Buffer | null;
}

const columns = 'holder_id as holder, version, wrapped_by as "wrappedBy", wrapped';

export const findKey = (db: Statements, orgId: string, holder: string, version: number) =>
  db.maybe<DataKeyRow>(`select ${columns} from data_key where org_id = $1 and holder_id = $2 and version = $3`, [
    orgId,
    holder,
    version,
  ]);

export const newestKey = (db: Statements, orgId: string, holder: string) =>
  db.maybe<DataKeyRow>(
    `select ${columns} from data_key where org_id = $1 and holder_id = $2 order by version desc limit 1`,
    [orgId, holder],
  );

/** By version, oldest first. */
export const listKeys = (db: Statements, orgId: string) =>
  db.many<DataKeyRow>(`select ${columns} from data_key where org_id = $1 order by version`, [orgId]);

export const insertKey = (db: Statements, orgId: string, key: DataKeyRow) =>
  db.exec(`insert into data_key (org_id, holder_id, version, wrapped_by, wrapped) values ($1, $2, $3, $4, $5)`, [
    orgId,
    key.holder,
    key.version,
    key.wrappedBy,
    key.wrapped,
  ]);

export const replaceWrapping = (db: Statements, orgId: string, key: DataKeyRow) =>
  db.exec(
    `update data_key set wrapped_by = $4, wrapped = $5
     where org_id = $1 and holder_id = $2 and version = $3 and wrapped is not null`,
    [orgId, key.holder, key.version, key.wrappedBy, key.wrapped],
  );

/** The number of keys that were there to destroy. */
export const destroyKeys = (db: Statements, orgId: string, holder: string) =>
  db.exec(
    `update data_key set wrapped = null, destroyed_at = now()
     where org_id = $1 and holder_id = $2 and wrapped is not null`,
    [orgId, holder],
  );

export const subjectOfRoom = (db: Statements, orgId: string, roomId: string) =>
  db.maybe<{ subjectId: string | null }>(`select subject_id as "subjectId" from room where org_id = $1 and id = $2`, [
    orgId,
    roomId,
  ]);

/** Organisations first: their key wraps the others. Above all organisations. */
export const holdersWithoutKey = (db: Statements) =>
  db.many<{ orgId: string; holder: string }>(
    `select o.id as "orgId", o.id as holder from org o
     where not exists (select 1 from data_key k where k.org_id = o.id and k.holder_id = o.id)
     union all
     select r.org_id, r.subject_id from (select distinct org_id, subject_id from room where subject_id is not null) r
     where not exists (select 1 from data_key k where k.org_id = r.org_id and k.holder_id = r.subject_id)`,
  );

/** Above all organisations. */
export const orgsWithKey = async (db: Statements): Promise<string[]> =>
  (await db.many<{ id: string }>('select distinct org_id as id from data_key where org_id = holder_id')).map(
    (o) => o.id,
  );

export interface ServerSecretRow {
  wrappedBy: string;
  wrapped: Buffer;
}

/** Above all organisations. */
export const findSecret = (db: Statements, name: string) =>
  db.maybe<ServerSecretRow>('select wrapped_by as "wrappedBy", wrapped from server_secret where name = $1', [name]);

/** Whoever comes second finds the first one's. */
export const insertSecret = (db: Statements, name: string, row: ServerSecretRow) =>
  db.exec('insert into server_secret (name, wrapped_by, wrapped) values ($1, $2, $3) on conflict do nothing', [
    name,
    row.wrappedBy,
    row.wrapped,
  ]);

export const listSecrets = (db: Statements) =>
  db.many<ServerSecretRow & { name: string }>('select name, wrapped_by as "wrappedBy", wrapped from server_secret');

export const replaceSecret = (db: Statements, name: string, row: ServerSecretRow) =>
  db.exec('update server_secret set wrapped_by = $2, wrapped = $3 where name = $1', [name, row.wrappedBy, row.wrapped]);
