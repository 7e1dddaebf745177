import type { DocumentState } from '@rapport/protocol/knowledge';
import type { Db, Tx } from '../../platform/db/db.ts';
import { nameNewest, type Origin } from './documents.store.ts';
import { bodyPlace, originPlace, type VersionRow } from './schema.ts';

/** A version that a server works on. `attempts` and the owner together say whose it is. */
export interface Job {
  orgId: string;
  documentId: string;
  version: number;
  attempts: number;
}

const working = `state in ('queued', 'extracting', 'chunking', 'indexing')`;

/**
 * Takes what has waited longest, or what a server left behind whose lease has ended. One row: written as `in (… limit 1 for
 * update skip locked)` the planner may ask anew for each row, and what it claims then is nobody's work.
 */
export const claimJob = (db: Db, owner: string, leaseSeconds: number): Promise<Job | undefined> =>
  db.maybe<Job>(
    `with next as materialized (
       select org_id, document_id, version from document_version
       where ${working} and (lease_until is null or lease_until < now())
       order by queued_at limit 1 for update skip locked)
     update document_version v
     set owner = $1, attempts = v.attempts + 1, lease_until = now() + make_interval(secs => $2)
     from next where v.org_id = next.org_id and v.document_id = next.document_id and v.version = next.version
     returning v.org_id as "orgId", v.document_id as "documentId", v.version, v.attempts`,
    [owner, leaseSeconds],
  );

const mine = `org_id = $1 and document_id = $2 and version = $3 and owner = $4 and attempts = $5 and ${working}`;
const keyOf = ({ orgId, documentId, version, attempts }: Job, owner: string) => [
  orgId,
  documentId,
  version,
  owner,
  attempts,
];

/** False: the document was deleted, or another server has it. */
export const renewJob = async (db: Db, job: Job, owner: string, leaseSeconds: number): Promise<boolean> =>
  (await db.exec(`update document_version set lease_until = now() + make_interval(secs => $6) where ${mine}`, [
    ...keyOf(job, owner),
    leaseSeconds,
  ])) === 1;

/** Lets another server, or the next start, take it at once. */
export const releaseJob = (db: Db, job: Job, owner: string): Promise<number> =>
  db.exec(
    `update document_version set lease_until = null, state = 'queued', attempts = attempts - 1 where ${mine}`,
    keyOf(job, owner),
  );

export interface JobSource extends Origin {
  baseId: string;
  roomId: string;
  title: string;
  /** Of the knowledge base. */
  language: string | null;
  source: VersionRow['source'];
  blobId: string | null;
  newest: number;
}

export async function sourceOfJob(db: Db, { orgId, documentId, version }: Job): Promise<JobSource | undefined> {
  const row = await db.maybe<Omit<JobSource, keyof Origin> & { origin: Buffer | null }>(
    `select d.knowledge_base_id as "baseId", k.room_id as "roomId", d.title, k.language, v.source, v.origin,
       v.blob_id as "blobId", d.version as newest
     from document_version v
     join document d on d.org_id = v.org_id and d.id = v.document_id
     join knowledge_base k on k.org_id = d.org_id and k.id = d.knowledge_base_id
     where v.org_id = $1 and v.document_id = $2 and v.version = $3`,
    [orgId, documentId, version],
  );
  if (!row) return undefined;
  const { origin, ...rest } = row;
  const opened = origin && (await db.codec.open(originPlace(orgId, documentId, version), origin));
  return { ...rest, ...(opened ? (JSON.parse(opened) as Origin) : { fileName: null, url: null }) };
}

/** Within the transaction the version is nobody else's. False: it was given up meanwhile. */
export async function markState(tx: Tx, job: Job, owner: string, state: DocumentState): Promise<boolean> {
  return (await tx.exec(`update document_version set state = $6 where ${mine}`, [...keyOf(job, owner), state])) === 1;
}

