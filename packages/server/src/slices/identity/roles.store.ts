import type { Db, Tx } from '../../platform/db/db.ts';
import type { CustomRoleRow } from './schema.ts';

const columns = `c.id, c.name, c.about, c.permissions,
  (select count(*) from member_role m where m.org_id = c.org_id and m.custom_role_id = c.id) as members`;

export const listRoles = (db: Db, orgId: string) =>
  db.many<CustomRoleRow>(`select ${columns} from custom_role c where c.org_id = $1 order by lower(c.name), c.id`, [
    orgId,
  ]);

export const findRole = (db: Db, orgId: string, id: string) =>
  db.maybe<CustomRoleRow>(`select ${columns} from custom_role c where c.org_id = $1 and c.id = $2`, [orgId, id]);

/** How many members have each built-in role. */
export const countBuiltIn = (db: Db, orgId: string) =>
  db.many<{ role: string; members: number }>(
    `select built_in as role, count(*) as members from member_role
     where org_id = $1 and built_in is not null group by built_in`,
    [orgId],
  );

/** What these custom roles give; fewer rows than ids mean that some do not exist. */
export const findCustom = (db: Db, orgId: string, ids: readonly string[]) =>
  db.many<{ id: string; permissions: string[] }>(
    'select id, permissions from custom_role where org_id = $1 and id = any($2::uuid[])',
    [orgId, ids],
  );

export const nameTaken = async (db: Db, orgId: string, name: string, exceptId: string | null): Promise<boolean> =>
  (await db.maybe(
    'select id from custom_role where org_id = $1 and lower(name) = lower($2) and id is distinct from $3',
    [orgId, name, exceptId],
  )) !== undefined;

export const insertRole = (
  tx: Tx,
  orgId: string,
  role: { id: string; name: string; about: string; permissions: readonly string[] },
) =>
  tx.exec('insert into custom_role (org_id, id, name, about, permissions) values ($1, $2, $3, $4, $5)', [
    orgId,
    role.id,
    role.name,
    role.about,
    role.permissions,
  ]);

export const updateRole = (
  tx: Tx,
  orgId: string,
  role: { id: string; name: string; about: string; permissions: readonly string[] },
) =>
  tx.exec(
    `update custom_role set name = $3, about = $4, permissions = $5, updated_at = now() where org_id = $1 and id = $2`,
    [orgId, role.id, role.name, role.about, role.permissions],
  );

export const deleteRole = (tx: Tx, orgId: string, id: string) =>
  tx.exec('delete from custom_role where org_id = $1 and id = $2', [orgId, id]);
