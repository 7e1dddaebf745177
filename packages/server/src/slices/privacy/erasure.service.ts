import type { Erasure, ErasureReceipt, StoredRecord } from '@rapport/protocol/privacy';
import type { Page } from '@rapport/protocol/common';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import type { Scrubbed } from '../../platform/db/scrub.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Keyring } from '../../platform/keys/keyring.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import { deleteAnswers } from './answers.store.ts';
import { clientTables } from './restoring.ts';
import * as store from './erasure.store.ts';
import type { ErasureRow } from './erasure.store.ts';
import { activeHolds } from './holds.store.ts';
import { appendEntry, listEntries } from './ledger.store.ts';
import { replayLedger, type LedgerFile } from './ledger.ts';
import type { createReceipts } from './receipts.ts';
import * as rows from './rows.store.ts';
import { viewerOf, type Subject } from './schema.ts';

const topic = 'erased';
const resumeMs = 60_000;
const stopWithinMs = 10_000;
const stopPollMs = 50;

export interface ErasureParts {
  db: Database;
  keyring: Keyring;
  wake: Wake;
  log: Logger;
  ledger: LedgerFile;
  receipts: ReturnType<typeof createReceipts>;
  /** Writes the tables' files anew, so that removed rows stand in none. */
  scrub(tables: readonly string[]): Promise<Scrubbed>;
  /** Ends a session as its own slice does, with the reply being made in it. */
  endSession(orgId: string, sessionId: string): Promise<void>;
  /** Drops what this server holds in memory of tokens and rooms. */
  forget(): void;
}

export type ErasureService = ReturnType<typeof createErasureService>;

const heldError = (count: number) =>
  new AppError('legal-hold', {
    detail: `${count === 1 ? 'A legal hold keeps' : `${count} legal holds keep`} this record. Lift ${count === 1 ? 'it' : 'them'} first.`,
  });

/**
 * Takes somebody out for good: ends what runs, removes the rows, destroys the key, writes the deletion ledger, clears the
 * files and issues a receipt. Each step may be repeated, so an erasure cut short is finished by whichever server finds it.
 */
