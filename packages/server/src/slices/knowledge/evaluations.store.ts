import type { Evaluation, EvaluationCreate, EvaluationQuestion, EvaluationRun } from '@rapport/protocol/evaluations';
import type { Db, Tx } from '../../platform/db/db.ts';
import { newId } from '../../platform/ids.ts';
import type { Found, summarise } from './evaluation.ts';

const questionsPlace = (orgId: string, rowId: string) => ({ orgId, table: 'evaluation', column: 'questions', rowId });
const resultsPlace = (orgId: string, rowId: string) => ({ orgId, table: 'evaluation_run', column: 'results', rowId });

interface EvaluationRow {
  id: string;
  name: string;
  questions: Buffer;
  revision: number;
  created_at: string;
  updated_at: string;
}

const columns = 'id, name, questions, revision, created_at, updated_at';
export const runColumns = `r.id, r.cause, r.state, r.questions, r.recall, r.mrr, r.created_at as "createdAt", r.finished_at as "finishedAt"`;

const toEvaluation = async (db: Db, orgId: string, row: EvaluationRow): Promise<Omit<Evaluation, 'lastRun'>> => ({
  id: row.id,
  name: row.name,
  questions: JSON.parse(await db.codec.open(questionsPlace(orgId, row.id), row.questions)) as EvaluationQuestion[],
  revision: row.revision,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export const insertEvaluation = async (
  tx: Tx,
  orgId: string,
  baseId: string,
  id: string,
  { name, questions }: EvaluationCreate,
): Promise<number> =>
  tx.exec(`insert into evaluation (org_id, knowledge_base_id, id, name, questions) values ($1, $2, $3, $4, $5)`, [
    orgId,
    baseId,
    id,
    name,
    await tx.codec.seal(questionsPlace(orgId, id), JSON.stringify(questions)),
  ]);

/** 0: it was changed since that revision. */
export const updateEvaluation = async (
  tx: Tx,
  orgId: string,
  id: string,
  revision: number,
  { name, questions }: EvaluationCreate,
): Promise<number> =>
  tx.exec(
    `update evaluation set name = $4, questions = $5, revision = revision + 1, updated_at = now()
     where org_id = $1 and id = $2 and revision = $3`,
    [orgId, id, revision, name, await tx.codec.seal(questionsPlace(orgId, id), JSON.stringify(questions))],
  );

export const deleteEvaluation = (tx: Tx, orgId: string, baseId: string, id: string): Promise<number> =>
  tx.exec(`delete from evaluation where org_id = $1 and knowledge_base_id = $2 and id = $3`, [orgId, baseId, id]);

export async function findEvaluation(
  db: Db,
  orgId: string,
  baseId: string,
  id: string,
): Promise<Omit<Evaluation, 'lastRun'> | undefined> {
  const row = await db.maybe<EvaluationRow>(
    `select ${columns} from evaluation where org_id = $1 and knowledge_base_id = $2 and id = $3`,
    [orgId, baseId, id],
  );
  return row && toEvaluation(db, orgId, row);
}

/** Newest first, each with its newest run. */
export async function listEvaluations(
  db: Db,
  orgId: string,
  baseId: string,
  before: string | null,
  limit: number,
): Promise<Evaluation[]> {
  const rows = await db.many<EvaluationRow>(
    `select ${columns} from evaluation where org_id = $1 and knowledge_base_id = $2 and ($3::uuid is null or id < $3)
     order by id desc limit $4`,
    [orgId, baseId, before, limit],
  );
  return Promise.all(
    rows.map(async (row) => {
      const [lastRun = null] = await listRuns(db, orgId, row.id, null, 1);
      return { ...(await toEvaluation(db, orgId, row)), lastRun };
    }),
  );
}

/** Of what is searched, newest first. */
export const listRuns = (
  db: Db,
  orgId: string,
  evaluationId: string,
  before: string | null,
  limit: number,
): Promise<EvaluationRun[]> =>
  db.many<EvaluationRun>(
    `select ${runColumns} from evaluation_run r
     where r.org_id = $1 and r.evaluation_id = $2 and r.document_id is null and ($3::uuid is null or r.id < $3)
     order by r.id desc limit $4`,
    [orgId, evaluationId, before, limit],
  );

export interface RunResults {
  run: EvaluationRun;
  results: Found[];
}

export const openResults = async (
  db: Db,
  orgId: string,
  row: EvaluationRun & { results: Buffer | null },
): Promise<RunResults> => {
  const { results, ...run } = row;
  const opened = results && (await db.codec.open(resultsPlace(orgId, row.id), results));
  return { run, results: opened ? (JSON.parse(opened) as Found[]) : [] };
};

export async function findRun(
  db: Db,
  orgId: string,
  evaluationId: string,
  id: string,
): Promise<RunResults | undefined> {
  const row = await db.maybe<EvaluationRun & { results: Buffer | null }>(
    `select ${runColumns}, r.results from evaluation_run r
     where r.org_id = $1 and r.evaluation_id = $2 and r.document_id is null and r.id = $3`,
    [orgId, evaluationId, id],
  );
  return row && openResults(db, orgId, row);
}

/** The last run that came to its end before this one. */
export async function findRunBefore(
  db: Db,
  orgId: string,
  evaluationId: string,
  id: string,
): Promise<RunResults | undefined> {
  const row = await db.maybe<EvaluationRun & { results: Buffer | null }>(
    `select ${runColumns}, r.results from evaluation_run r
     where r.org_id = $1 and r.evaluation_id = $2 and r.document_id is null and r.id < $3 and r.state = 'done'
     order by r.id desc limit 1`,
    [orgId, evaluationId, id],
  );
  return row && openResults(db, orgId, row);
}

export type Queued = { baseId: string } | { roomId: string } | { evaluationId: string };

/**
 * One that waits already will see the change, too; one that is being deleted needs no run. In one order for everybody who queues
 * several. Returns how many were put into the queue.
 */
export async function queueRuns(tx: Tx, orgId: string, of: Queued, cause: EvaluationRun['cause']): Promise<number> {
  const rows = await tx.many<{ id: string }>(
    `select e.id from evaluation e join knowledge_base k on k.org_id = e.org_id and k.id = e.knowledge_base_id
     where e.org_id = $1 and (k.id = $2 or k.room_id = $3 or e.id = $4)
     order by e.id for key share of e skip locked`,
    [
      orgId,
      'baseId' in of ? of.baseId : null,
      'roomId' in of ? of.roomId : null,
      'evaluationId' in of ? of.evaluationId : null,
    ],
  );
  for (const { id } of rows)
    await tx.exec(
      `insert into evaluation_run (org_id, evaluation_id, id, cause) values ($1, $2, $3, $4)
       on conflict (org_id, evaluation_id, document_id, version) where state = 'queued' do nothing`,
      [orgId, id, newId(), cause],
    );
  return rows.length;
}

export interface RunJob {
  orgId: string;
  evaluationId: string;
  id: string;
  /** Whose version that waits is searched in the place of the published one. */
  documentId: string | null;
  version: number | null;
  attempts: number;
}

/**
 * Takes what has waited longest, or what a server left behind. While documents of the base are being read it waits for them:
 * a thousand files are one change. What is searched goes before what waits.
 */
export const claimRun = (db: Db, owner: string, leaseSeconds: number): Promise<RunJob | undefined> =>
  db.maybe<RunJob>(
    `with next as materialized (
       select r.org_id, r.id from evaluation_run r
       join evaluation e on e.org_id = r.org_id and e.id = r.evaluation_id
       where (r.state = 'queued' or (r.state = 'running' and r.lease_until < now()))
         and not exists (
           select 1 from document_version v join document d on d.org_id = v.org_id and d.id = v.document_id
           where d.org_id = e.org_id and d.knowledge_base_id = e.knowledge_base_id
             and v.state in ('queued', 'extracting', 'chunking', 'indexing'))
       order by r.document_id is not null, r.created_at limit 1 for update of r skip locked)
     update evaluation_run r set state = 'running', owner = $1, attempts = r.attempts + 1,
       lease_until = now() + make_interval(secs => $2)
     from next where r.org_id = next.org_id and r.id = next.id
     returning r.org_id as "orgId", r.evaluation_id as "evaluationId", r.id, r.document_id as "documentId", r.version,
       r.attempts`,
    [owner, leaseSeconds],
  );

const mine = `org_id = $1 and id = $2 and owner = $3 and attempts = $4 and state = 'running'`;

export const renewRun = async (db: Db, job: RunJob, owner: string, leaseSeconds: number): Promise<boolean> =>
  (await db.exec(`update evaluation_run set lease_until = now() + make_interval(secs => $5) where ${mine}`, [
    job.orgId,
    job.id,
    owner,
    job.attempts,
    leaseSeconds,
  ])) === 1;

/** Of a run with a version that waits, with what was gained and lost; else null. `lost` is null as well where 0 is not certain. */
type Figures = ReturnType<typeof summarise> & { gained: number | null; lost: number | null };

export const finishRun = async (
  tx: Tx,
  job: RunJob,
  owner: string,
  results: Found[],
  { questions, recall, mrr, gained, lost }: Figures,
): Promise<boolean> =>
  (await tx.exec(
    `update evaluation_run set state = 'done', finished_at = now(), lease_until = null, results = $5, questions = $6,
       recall = $7, mrr = $8, gained = $9, lost = $10 where ${mine}`,
    [
      job.orgId,
      job.id,
      owner,
      job.attempts,
      await tx.codec.seal(resultsPlace(job.orgId, job.id), JSON.stringify(results)),
      questions,
      recall,
      mrr,
      gained,
      lost,
    ],
  )) === 1;

export const failRun = async (tx: Tx, job: RunJob, owner: string): Promise<boolean> =>
  (await tx.exec(`update evaluation_run set state = 'failed', finished_at = now(), lease_until = null where ${mine}`, [
    job.orgId,
    job.id,
    owner,
    job.attempts,
  ])) === 1;

/** A chart of more says no more. */
const kept = 100;

export const dropOldRuns = (tx: Tx, orgId: string, evaluationId: string): Promise<number> =>
  tx.exec(
    `delete from evaluation_run where org_id = $1 and evaluation_id = $2 and document_id is null and id < (
       select id from evaluation_run where org_id = $1 and evaluation_id = $2 and document_id is null
       order by id desc offset ${kept} limit 1)`,
    [orgId, evaluationId],
  );

/** What a run reads: the questions, the base and its room. */
export async function sourceOfRun(
  db: Db,
  { orgId, evaluationId }: RunJob,
): Promise<{ baseId: string; roomId: string; questions: EvaluationQuestion[] } | undefined> {
  const row = await db.maybe<{ baseId: string; roomId: string; questions: Buffer }>(
    `select e.knowledge_base_id as "baseId", k.room_id as "roomId", e.questions from evaluation e
     join knowledge_base k on k.org_id = e.org_id and k.id = e.knowledge_base_id where e.org_id = $1 and e.id = $2`,
    [orgId, evaluationId],
  );
  if (!row) return undefined;
  const opened = await db.codec.open(questionsPlace(orgId, evaluationId), row.questions);
  return { ...row, questions: JSON.parse(opened) as EvaluationQuestion[] };
}
