import type { Page } from '@rapport/protocol/common';
import {
  retentionCategories,
  type RetentionCategory,
  type RetentionPreview,
  type RetentionPut,
  type RetentionRule,
  type RetentionRun,
} from '@rapport/protocol/retention';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Db, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import * as store from './retention.store.ts';
import type { Due } from './retention.store.ts';

const everyMs = 60_000;
const batchSize = 50;

/** What the slice that owns the rows of a category does with the old ones. `before` is an instant. */
export interface Retained {
  preview(db: Db, orgId: string, before: string): Promise<Omit<RetentionPreview, 'days'>>;
  /** Deletes at most `limit`; returns how many. 0: there are none left. What a legal hold keeps is passed over. */
  sweep(tx: Tx, orgId: string, before: string, limit: number): Promise<number>;
}

export type RetentionService = ReturnType<typeof createRetentionService>;

const instantBefore = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();

/**
 * Deletes what is older than an organisation keeps it. A rule is run by one server, in batches that each commit, daily;
 * what a batch deleted is counted in the same transaction, so the report is right also after a crash.
 */
export function createRetentionService(parts: { db: Database; audit: Audit; node: string; log: Logger }) {
  const { db, audit, node, log } = parts;
  const categories = new Map<RetentionCategory, Retained>();
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let again = false;
  let stopping = false;

  const find = (category: RetentionCategory): Retained => {
    const found = categories.get(category);
    if (!found) throw notFound();
    return found;
  };

  const preview = async (orgId: string, category: RetentionCategory, days: number): Promise<RetentionPreview> => ({
    days,
    ...(await find(category).preview(db.in(orgId), orgId, instantBefore(days))),
  });

  const batch = (due: Due, runId: string, before: string) =>
    db.in(due.orgId).tx(async (tx) => {
      if (!(await store.renew(tx, due, node))) return 0;
      const deleted = await find(due.category).sweep(tx, due.orgId, before, batchSize);
      await store.countDeleted(tx, due.orgId, runId, deleted);
      return deleted;
    });

  const run = async (due: Due): Promise<void> => {
    const scope = db.in(due.orgId);
    const runId = newId();
    const before = instantBefore(due.days);
    await audit.acting({ kind: 'system', orgId: due.orgId }, 'retention.ran', {}, (tx) =>
      store.beginRun(tx, runId, due),
    );
    try {
      while (!stopping && (await batch(due, runId, before)) > 0);
      const { held } = await find(due.category).preview(scope, due.orgId, before);
      await store.endRun(scope, due.orgId, runId, held, stopping ? 'cut short' : null);
      await store.release(scope, due, node, stopping ? 0 : 24);
    } catch (error) {
      log.warn(
        { err: (error as Error).message, category: due.category },
        'retention failed; it is tried again in an hour',
      );
      await store.endRun(scope, due.orgId, runId, 0, 'failed; the reason is in the server’s log');
      await store.release(scope, due, node, 1);
    }
  };

  const work = async () => {
    do {
      again = false;
      for (let due = await store.takeDue(db.everywhere, node); due && !stopping;)
        due = (await run(due), await store.takeDue(db.everywhere, node));
    } while (again && !stopping);
  };

  const wake = () => {
    again = true;
    working ??= work()
      .catch((error: Error) =>
        log.debug({ err: error.message }, 'looking for what is too old failed; the next one follows'),
      )
      .finally(() => (working = undefined));
  };

  /** What was looked at must be what is there: more than that, and nothing is deleted. */
  const requireExpected = async (orgId: string, category: RetentionCategory, days: number, expected: number) => {
    const { count } = await preview(orgId, category, days);
    if (count > expected)
      throw new AppError('conflict', {
        detail: `${count} would be deleted now, ${expected} were previewed. Look at the preview again.`,
      });
  };

  return {
    /** For the slice whose rows these are; once each. */
    register(category: RetentionCategory, retained: Retained): void {
      categories.set(category, retained);
    },

    async rules(actor: Actor): Promise<RetentionRule[]> {
      requireStaff(actor);
      const rows = await store.listRules(db.in(actor.orgId), actor.orgId);
      return retentionCategories
        .filter((category) => categories.has(category))
        .map((category) => rows.find((row) => row.category === category) ?? { category, days: null, nextRunAt: null });
    },

    /** Deletes nothing. Throws `not-found` for a category that this server has nothing of. */
    preview(actor: Actor, category: RetentionCategory, days: number): Promise<RetentionPreview> {
      requireStaff(actor);
      return preview(actor.orgId, category, days);
    },

    /** Throws `conflict` where more would go than was previewed. */
    async put(
      actor: Actor,
      category: RetentionCategory,
      body: z.output<typeof RetentionPut>,
    ): Promise<RetentionRule[]> {
      requireStaff(actor);
      find(category);
      if (body.days !== null) await requireExpected(actor.orgId, category, body.days, body.expected ?? 0);
      await audit.acting(actor, 'retention.changed', {}, (tx) =>
        store.putRule(tx, actor.orgId, category, body.days, actor.userId),
      );
      wake();
      return this.rules(actor);
    },

    /** Runs a rule now; its report is among the runs. Throws `conflict` as `put`, `wrong-state` for a rule that is off. */
    async runNow(actor: Actor, category: RetentionCategory, expected: number): Promise<void> {
      requireStaff(actor);
      const rule = (await this.rules(actor)).find((one) => one.category === category);
      if (!rule?.days) throw new AppError('wrong-state', { detail: 'Set for how many days this is kept first.' });
      await requireExpected(actor.orgId, category, rule.days, expected);
      await store.setDue(db.in(actor.orgId), actor.orgId, category);
      wake();
    },

    /** Newest first. */
    async runs(actor: Actor, page: Page): Promise<{ items: RetentionRun[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listRuns(db.in(actor.orgId), actor.orgId, before, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (row) => row,
        (row) => encodeCursor(row.id),
      );
    },

    start(): void {
      timer = setInterval(wake, everyMs);
      wake();
    },

    async stop(): Promise<void> {
      stopping = true;
      clearInterval(timer);
      await working;
    },
  };
}
