import type {
  AuditCheckpoint,
  AuditEntry,
  AuditExportQuery,
  AuditQuery,
  AuditState,
  AuditVerdict,
} from '@rapport/protocol/audit';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { ChainedEntry } from '../../platform/audit/chain.ts';
import { searchEntries } from '../../platform/audit/store.ts';
import { verifyLog } from '../../platform/audit/verify.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database } from '../../platform/db/db.ts';
import { namesOf } from './audit.store.ts';

const exportPage = 1000;

export type AuditService = ReturnType<typeof createAuditService>;

/** Codes, ids and instants hold nothing that a spreadsheet takes for a formula; names are left out. */
const csvHead = 'seq,at,actor_kind,actor_id,act,subjects,outcome,prev,hash';
const toCsv = (e: ChainedEntry): string =>
  [
    e.seq,
    e.at,
    e.actor.kind,
    e.actor.id ?? '',
    e.act,
    e.subjects.map(({ kind, id }) => `${kind}:${id}`).join(' '),
    e.outcome,
    e.prev.toString('hex'),
    e.hash.toString('hex'),
  ].join(',');

const toJson = (e: ChainedEntry): string =>
  JSON.stringify({ ...e, prev: e.prev.toString('hex'), hash: e.hash.toString('hex') });

/** Searching, exporting and checking the audit log. Looking into it is in it. */
export function createAuditService({ db, audit }: { db: Database; audit: Audit }) {
  async function* lines(orgId: string, query: AuditExportQuery, from: number | null): AsyncGenerator<string> {
    if (query.format === 'csv') yield `${csvHead}\n`;
    for (let before = from, more = true; more;) {
      const page = await searchEntries(db.in(orgId), orgId, query, before, exportPage);
      if (page.length > 0) yield `${page.map(query.format === 'csv' ? toCsv : toJson).join('\n')}\n`;
      more = page.length === exportPage;
      before = page.at(-1)?.seq ?? null;
    }
  }

  return {
    /** Newest first, with the names of members who are still there. */
    async search(actor: Actor, query: AuditQuery): Promise<{ items: AuditEntry[]; next: string | null }> {
      requireStaff(actor);
      const { orgId } = actor;
      const [cursor] = decodeCursor(query.cursor, 1) ?? [];
      await audit.read(actor, 'audit.read', {});
      const before = cursor === undefined ? null : Number(cursor);
      const rows = await searchEntries(db.in(orgId), orgId, query, before, query.limit + 1);
      const ids = rows.flatMap(({ actor: by }) => (by.kind === 'staff' && by.id ? [by.id] : []));
      const names = await namesOf(db.in(orgId), orgId, [...new Set(ids)]);
      return toPage(
        rows,
        query.limit,
        ({ seq, at, actor: by, act, subjects, outcome }) => ({
          seq,
          at,
          actor: { ...by, name: (by.id && names.get(by.id)) ?? null },
          act,
          subjects: [...subjects],
          outcome,
        }),
        (row) => encodeCursor(String(row.seq)),
      );
    },

    /** Everything that matches, newest first, as a stream. The export is in the log before its first byte. */
    async export(
      actor: Actor,
      query: AuditExportQuery,
    ): Promise<{ name: string; type: string; lines: AsyncIterable<string> }> {
      requireStaff(actor);
      await audit.note(actor, 'audit.exported', {});
      const { lastSeq } = await audit.state(actor.orgId);
      const name = `audit-${new Date().toISOString().slice(0, 10)}.${query.format}`;
      const type = query.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl; charset=utf-8';
      return { name, type, lines: lines(actor.orgId, query, lastSeq + 1) };
    },

    async state(actor: Actor): Promise<AuditState> {
      requireStaff(actor);
      return audit.state(actor.orgId);
    },

    /** Reads the whole log. What it cannot find without checkpoints kept elsewhere, `rapport verify-audit` can. */
    async verify(actor: Actor): Promise<AuditVerdict> {
      requireStaff(actor);
      return verifyLog(db.in(actor.orgId), actor.orgId);
    },

    /** Signs and ships what came since the last one. Throws `audit-broken`. */
    async checkpoint(actor: Actor): Promise<{ checkpoint: AuditCheckpoint | null }> {
      requireStaff(actor);
      await audit.note(actor, 'audit.checkpointed', {});
      return { checkpoint: await audit.checkpoint(actor.orgId) };
    },
  };
}