export function createErasureService(parts: ErasureParts) {
  const { db, keyring, wake, log, ledger, receipts, scrub, endSession } = parts;
  let timer: NodeJS.Timeout | undefined;

  /** What this server remembers of somebody who is gone. */
  const forget = (orgId: string, holder: string) => {
    keyring.forget(orgId, holder);
    parts.forget();
  };

  const endAll = async (orgId: string, subject: Subject) => {
    const { session } = await rows.findAnchors(db.in(orgId), orgId, subject);
    for (const id of session) await endSession(orgId, id);
    // A reply that another server makes ends there within moments. One whose server died is let go with its row.
    for (let waited = 0; waited < stopWithinMs; waited += stopPollMs) {
      if ((await rows.countRunning(db.in(orgId), orgId, session)) === 0) return;
      await new Promise((resolve) => setTimeout(resolve, stopPollMs));
    }
  };

  const remove = async (tx: Tx, erasure: ErasureRow): Promise<ErasureRow> => {
    const { org_id: orgId, id, subject_kind: kind, subject_id: subjectId } = erasure;
    const subject = { kind, id: subjectId };
    const known = await rows.lockSubject(tx, orgId, subject, null);
    if (!known) throw notFound();
    const holds = await activeHolds(tx, orgId, subject);
    if (holds.length > 0) throw heldError(holds.length);
    const anchors = await rows.findAnchors(tx, orgId, subject);
    const tokens = await rows.tokensOf(tx, orgId, anchors.session);
    const answers = await deleteAnswers(tx, orgId, [...anchors.client, ...anchors.session, ...anchors.room], tokens);
    const counts = await rows.deleteRows(tx, orgId, anchors);
    const keys = kind === 'client' ? await keyring.destroy(tx, orgId, subjectId) : 0;
    const at = new Date().toISOString();
    const { seq, hash } = await appendEntry(tx, { org: orgId, erasure: id, kind, subject: subjectId, at });
    tx.afterCommit(() => {
      forget(orgId, subjectId);
      wake.send(`${topic}/${orgId}/${subjectId}`, Date.now());
    });
    return store.markErased(tx, orgId, id, at, { rows: counts, answers, keys, ledger: { seq, hash } });
  };

  const receiptOf = (erasure: ErasureRow, files: Scrubbed): ErasureReceipt => {
    const { counts, erased_at: erasedAt } = erasure;
    if (!counts || !erasedAt) throw new Error('an erasure without counts has nothing to receipt');
    return {
      format: 'rapport-erasure-receipt',
      version: 1,
      erasure: erasure.id,
      organisation: erasure.org_id,
      subject: { kind: erasure.subject_kind, id: erasure.subject_id },
      requestedBy: erasure.requested_by,
      startedAt: erasure.started_at,
      erasedAt,
      counts: counts.rows as ErasureReceipt['counts'],
      answersForgotten: counts.answers,
      keysDestroyed: counts.keys,
      ledger: counts.ledger,
      files,
    };
  };

  const carryOut = async (begun: ErasureRow): Promise<void> => {
    const { org_id: orgId, id, subject_kind: kind, subject_id: subjectId } = begun;
    let erasure = begun;
    if (erasure.status === 'running') {
      await endAll(orgId, { kind, id: subjectId });
      try {
        erasure = await db.in(orgId).tx((tx) => remove(tx, begun));
      } catch (error) {
        if (error instanceof AppError && error.status < 500) await store.markRefused(db.in(orgId), orgId, id);
        throw error;
      }
    }
    await ledger.sync(db.everywhere);
    await store.touch(db.in(orgId), orgId, id);
    const files = await scrub(clientTables);
    const signed = await receipts.sign(orgId, receiptOf(erasure, files));
    await store.markDone(db.in(orgId), orgId, id, JSON.stringify(signed, null, 2));
  };

  const resume = async () => {
    for (const erasure of await store.takeAbandoned(db.everywhere)) {
      await carryOut(erasure).catch((error: Error) =>
        log.warn(
          { err: error.message, erasure: erasure.id },
          'an erasure cut short could not be finished; it is tried again',
        ),
      );
    }
  };

  const quietly = (what: string) => (error: Error) => log.warn({ err: error.message }, what);

  wake.on((name) => {
    const [kind, orgId, holder] = name.split('/');
    if (kind !== topic || !orgId || !holder) return;
    forget(orgId, holder);
    ledger
      .sync(db.everywhere)
      .catch(quietly('the deletion ledger was not written; the next erasure or start writes it'));
  });

  return {
    /** What an erasure would take, by category. Throws `not-found`. */
    async preview(actor: Actor, subject: Subject): Promise<StoredRecord> {
      requireStaff(actor);
      const { orgId } = actor;
      const scope = db.in(orgId);
      const found = await rows.findSubject(scope, orgId, subject, viewerOf(actor));
      if (!found) throw notFound();
      const anchors = await rows.findAnchors(scope, orgId, subject);
      return {
        subject,
        name: found.name,
        counts: (await rows.countRows(scope, orgId, anchors)) as StoredRecord['counts'],
        sessions: anchors.session.length,
        running: await rows.countRunning(scope, orgId, anchors.session),
        holds: await activeHolds(scope, orgId, subject),
        keyed: subject.kind === 'client',
      };
    },

    /**
     * Erases somebody whose name was typed to confirm it. Throws `not-found`, `invalid-body` for another name, `legal-hold`,
     * `conflict` while another erasure of the same runs.
     */
    async erase(actor: Actor, subject: Subject, confirm: string): Promise<Erasure> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      const found = await rows.findSubject(db.in(orgId), orgId, subject, viewerOf(actor));
      if (!found) throw notFound();
      if (found.name.trim() !== confirm) {
        throw new AppError('invalid-body', {
          errors: [{ pointer: '/confirm', message: 'Type the name exactly as it stands.' }],
        });
      }
      const holds = await activeHolds(db.in(orgId), orgId, subject);
      if (holds.length > 0) throw heldError(holds.length);
      const erasure = await store.insertErasure(db.in(orgId), orgId, newId(), subject, userId);
      if (!erasure) throw new AppError('conflict', { detail: 'This erasure is being carried out already.' });
      await carryOut(erasure);
      return this.get(actor, erasure.id);
    },

    /** Throws `not-found`. */
    async get(actor: Actor, id: string): Promise<Erasure> {
      requireStaff(actor);
      const row = await store.findErasure(db.in(actor.orgId), actor.orgId, id);
      if (!row) throw notFound();
      return store.toErasure(row);
    },

    /** Newest first. */
    async list(actor: Actor, page: Page): Promise<{ items: Erasure[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const found = await store.listErasures(db.in(actor.orgId), actor.orgId, before, page.limit + 1);
      return toPage(found, page.limit, store.toErasure, (row) => encodeCursor(row.id));
    },

    /** The signed receipt as text. Throws `not-found`, also for an erasure that is not done. */
    async receipt(actor: Actor, id: string): Promise<string> {
      requireStaff(actor);
      const text = await store.findReceipt(db.in(actor.orgId), actor.orgId, id);
      if (text === null) throw notFound();
      return text;
    },

    publicKey(actor: Actor) {
      requireStaff(actor);
      return receipts.publicKey(actor.orgId);
    },

    /** Erases again whom the ledger beside the database knows and an older copy of the database does not. */
    async start(): Promise<void> {
      const known = new Set((await listEntries(db.everywhere)).map((entry) => entry.erasure));
      const missing = (await ledger.read()).filter((entry) => !known.has(entry.erasure));
      if (missing.length > 0) {
        const erased = await db.everywhere.tx((tx) => replayLedger(tx, missing));
        log.warn({ entries: missing.length, erased }, 'the database is older than the deletion ledger: erased again');
      }
      await ledger.sync(db.everywhere);
      await resume();
      timer = setInterval(() => void resume().catch(quietly('looking for unfinished erasures failed')), resumeMs);
    },

    stop: () => clearInterval(timer),
  };
}
