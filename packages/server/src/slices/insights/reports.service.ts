import type { Report, ReportCreate, ReportList, ReportPut, ReportSection } from '@rapport/protocol/reports';
import type { Page } from '@rapport/protocol/common';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database } from '../../platform/db/db.ts';
import { part, toMarkdown, type Part } from '../../platform/documents/parts.ts';
import { toPdf } from '../../platform/documents/pdf.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { SealedFor } from '../../platform/keys/codec.ts';
import type { Logger } from '../../platform/logger.ts';
import * as store from './reports.store.ts';
import { section, sectionsOfClient, sectionsOfSession, stamp } from './sections.ts';
import type { InsightService } from './service.ts';
import { summarise, type Ask } from './summary.ts';

type Subject = { sessionId: string | null; clientId: string | null };
export type ReportService = ReturnType<typeof createReportService>;

interface Parts {
  db: Database;
  audit: Audit;
  log: Logger;
  insights: InsightService;
  ask: Ask;
  /** Throws `not-found` for a client this actor may not know of. */
  requireClient(actor: Actor, clientId: string): Promise<void>;
  /** Throws `consent-needed` where what the client said may not be given to a model. */
  requireProcessing(actor: Actor, sessionId: string): Promise<void>;
}

const madeBy: Record<ReportSection['kind'], string> = {
  counted: 'Counted from the log and the record',
  quoted: 'Quoted from the log, word for word',
  ai: 'Made by an AI model, each sentence with the client’s words it rests on',
  written: 'Written by the team',
};

const stale = () =>
  new AppError('conflict', { detail: 'Somebody has changed or approved this report meanwhile. Load it again.' });

/** What a person makes of a section: other words than the log's are nobody's but theirs. */
function written(before: ReportSection | undefined, heading: string, text: string): ReportSection {
  if (!before) return section('written', heading, text);
  if (before.text === text) return { ...before, heading };
  if (before.kind === 'ai') return { ...before, heading, text, edited: true };
  return { ...before, heading, text, kind: 'written', seqs: [] };
}

function partsOf(report: Report): Part[] {
  const { approvedBy, approvedAt } = report;
  return [
    part('title', report.title),
    part(
      'fact',
      approvedBy
        ? `Approved by ${approvedBy.name}, ${stamp(approvedAt ?? report.updatedAt)}`
        : 'Draft: nobody has approved this report.',
    ),
    part('fact', `Begun by ${report.createdBy.name}, ${stamp(report.createdAt)}`),
    ...report.sections.flatMap(({ heading, kind, text, edited, seqs }) => [
      part('heading', heading),
      part('fact', `${madeBy[kind]}${edited ? ', changed by the team' : ''}`),
      ...(seqs.length > 0 ? [part('fact', `Rests on events ${seqs.join(', ')} of the session’s log`)] : []),
      part('text', text),
    ]),
  ];
}

