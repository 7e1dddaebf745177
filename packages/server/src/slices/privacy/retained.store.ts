import type { Db, Tx } from '../../platform/db/db.ts';
import { deleteRows } from './rows.store.ts';

/** Ids that a legal hold keeps. */
export interface Held {
  clients: string[];
  sessions: string[];
}

interface Counted {
  count: number;
  oldest: string | null;
  held: number;
}

export const countSessions = (db: Db, orgId: string, before: string, held: Held) =>
  db.one<Counted>(
    `select count(*) filter (where not h) as count, min(last_activity_at) filter (where not h) as oldest,
       count(*) filter (where h) as held
     from (select last_activity_at, coalesce(client_id = any($3::uuid[]), false) or id = any($4::uuid[]) as h
       from session where org_id = $1 and last_activity_at < $2) s`,
    [orgId, before, held.clients, held.sessions],
  );

/** A session in which a reply is being made at this moment is left for the next run. */
export const lockSessions = (tx: Tx, orgId: string, before: string, held: Held, limit: number) =>
  tx.many<{ id: string; roomId: string }>(
    `select id, room_id as "roomId" from session s
     where org_id = $1 and last_activity_at < $2
       and not (coalesce(client_id = any($3::uuid[]), false) or id = any($4::uuid[])) and not exists (
         select 1 from generation g where g.org_id = $1 and g.session_id = s.id and g.status = 'running')
     order by last_activity_at limit $5 for update skip locked`,
    [orgId, before, held.clients, held.sessions, limit],
  );

/** Everything the catalogue knows of these sessions; their client stays. */
export async function deleteSessions(tx: Tx, orgId: string, sessions: { id: string; roomId: string }[]): Promise<void> {
  const ids = sessions.map((session) => session.id);
  const replies = await tx.many<{ id: string }>(
    'select id from generation where org_id = $1 and session_id = any($2::uuid[])',
    [orgId, ids],
  );
  const room = sessions.map((session) => session.roomId);
  await deleteRows(tx, orgId, { client: [], session: ids, room, generation: replies.map((reply) => reply.id) });
}

const tokensOfOld = `from generation g join session s on s.org_id = g.org_id and s.id = g.session_id
  where g.org_id = $1 and g.ended_at < $2 and g.status <> 'running'
    and exists (select 1 from token_log t where t.org_id = g.org_id and t.generation_id = g.id)`;

/** Replies whose word-by-word log still stands. */
export const countDrafts = (db: Db, orgId: string, before: string, held: Held) =>
  db.one<Counted>(
    `select count(*) filter (where not h) as count, min(ended_at) filter (where not h) as oldest,
       count(*) filter (where h) as held
     from (select g.ended_at, coalesce(s.client_id = any($3::uuid[]), false) or s.id = any($4::uuid[]) as h
       ${tokensOfOld}) d`,
    [orgId, before, held.clients, held.sessions],
  );

export const deleteDrafts = async (tx: Tx, orgId: string, before: string, held: Held, limit: number): Promise<number> =>
  (
    await tx.one<{ replies: number }>(
      `with old as (select g.id ${tokensOfOld}
           and not (coalesce(s.client_id = any($3::uuid[]), false) or s.id = any($4::uuid[]))
         order by g.ended_at limit $5),
       gone as (delete from token_log t using old where t.org_id = $1 and t.generation_id = old.id)
       select count(*) as replies from old`,
      [orgId, before, held.clients, held.sessions, limit],
    )
  ).replies;

/** Members who left and of whom the audit log holds no act any more lose their name. */
export const forgetFormer = (tx: Tx, orgId: string): Promise<number> =>
  tx.exec(
    `update app_user u set name = 'Former member'
     where u.org_id = $1 and u.status = 'removed' and u.name <> 'Former member' and not exists (
       select 1 from audit_entry e where e.org_id = $1 and (e.actor_id = u.id or e.subject_ids @> array[u.id]))`,
    [orgId],
  );

const holdsOne = `exists (select 1 from deid_item i join session s on s.org_id = i.org_id and s.id = i.session_id
  where i.org_id = e.org_id and i.export_id = e.id
    and (coalesce(s.client_id = any($3::uuid[]), false) or s.id = any($4::uuid[])))`;

export const countFiles = (db: Db, orgId: string, before: string, held: Held) =>
  db.one<Counted>(
    `select count(*) filter (where not h) as count, min(created_at) filter (where not h) as oldest,
       count(*) filter (where h) as held
     from (select e.created_at, ${holdsOne} as h from deid_export e where e.org_id = $1 and e.created_at < $2) f`,
    [orgId, before, held.clients, held.sessions],
  );

export const deleteFiles = (tx: Tx, orgId: string, before: string, held: Held, limit: number): Promise<number> =>
  tx.exec(
    `delete from deid_export where org_id = $1 and id in (
       select e.id from deid_export e where e.org_id = $1 and e.created_at < $2 and not ${holdsOne}
       order by e.created_at limit $5)`,
    [orgId, before, held.clients, held.sessions, limit],
  );

const oldMemories = `from memory m join memory_revision r on r.org_id = m.org_id and r.memory_id = m.id and r.revision = m.revision
  where m.org_id = $1 and r.at < $2 and m.client_id is not null`;

export const countMemories = (db: Db, orgId: string, before: string, held: Held) =>
  db.one<Counted>(
    `select count(*) filter (where not h) as count, min(at) filter (where not h) as oldest,
       count(*) filter (where h) as held
     from (select r.at, m.client_id = any($3::uuid[]) as h ${oldMemories}) o`,
    [orgId, before, held.clients],
  );

/** With their history and their quotes, and the record of which replies were given them. */
export const deleteMemories = (tx: Tx, orgId: string, before: string, held: Held, limit: number): Promise<number> =>
  tx.exec(
    `delete from memory where org_id = $1 and id in (
       select m.id ${oldMemories} and not m.client_id = any($3::uuid[]) order by r.at limit $4)`,
    [orgId, before, held.clients, limit],
  );
