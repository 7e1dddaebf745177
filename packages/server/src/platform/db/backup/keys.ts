import { StartupError } from '../../startupError.ts';
import type { Statements } from '../statements.ts';

interface KeyRow {
  org: string;
  holder: string;
  version: number;
  wrappedBy: string;
  wrapped: Buffer | null;
  createdAt: string;
  destroyedAt: string | null;
}

/** The wrapped keys of the database that is about to be replaced. */
export const readKeys = (db: Statements): Promise<KeyRow[]> =>
  db.many<KeyRow>(
    `select org_id as org, holder_id as holder, version, wrapped_by as "wrappedBy", wrapped, created_at::text as "createdAt",
       destroyed_at::text as "destroyedAt"
     from data_key`,
  );

/** Adds what the backup lacks. A key that was destroyed since stays destroyed. */
export async function addKeys(db: Statements, keys: KeyRow[]): Promise<void> {
  for (const k of keys) {
    await db.exec(
      `insert into data_key (org_id, holder_id, version, wrapped_by, wrapped, created_at, destroyed_at)
       select $1, $2, $3, $4, $5, $6, $7 where exists (select 1 from org where id = $1)
       on conflict (org_id, holder_id, version) do update set wrapped = null, destroyed_at = excluded.destroyed_at
         where excluded.wrapped is null`,
      [k.org, k.holder, k.version, k.wrappedBy, k.wrapped, k.createdAt, k.destroyedAt],
    );
  }
}

/**
 * Whether everything restored can be read.
 * @throws {StartupError} where a key is missing, or the master key is another.
 */
export async function checkKeys(db: Statements, knowsMasterKey: (id: string) => boolean): Promise<void> {
  const holders = await db.many<{ holder: string }>(
    `select o.id as holder from org o
     where not exists (select 1 from data_key k where k.org_id = o.id and k.holder_id = o.id and k.wrapped is not null)
     union all
     select c.id from client c where not exists (select 1 from data_key k where k.org_id = c.org_id and k.holder_id = c.id)`,
  );
  if (holders.length > 0) {
    throw new StartupError(
      `Neither the backup nor this database has the keys of ${holders.length} of those whose content it holds.`,
      'Name the file of keys that was written with this backup, or a later one: --keys FILE. Nothing was changed.',
    );
  }
  const masters = await db.many<{ id: string }>(
    `select distinct wrapped_by as id from data_key where org_id = holder_id and wrapped is not null`,
  );
  if (masters.every(({ id }) => knowsMasterKey(id))) return;
  throw new StartupError(
    'The keys of this backup are wrapped under another master key than the one at hand.',
    'Bring back the secret.key that belongs to it (see docs/admin/keys.md). Nothing was changed.',
  );
}
