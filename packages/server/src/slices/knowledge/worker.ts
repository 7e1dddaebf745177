import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DocumentState } from '@rapport/protocol/knowledge';
import { BlobMissing } from '../../platform/blobs/backend.ts';
import type { Blobs } from '../../platform/blobs/blobs.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { draft } from '../../platform/events/store.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Outgoing } from '../../platform/net/outgoing.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import { DocumentFailed, failureOf, isFailureReason, type FailureReason } from './failures.ts';
import { fetchPage } from './fetching.ts';
import { titleOfAddress } from './fileNames.ts';
import { findReading } from './documents.store.ts';
import { indexDocument } from './indexing.ts';
import { server, type BaseLog } from './log.ts';
import * as queue from './queue.store.ts';
import type { Job, JobSource } from './queue.store.ts';
import { hasEvaluations } from './waiting.store.ts';

/** How a file becomes text. Throws an error with a `reason` of `failures.ts` for a file that cannot be read. */
export interface Extractor {
  extract(
    file: { path: string; name: string },
    signal: AbortSignal,
  ): Promise<{
    format: string;
    title: string | null;
    /** Markdown. */
    text: string;
    pages: number[] | null;
    language: string | null;
  }>;
  close(): Promise<void>;
}

const topic = 'documents';
const leaseSeconds = 15;
const renewMs = 5000;
const lookMs = 3000;
/** A document that ended the server this often is not tried again. */
const mostAttempts = 3;
const forgottenMs = 3_600_000;

export interface WorkerParts {
  db: Database;
  wake: Wake;
  node: string;
  log: Logger;
  blobs: Blobs;
  outgoing: Outgoing;
  extractor: Extractor;
  rooms: BaseLog;
  /** Where files lie in clear while they are read. */
  workDir: string;
  /** Documents read at the same time. */
  atOnce: number;
  mostBytes: number;
}

/** The document was deleted or replaced, or another server has it: what comes of it is nobody's any more. */
class Lost extends Error {}