/** Reports on a session or a client, which a named person approves. */
export function createReportService(parts: Parts) {
  const { db, audit, insights } = parts;

  const enter = async (actor: Actor, { sessionId, clientId }: Subject): Promise<SealedFor> => {
    if (sessionId !== null) return { room: (await insights.placeOf(actor, sessionId)).roomId };
    if (clientId === null) throw notFound();
    await parts.requireClient(actor, clientId);
    return { holder: clientId };
  };

  const open = async (actor: Actor, id: string) => {
    requireStaff(actor);
    const row = await store.findReport(db.in(actor.orgId), actor.orgId, id);
    if (!row) throw notFound();
    const subject = { sessionId: row.session_id, clientId: row.client_id };
    return { row, subject, sealedFor: await enter(actor, subject) };
  };

  const shown = async (orgId: string, row: store.ReportRow): Promise<Report> => {
    const { title, sections, leftOut } = await store.openBody(db.in(orgId), orgId, row);
    const { approved_by: approver, approved_name: name } = row;
    return {
      id: row.id,
      sessionId: row.session_id,
      clientId: row.client_id,
      title,
      status: row.status,
      revision: row.revision,
      sections,
      leftOut,
      createdBy: { id: row.created_by, name: row.created_name },
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      approvedBy: approver && name ? { id: approver, name } : null,
      approvedAt: row.approved_at,
    };
  };

  const get = async (actor: Actor, id: string): Promise<Report> => shown(actor.orgId, (await open(actor, id)).row);

  const begin = async (actor: StaffActor, subject: Subject, withModel: boolean): Promise<store.ReportBody> => {
    const { sessionId, clientId } = subject;
    if (sessionId === null) {
      const sections = sectionsOfClient(await insights.ofClient(actor, clientId ?? ''));
      return { title: 'Report', sections, leftOut: 0 };
    }
    const insight = await insights.ofSession(actor, sessionId);
    const body = { title: `Report: ${insight.title}`, sections: sectionsOfSession(insight), leftOut: 0 };
    if (!withModel) return body;
    await parts.requireProcessing(actor, sessionId);
    const { personaId } = await insights.placeOf(actor, sessionId);
    const lines = await insights.linesOf(actor, sessionId);
    const { section: summary, leftOut } = await summarise(
      parts,
      actor.orgId,
      { personaId, userId: actor.userId },
      lines,
    );
    return { ...body, sections: [...(summary ? [summary] : []), ...body.sections], leftOut };
  };

  return {
    get,

    /** Newest first, without their sections. Throws `not-found`. */
    async list(
      actor: Actor,
      query: Page & { sessionId?: string | undefined; clientId?: string | undefined },
    ): Promise<ReportList> {
      requireStaff(actor);
      const subject = { sessionId: query.sessionId ?? null, clientId: query.clientId ?? null };
      await enter(actor, subject);
      const [before = null] = decodeCursor(query.cursor, 1) ?? [];
      const rows = await store.listReports(db.in(actor.orgId), actor.orgId, subject, before, query.limit + 1);
      const page = toPage(
        rows,
        query.limit,
        (row) => shown(actor.orgId, row),
        (row) => encodeCursor(row.id),
      );
      const items = await Promise.all(page.items);
      return { items: items.map(({ sections: _, leftOut: __, ...item }) => item), next: page.next };
    },

    /** Begins with what the log tells. Throws `not-found`, and for a summary `provider-failed`, `consent-needed` and `budget-spent`. */
    async create(actor: Actor, wanted: ReportCreate): Promise<Report> {
      requireStaff(actor);
      const subject = { sessionId: wanted.sessionId ?? null, clientId: wanted.clientId ?? null };
      const sealedFor = await enter(actor, subject);
      const body = await begin(actor, subject, wanted.summarise);
      const id = newId();
      await audit.acting(
        actor,
        'report.created',
        { report: id, session: subject.sessionId, client: subject.clientId },
        (tx) => store.insertReport(tx, actor.orgId, { id, ...subject, createdBy: actor.userId, body }, sealedFor),
      );
      return get(actor, id);
    },

    /** Throws `not-found`, `conflict`. */
    async change(actor: Actor, id: string, { revision, title, sections }: ReportPut): Promise<Report> {
      const { row, sealedFor } = await open(actor, id);
      const before = await store.openBody(db.in(actor.orgId), actor.orgId, row);
      const known = new Map(before.sections.map((one) => [one.id, one]));
      const body = {
        ...before,
        title,
        sections: sections.map(({ id: own, heading, text }) =>
          written(own ? known.get(own) : undefined, heading, text),
        ),
      };
      await audit.acting(actor, 'report.changed', { report: id }, async (tx) => {
        if ((await store.updateReport(tx, actor.orgId, { id, revision, body }, sealedFor)) === 0) throw stale();
      });
      return get(actor, id);
    },

    /** From then on it stands as it was read. Throws `not-found`, `conflict`. */
    async approve(actor: Actor, id: string, revision: number): Promise<Report> {
      requireStaff(actor);
      await open(actor, id);
      await audit.acting(actor, 'report.approved', { report: id }, async (tx) => {
        if ((await store.approveReport(tx, actor.orgId, id, revision, actor.userId)) === 0) throw stale();
      });
      return get(actor, id);
    },

    /** Of a draft; an approved one stays with what it is about. Throws `not-found`, `conflict`. */
    async remove(actor: Actor, id: string): Promise<void> {
      await open(actor, id);
      await audit.acting(actor, 'report.deleted', { report: id }, async (tx) => {
        if ((await store.deleteReport(tx, actor.orgId, id)) === 0)
          throw new AppError('conflict', { detail: 'An approved report stays with what it is about.' });
      });
    },

    /** Throws `not-found`. */
    async export(actor: Actor, id: string, format: 'markdown' | 'pdf') {
      const report = await get(actor, id);
      await audit.note(actor, 'report.exported', { report: id });
      const name = `report-${report.createdAt.slice(0, 10)}-${id.slice(-6)}`;
      return format === 'markdown'
        ? { name: `${name}.md`, type: 'text/markdown; charset=utf-8', body: toMarkdown(partsOf(report)) }
        : { name: `${name}.pdf`, type: 'application/pdf', body: await toPdf(partsOf(report)) };
    },
  };
}
