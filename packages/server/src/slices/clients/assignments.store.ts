import type { Assignments } from '@rapport/protocol/members';
import type { Db, Tx } from '../../platform/db/db.ts';

interface Holder {
  kind: 'member' | 'team';
  id: string;
  name: string;
}

export async function listAssignments(db: Db, orgId: string, clientId: string): Promise<Assignments> {
  const rows = await db.many<Holder>(
    `select 'member' as kind, u.id, u.name from client_assignment a
     join app_user u on u.org_id = a.org_id and u.id = a.user_id where a.org_id = $1 and a.client_id = $2
     union all
     select 'team' as kind, t.id, t.name from client_assignment a
     join team t on t.org_id = a.org_id and t.id = a.team_id where a.org_id = $1 and a.client_id = $2
     order by name, id`,
    [orgId, clientId],
  );
  const of = (kind: Holder['kind']) => rows.filter((row) => row.kind === kind).map(({ id, name }) => ({ id, name }));
  return { members: of('member'), teams: of('team') };
}

/** How many of these can be given a client. */
export const countHolders = async (
  db: Db,
  orgId: string,
  holders: { memberIds: readonly string[]; teamIds: readonly string[] },
): Promise<{ members: number; teams: number }> =>
  db.one(
    `select
       (select count(*) from app_user where org_id = $1 and id = any($2::uuid[]) and status <> 'removed') as members,
       (select count(*) from team where org_id = $1 and id = any($3::uuid[])) as teams`,
    [orgId, holders.memberIds, holders.teamIds],
  );

/** Who looks after a client: those it is assigned to, and those of its teams. */
export const assigneesOf = async (db: Db, orgId: string, clientId: string): Promise<string[]> =>
  (
    await db.many<{ id: string }>(
      `select a.user_id as id from client_assignment a
       where a.org_id = $1 and a.client_id = $2 and a.user_id is not null
       union
       select t.user_id from client_assignment a
       join team_member t on t.org_id = a.org_id and t.team_id = a.team_id
       where a.org_id = $1 and a.client_id = $2`,
      [orgId, clientId],
    )
  ).map((row) => row.id);

export async function setAssignments(
  tx: Tx,
  orgId: string,
  clientId: string,
  holders: { memberIds: readonly string[]; teamIds: readonly string[] },
  by: string,
): Promise<void> {
  const { memberIds, teamIds } = holders;
  await tx.exec('delete from client_assignment where org_id = $1 and client_id = $2 and holder_id <> all($3::uuid[])', [
    orgId,
    clientId,
    [...memberIds, ...teamIds],
  ]);
  await tx.exec(
    `insert into client_assignment (org_id, client_id, user_id, assigned_by)
     select $1, $2, m, $4 from unnest($3::uuid[]) m on conflict do nothing`,
    [orgId, clientId, memberIds, by],
  );
  await tx.exec(
    `insert into client_assignment (org_id, client_id, team_id, assigned_by)
     select $1, $2, t, $4 from unnest($3::uuid[]) t on conflict do nothing`,
    [orgId, clientId, teamIds, by],
  );
}