/** Reads what waits in the queue. All servers of a database share it; what a dead one left behind is taken over. */
export function createDocumentWorker(parts: WorkerParts) {
  const { db, wake, node, log, blobs, outgoing, extractor, rooms, workDir } = parts;
  const running = new Set<Promise<void>>();
  const controllers = new Set<AbortController>();
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let looking = false;
  let again = false;

  const tell = (tx: Tx, job: Job, { roomId }: JobSource, state: DocumentState) => {
    const { orgId, documentId, version } = job;
    const data = { documentId, version, state, fraction: null };
    return rooms.append(tx, orgId, roomId, [draft('document.progress', 'staff', server, data)]);
  };

  const enter = (job: Job, source: JobSource, state: DocumentState): Promise<void> =>
    db.in(job.orgId).tx(async (tx) => {
      if (!(await queue.markState(tx, job, node, state))) throw new Lost();
      await tell(tx, job, source, state);
    });

  const fail = (job: Job, { roomId }: JobSource, reason: FailureReason): Promise<void> =>
    db.in(job.orgId).tx(async (tx) => {
      const document = await queue.lockForJob(tx, job);
      if (!document || !(await queue.markFailed(tx, job, node, reason))) throw new Lost();
      const { documentId, version } = job;
      const data = { documentId, version, title: document.title, failure: failureOf(reason) };
      await rooms.append(tx, job.orgId, roomId, [draft('document.failed', 'staff', server, data)]);
    });

  /** Fetches the address of a document that has no file yet. */
  const fetched = async (job: Job, source: JobSource, signal: AbortSignal) => {
    const { blobId, fileName, url } = source;
    if (blobId !== null || url === null) return { blobId, fileName };
    const page = await fetchPage(outgoing, url, { mostBytes: parts.mostBytes, signal });
    const blob = await blobs.write(job.orgId, page.body);
    try {
      await db.in(job.orgId).tx(async (tx) => {
        await blobs.keep(tx, job.orgId, blob);
        const file = { blobId: blob.id, bytes: blob.bytes, origin: { fileName: page.fileName, url } };
        if (!(await queue.markFetched(tx, job, node, file))) throw new Lost();
      });
    } catch (error) {
      await blobs.discard(job.orgId, [blob.id]);
      throw error;
    }
    return { blobId: blob.id, fileName: page.fileName };
  };

  const extract = async (job: Job, source: JobSource, signal: AbortSignal) => {
    if (source.source === 'text') {
      const reading = await findReading(db.in(job.orgId), job.orgId, job.documentId, job.version);
      return { format: 'markdown', title: null, pages: null, language: null, text: reading?.text ?? '' };
    }
    const { blobId, fileName } = await fetched(job, source, signal);
    if (blobId === null) throw new DocumentFailed('file-missing');
    await mkdir(workDir, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(workDir, 'read-'));
    try {
      const path = join(folder, 'file');
      await pipeline(await blobs.read(job.orgId, blobId), createWriteStream(path, { mode: 0o600 }), { signal });
      return await extractor.extract({ path, name: fileName ?? 'document' }, signal);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  const read = async (job: Job, source: JobSource, signal: AbortSignal): Promise<void> => {
    await enter(job, source, 'extracting');
    const extracted = await extract(job, source, signal);
    await enter(job, source, 'chunking');
    await enter(job, source, 'indexing');
    signal.throwIfAborted();
    const { orgId, documentId, version } = job;
    await db.in(orgId).tx(async (tx) => {
      const document = await queue.lockForJob(tx, job);
      if (!document) throw new Lost();
      const replaces = document.readyVersion !== null && document.readyVersion !== version;
      if (replaces && (await hasEvaluations(tx, orgId, source.baseId))) {
        return wait(tx, job, source, { ...extracted, title: document.title });
      }
      if (!(await queue.markRead(tx, job, node, 'ready', extracted))) throw new Lost();
      const untitled = source.url !== null && document.title === titleOfAddress(source.url);
      const title = (untitled && extracted.title?.trim().slice(0, 300)) || document.title;
      if (title !== document.title) await queue.retitle(tx, job, title);
      const language = extracted.language ?? source.language;
      const { text, pages } = extracted;
      const chunkCount = await indexDocument(tx, orgId, source.baseId, documentId, { title, text, pages, language });
      const data = { documentId, version, title, chunkCount };
      await rooms.append(tx, orgId, source.roomId, [draft('document.ready', 'staff', server, data)]);
    });
  };

  /** Read and indexed, and searched by the evaluations of its base alone until it is published. */
  const wait = async (tx: Tx, job: Job, source: JobSource, read: queue.Extract & { title: string }): Promise<void> => {
    if (!(await queue.markRead(tx, job, node, 'waiting', read))) throw new Lost();
    const language = read.language ?? source.language;
    await indexDocument(tx, job.orgId, source.baseId, job.documentId, { ...read, language }, true);
    await tell(tx, job, source, 'waiting');
  };

  /** Whether an error is the document's own: null where it is not, and the document is tried again. */
  const reasonOf = (error: unknown): FailureReason | null => {
    if (error instanceof BlobMissing) return 'file-missing';
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : '';
    return isFailureReason(reason) ? reason : null;
  };

  const settle = async (job: Job, source: JobSource, error: unknown) => {
    const reason = reasonOf(error) ?? (job.attempts >= mostAttempts ? 'internal' : null);
    if (reason) return fail(job, source, reason);
    log.warn({ err: (error as Error).message, document: job.documentId }, 'a document could not be read; tried again');
    // Its lease is left to end, so that what fails now is not tried at once.
    return undefined;
  };

  const work = async (job: Job): Promise<void> => {
    const controller = new AbortController();
    controllers.add(controller);
    const source = await queue.sourceOfJob(db.in(job.orgId), job);
    const renewal = setInterval(() => {
      queue.renewJob(db.in(job.orgId), job, node, leaseSeconds).then(
        (mine) => mine || controller.abort(new Lost()),
        (error: Error) => log.debug({ err: error.message }, 'a lease was not renewed'),
      );
    }, renewMs);
    try {
      if (!source) return;
      if (job.attempts > mostAttempts) return await fail(job, source, 'gave-up');
      await read(job, source, controller.signal);
    } catch (error) {
      if (stopping) await queue.releaseJob(db.in(job.orgId), job, node);
      else if (source && !(error instanceof Lost) && !controller.signal.aborted) await settle(job, source, error);
    } finally {
      clearInterval(renewal);
      controllers.delete(controller);
    }
  };

  const begin = (job: Job) => {
    const done = work(job)
      .catch((error: unknown) => {
        if (!(error instanceof Lost))
          log.warn({ err: (error as Error).message }, 'a document was left to the next look');
      })
      .finally(() => {
        running.delete(done);
        look();
      });
    running.add(done);
  };

  const fill = async () => {
    do {
      again = false;
      while (!stopping && running.size < parts.atOnce) {
        const job = await queue.claimJob(db.everywhere, node, leaseSeconds);
        if (!job) break;
        begin(job);
      }
    } while (again && !stopping);
  };

  const look = (): void => {
    again = true;
    if (looking || stopping) return;
    looking = true;
    fill()
      .catch((error: Error) => log.debug({ err: error.message }, 'the queue of documents was not looked at'))
      .finally(() => (looking = false));
  };

  /** What a server that was ended left in clear. */
  const sweepWorkDir = async () => {
    for (const name of await readdir(workDir).catch(() => [])) {
      const about = await stat(join(workDir, name)).catch(() => null);
      const old = about && Date.now() - about.mtimeMs > forgottenMs;
      if (old) await rm(join(workDir, name), { recursive: true, force: true }).catch(() => {});
    }
  };

  wake.on((name) => {
    if (name === topic) look();
  });

  return {
    /** Something was put into the queue: here, and for servers with time to spare. */
    queued(): void {
      look();
      wake.send(topic, Date.now());
    },

    async start(): Promise<void> {
      await sweepWorkDir();
      timer = setInterval(look, lookMs);
      look();
    },

    /** What is being read goes back into the queue. */
    async stop(): Promise<void> {
      stopping = true;
      clearInterval(timer);
      for (const controller of controllers) controller.abort(new Lost());
      await Promise.all(running);
      await extractor.close();
    },
  };
}
