import type { EvaluationRun } from '@rapport/protocol/evaluations';
import type { Db, Tx } from '../../platform/db/db.ts';
import { newId } from '../../platform/ids.ts';
import { openResults, runColumns, type Queued, type RunJob, type RunResults } from './evaluations.store.ts';

/**
 * Runs with each version that waits, or that of one document, in the place of the published one. What another transaction is deleting
 * needs none; to wait for it would be a deadlock, since it queues its own runs before it commits. Returns how many there are to do.
 */
export async function queueTrials(
  tx: Tx,
  orgId: string,
  of: Queued,
  documentId: string | null = null,
): Promise<number> {
  const rows = await tx.many<{ evaluation: string; document: string; version: number }>(
    `select e.id as evaluation, v.document_id as document, v.version
     from evaluation e
     join knowledge_base k on k.org_id = e.org_id and k.id = e.knowledge_base_id
     join document d on d.org_id = k.org_id and d.knowledge_base_id = k.id
     join document_version v on v.org_id = d.org_id and v.document_id = d.id and v.state = 'waiting'
     where e.org_id = $1 and (k.id = $2 or k.room_id = $3 or e.id = $4) and ($5::uuid is null or d.id = $5)
     order by e.id, v.document_id for key share of e, v skip locked`,
    [
      orgId,
      'baseId' in of ? of.baseId : null,
      'roomId' in of ? of.roomId : null,
      'evaluationId' in of ? of.evaluationId : null,
      documentId,
    ],
  );
  await tx.exec(
    `insert into evaluation_run (org_id, evaluation_id, id, cause, document_id, version)
     select $1, x.evaluation, x.id, 'version', x.document, x.version
     from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[]) with ordinality as x(evaluation, id, document, version, n)
     order by x.n
     on conflict (org_id, evaluation_id, document_id, version) where state = 'queued' do nothing`,
    [
      orgId,
      rows.map(({ evaluation }) => evaluation),
      rows.map(() => newId()),
      rows.map(({ document }) => document),
      rows.map(({ version }) => version),
    ],
  );
  return rows.length;
}

interface Trial {
  title: string;
  /** Whether it is published by itself where nothing is lost. */
  unlessLost: boolean;
}

/** Nobody publishes, replaces or deletes the version meanwhile. Undefined: it does not wait any more. */
export async function lockTrial(tx: Tx, { orgId, documentId, version }: RunJob): Promise<Trial | undefined> {
  // By itself, so that what is read then is what is left of those who had the lock before.
  await tx.exec(`select 1 from document where org_id = $1 and id = $2 for update`, [orgId, documentId]);
  return tx.maybe<Trial>(
    `select d.title, k.publish_unless_lost as "unlessLost"
     from document d
     join knowledge_base k on k.org_id = d.org_id and k.id = d.knowledge_base_id
     join document_version v on v.org_id = d.org_id and v.document_id = d.id and v.version = $3 and v.state = 'waiting'
     where d.org_id = $1 and d.id = $2`,
    [orgId, documentId, version],
  );
}

/** Of a version that does not wait any more a run says nothing. */
export const dropTrial = (tx: Tx, { orgId, id }: RunJob): Promise<number> =>
  tx.exec(`delete from evaluation_run where org_id = $1 and id = $2 and document_id is not null`, [orgId, id]);

/** The newest run of each evaluation is what counts of a version. */
export const dropOldTrials = (tx: Tx, { orgId, evaluationId, documentId, version, id }: RunJob): Promise<number> =>
  tx.exec(
    `delete from evaluation_run
     where org_id = $1 and evaluation_id = $2 and document_id = $3 and version = $4 and id < $5`,
    [orgId, evaluationId, documentId, version, id],
  );

export interface TrialResults {
  evaluationId: string;
  name: string;
  found: RunResults | null;
}

/** What each evaluation of a base found with a version, newest evaluation first. */
export async function listTrials(
  db: Db,
  orgId: string,
  of: { baseId: string; documentId: string; version: number },
  before: string | null,
  limit: number,
): Promise<TrialResults[]> {
  const rows = await db.many<{ evaluation: string; name: string } & EvaluationRun & { results: Buffer | null }>(
    `select e.id as evaluation, e.name, ${runColumns}, r.results
     from evaluation e
     left join lateral (
       select * from evaluation_run r
       where r.org_id = e.org_id and r.evaluation_id = e.id and r.document_id = $3 and r.version = $4
       order by r.id desc limit 1) r on true
     where e.org_id = $1 and e.knowledge_base_id = $2 and ($5::uuid is null or e.id < $5)
     order by e.id desc limit $6`,
    [orgId, of.baseId, of.documentId, of.version, before, limit],
  );
  return Promise.all(
    rows.map(async ({ evaluation, name, ...run }) => ({
      evaluationId: evaluation,
      name,
      found: (run.id as string | null) === null ? null : await openResults(db, orgId, run),
    })),
  );
}

/**
 * Whether every evaluation of a base came to its end with a version and lost nothing, and no passage of it lacks its vector of this space:
 * with it, the questions are asked again.
 */
export const nothingLost = async (
  tx: Tx,
  { orgId, documentId, version }: RunJob,
  space: string | null,
): Promise<boolean> =>
  (
    await tx.one<{ kept: boolean }>(
      `select coalesce(bool_and(coalesce(r.state = 'done' and r.lost = 0, false)), false) and not exists (
         select 1 from index_part p where p.org_id = $1 and p.document_id = $2 and p.waiting
           and $4::text is not null and p.vector_space is distinct from $4) as kept
       from document d
       join evaluation e on e.org_id = d.org_id and e.knowledge_base_id = d.knowledge_base_id
       left join lateral (
         select * from evaluation_run r
         where r.org_id = e.org_id and r.evaluation_id = e.id and r.document_id = d.id and r.version = $3
         order by r.id desc limit 1) r on true
       where d.org_id = $1 and d.id = $2`,
      [orgId, documentId, version, space],
    )
  ).kept;
