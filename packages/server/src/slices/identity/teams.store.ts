import type { Db, Tx } from '../../platform/db/db.ts';
import type { TeamRow } from './schema.ts';

const columns = `t.id, t.name, t.created_at,
  coalesce((select json_agg(json_build_object('id', u.id, 'name', u.name) order by lower(u.name), u.id) from team_member m
    join app_user u on u.org_id = m.org_id and u.id = m.user_id
    where m.org_id = t.org_id and m.team_id = t.id), '[]') as members`;

/** Newest first; `before` is the id the page starts below. */
export const listTeams = (db: Db, orgId: string, before: string | null, limit: number) =>
  db.many<TeamRow>(
    `select ${columns} from team t where t.org_id = $1 and ($2::uuid is null or t.id < $2) order by t.id desc limit $3`,
    [orgId, before, limit],
  );

export const findTeam = (db: Db, orgId: string, id: string) =>
  db.maybe<TeamRow>(`select ${columns} from team t where t.org_id = $1 and t.id = $2`, [orgId, id]);

/** Nobody else changes the team until the commit. */
export const lockTeam = (tx: Tx, orgId: string, id: string) =>
  tx.maybe('select id from team where org_id = $1 and id = $2 for update', [orgId, id]);

/** 0 where another team has the name. */
export const insertTeam = (db: Db, orgId: string, id: string, name: string) =>
  db.exec('insert into team (org_id, id, name) values ($1, $2, $3) on conflict do nothing', [orgId, id, name]);

export const nameTaken = async (db: Db, orgId: string, name: string, exceptId: string): Promise<boolean> =>
  (await db.maybe('select id from team where org_id = $1 and lower(name) = lower($2) and id <> $3', [
    orgId,
    name,
    exceptId,
  ])) !== undefined;

export const renameTeam = (tx: Tx, orgId: string, id: string, name: string) =>
  tx.exec('update team set name = $3 where org_id = $1 and id = $2', [orgId, id, name]);

export const deleteTeam = (db: Db, orgId: string, id: string) =>
  db.exec('delete from team where org_id = $1 and id = $2', [orgId, id]);

/** Which of these are members that can belong to a team. */
export const knownMembers = (db: Db, orgId: string, ids: readonly string[]) =>
  db.many<{ id: string }>(
    `select id from app_user where org_id = $1 and id = any($2::uuid[]) and status <> 'removed'`,
    [orgId, ids],
  );

export async function setMembers(tx: Tx, orgId: string, teamId: string, ids: readonly string[]): Promise<void> {
  await tx.exec('delete from team_member where org_id = $1 and team_id = $2 and user_id <> all($3::uuid[])', [
    orgId,
    teamId,
    ids,
  ]);
  await tx.exec(
    `insert into team_member (org_id, team_id, user_id) select $1, $2, m from unnest($3::uuid[]) m on conflict do nothing`,
    [orgId, teamId, ids],
  );
}