export const markFetched = async (
  tx: Tx,
  job: Job,
  owner: string,
  file: { blobId: string; bytes: number; origin: Origin },
): Promise<boolean> =>
  (await tx.exec(`update document_version set blob_id = $6, bytes = $7, origin = $8 where ${mine}`, [
    ...keyOf(job, owner),
    file.blobId,
    file.bytes,
    await tx.codec.seal(originPlace(job.orgId, job.documentId, job.version), JSON.stringify(file.origin)),
  ])) === 1;

export const markFailed = async (tx: Tx, job: Job, owner: string, reason: string): Promise<boolean> =>
  (await tx.exec(`update document_version set state = 'failed', failure = $6, lease_until = null where ${mine}`, [
    ...keyOf(job, owner),
    reason,
  ])) === 1;

export interface Extract {
  text: string;
  format: string;
  language: string | null;
  pages: number[] | null;
}

/** The text; of a version that is `ready` the document is read and searched from now on. False: it was given up meanwhile. */
export async function markRead(
  tx: Tx,
  job: Job,
  owner: string,
  state: 'ready' | 'waiting',
  extract: Extract,
): Promise<boolean> {
  const { orgId, documentId, version } = job;
  const marked = await tx.exec(
    `update document_version set state = $6, failure = null, lease_until = null, body = $7, length = $8, format = $9,
       language = $10, pages = $11 where ${mine}`,
    [
      ...keyOf(job, owner),
      state,
      await tx.codec.seal(bodyPlace(orgId, documentId, version), extract.text),
      extract.text.length,
      extract.format,
      extract.language,
      extract.pages,
    ],
  );
  if (marked !== 1) return false;
  if (state === 'ready') await nameReady(tx, orgId, documentId, version, extract.text.length);
  return true;
}

const nameReady = (tx: Tx, orgId: string, documentId: string, version: number, length: number): Promise<number> =>
  tx.exec(`update document set ready_version = $3, length = $4, updated_at = now() where org_id = $1 and id = $2`, [
    orgId,
    documentId,
    version,
    length,
  ]);

/** What is being read of a document, or waits to be published, gives way to a newer version. What runs with it ends by itself. */
export const giveWay = (tx: Tx, orgId: string, documentId: string): Promise<number> =>
  tx.exec(
    `update document_version set state = 'failed', failure = 'replaced', lease_until = null
     where org_id = $1 and document_id = $2 and (${working} or state = 'waiting')`,
    [orgId, documentId],
  );

/** Before its versions, so that those who change a document and those who read it come one after the other. */
export const lockForJob = (tx: Tx, { orgId, documentId }: Job) =>
  tx.maybe<{ title: string; readyVersion: number | null }>(
    `select title, ready_version as "readyVersion" from document where org_id = $1 and id = $2 for update`,
    [orgId, documentId],
  );

export const retitle = (tx: Tx, { orgId, documentId }: Job, title: string): Promise<number> =>
  tx.exec(`update document set title = $3 where org_id = $1 and id = $2`, [orgId, documentId, title]);

/** Back into the queue, as if it were new. */
export const requeue = (tx: Tx, orgId: string, documentId: string, version: number): Promise<number> =>
  tx.exec(
    `update document_version set state = 'queued', failure = null, attempts = 0, owner = null, lease_until = null,
       queued_at = now()
     where org_id = $1 and document_id = $2 and version = $3`,
    [orgId, documentId, version],
  );

export interface PastedVersion {
  version: number;
  state: 'ready' | 'waiting';
  text: string;
  createdBy: string;
}

/** A version that needs no queue: text that was pasted. */
export async function insertRead(tx: Tx, orgId: string, documentId: string, pasted: PastedVersion): Promise<void> {
  const { version, state, text, createdBy } = pasted;
  await tx.exec(
    `insert into document_version (org_id, document_id, version, state, source, bytes, format, length, body, created_by)
     values ($1, $2, $3, $4, 'text', $5, 'markdown', $6, $7, $8)`,
    [
      orgId,
      documentId,
      version,
      state,
      Buffer.byteLength(text),
      text.length,
      await tx.codec.seal(bodyPlace(orgId, documentId, version), text),
      createdBy,
    ],
  );
  await nameNewest(tx, orgId, documentId, version);
  if (state === 'ready') await nameReady(tx, orgId, documentId, version, text.length);
}
