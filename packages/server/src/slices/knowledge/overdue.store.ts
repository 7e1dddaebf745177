import type { Db, Tx } from '../../platform/db/db.ts';
import { newId } from '../../platform/ids.ts';

/** Of those that lost nothing: a version is published in the moment in which that is found, or what is next is under way. */
const overdueAfter = `interval '10 minutes'`;
/** Where words alone were found, each time twice as long as before: what keeps meaning away may last. */
const whereWords = `least(interval '1 day', r.finished_at - v.created_at)`;
const mostVersions = 20;

/** Those in which a version waits that may be published by itself. */
export const organisationsWaiting = async (db: Db): Promise<string[]> =>
  (
    await db.many<{ id: string }>(
      `select distinct v.org_id as id from document_version v
       join document d on d.org_id = v.org_id and d.id = v.document_id
       join knowledge_base k on k.org_id = d.org_id and k.id = d.knowledge_base_id and k.publish_unless_lost
       where v.state = 'waiting'`,
    )
  ).map(({ id }) => id);

/**
 * Asks the questions once more with each version that lost nothing long ago, has its vectors of this space, and waits all the
 * same: the server ended before it could go on, or the base publishes by itself only since then. Publishing is left to what
 * is found now: before, the vectors may not have been there. Returns how many runs were queued.
 */
export async function queueOverdue(tx: Tx, orgId: string, space: string | null): Promise<number> {
  const rows = await tx.many<{ evaluation: string; document: string; version: number }>(
    `with overdue as (
       select d.org_id, d.knowledge_base_id, d.id as document, v.version
       from document_version v
       join document d on d.org_id = v.org_id and d.id = v.document_id
       join knowledge_base k on k.org_id = d.org_id and k.id = d.knowledge_base_id and k.publish_unless_lost
       where v.org_id = $1 and v.state = 'waiting'
         and not exists (
           select 1 from index_part p where p.org_id = $1 and p.document_id = d.id and p.waiting
             and $2::text is not null and p.vector_space is distinct from $2)
         and not exists (
           select 1 from evaluation e
           left join lateral (
             select * from evaluation_run r
             where r.org_id = e.org_id and r.evaluation_id = e.id and r.document_id = d.id and r.version = v.version
             order by r.id desc limit 1) r on true
           where e.org_id = $1 and e.knowledge_base_id = k.id
             and not coalesce(r.state = 'done' and coalesce(r.lost, 0) = 0 and r.finished_at < now() -
               greatest(${overdueAfter}, case when r.lost is null then ${whereWords} end), false))
       limit ${mostVersions})
     select e.id as evaluation, o.document, o.version from overdue o
     join evaluation e on e.org_id = o.org_id and e.knowledge_base_id = o.knowledge_base_id`,
    [orgId, space],
  );
  for (const { evaluation, document, version } of rows)
    await tx.exec(
      `insert into evaluation_run (org_id, evaluation_id, id, cause, document_id, version)
       values ($1, $2, $3, 'version', $4, $5)
       on conflict (org_id, evaluation_id, document_id, version) where state = 'queued' do nothing`,
      [orgId, evaluation, newId(), document, version],
    );
  return rows.length;
}
