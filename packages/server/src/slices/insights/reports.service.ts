import type {
  Report,
  ReportCreate,
  ReportList,
  ReportPut,
  ReportQuery,
  ReportSection,
} from '@rapport/protocol/reports';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { part, toMarkdown, type Part } from '../../platform/documents/parts.ts';
import { toPdf } from '../../platform/documents/pdf.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { noGuess, type AiInsightService } from './ai.service.ts';
import * as store from './reports.store.ts';
import { stamp } from './lines.ts';
import { restingOn, restingOver, sessionsUnder, withoutSessions } from './resting.ts';
import { sectionsOver, summarySection } from './sections.over.ts';
import { section, sectionsOfSession } from './sections.ts';
import type { About, InsightService } from './service.ts';
import { readWithout, toneSection, withoutGuess } from './tone.ts';

export type ReportService = ReturnType<typeof createReportService>;

interface Parts {
  db: Database;
  audit: Audit;
  insights: InsightService;
  ai: Pick<AiInsightService, 'summarise' | 'guessed'>;
  /** It stays until the commit. Throws where the client has no such thread any more. */
  keepThread(tx: Tx, orgId: string, clientId: string | null, threadId: string): Promise<void>;
}

const madeBy: Record<ReportSection['kind'], string> = {
  counted: 'Counted from the log and the record',
  quoted: 'Quoted from the log, word for word',
  ai: 'Made by an AI model, each sentence with the client’s words it rests on',
  written: 'Written by the team',
};

const stale = () =>
  new AppError('conflict', { detail: 'Somebody has changed or approved this report meanwhile. Load it again.' });

const forbidden = () =>
  new AppError('wrong-state', {
    detail: 'It holds a guess at the tone, which may not be shown at present. Remove that section first.',
  });

/** What a person makes of a section: other words than the log's are nobody's but theirs. */
function written(before: ReportSection | undefined, heading: string, text: string, guessShown: boolean): ReportSection {
  if (!before) return section('written', heading, text);
  if ((before.tone && !guessShown) || readWithout(before, text)) return before;
  if (before.text === text) return { ...before, heading };
  if (before.kind === 'ai') return { ...before, heading, text, edited: true };
  return { ...before, heading, text, kind: 'written', seqs: [], places: [] };
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
    ...report.sections.flatMap(({ heading, kind, text, edited, seqs, places, withheld }) => [
      part('heading', heading),
      ...(withheld ? [] : [part('fact', `${madeBy[kind]}${edited ? ', changed by the team' : ''}`)]),
      ...(seqs.length > 0 ? [part('fact', `Rests on events ${seqs.join(', ')} of the session’s log`)] : []),
      ...places.map((of) => part('fact', `Rests on events ${of.seqs.join(', ')} of the log of “${of.title}”`)),
      part('text', text),
    ]),
  ];
}

/** Reports on a session, a client or a thread, which a named person approves. */
export function createReportService(parts: Parts) {
  const { db, audit, insights } = parts;

  const open = async (actor: Actor, id: string) => {
    requireStaff(actor);
    const row = await store.findReport(db.in(actor.orgId), actor.orgId, id);
    if (!row) throw notFound();
    const { session_id: sessionId, client_id: clientId, thread_id: threadId } = row;
    return { row, about: await insights.about(actor, { sessionId, clientId, threadId }) };
  };

  const shown = async (orgId: string, row: store.ReportRow): Promise<Report> => {
    const { title, sections, leftOut } = await store.openBody(db.in(orgId), orgId, row);
    const { approved_by: approver, approved_name: name } = row;
    return {
      id: row.id,
      sessionId: row.session_id,
      clientId: row.client_id,
      threadId: row.thread_id,
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

  /** Whether nothing of it is forbidden: what is guessed at the tone may not be shown for good. */
  const guessShown = async (orgId: string, about: About, sections: ReportSection[]): Promise<boolean> =>
    !sections.some(({ tone }) => tone) || insights.showsTone(orgId, about);

  const get = async (actor: Actor, id: string): Promise<Report> => {
    const { row, about } = await open(actor, id);
    const report = await shown(actor.orgId, row);
    const { sections } = report;
    return (await guessShown(actor.orgId, about, sections))
      ? report
      : { ...report, sections: sections.map(withoutGuess) };
  };

  /** What the log tells; `sessions`: which those are whose logs it is, null for one alone. */
  const told = async (actor: StaffActor, { sessionId, clientId, threadId }: About['subject']) => {
    if (sessionId !== null) {
      const insight = await insights.ofSession(actor, sessionId);
      return { sections: sectionsOfSession(insight), sessions: null, resting: [], guessed: insight.tone.guessed };
    }
    const insight =
      threadId === null ? await insights.ofClient(actor, clientId ?? '') : await insights.ofThread(actor, threadId);
    return {
      sections: sectionsOver(insight),
      sessions: insight.sessions,
      resting: restingOver(insight),
      guessed: null,
    };
  };

  const begin = async (actor: StaffActor, about: About, wanted: ReportCreate): Promise<store.ReportBody> => {
    const { sessionId, threadId } = about.subject;
    const { sections, sessions, resting, guessed } = await told(actor, about.subject);
    if (wanted.tone && !guessed) throw noGuess();
    const summary = wanted.summarise ? await parts.ai.summarise(actor, about) : { points: [], leftOut: 0 };
    return {
      // A client's name stands on their page, and not in what is taken along.
      title: (sessionId ?? threadId) ? `Report: ${about.title}` : 'Report',
      sections: [...summarySection(summary.points, sessions), ...sections],
      leftOut: summary.leftOut,
      // One on a single session goes as a whole.
      resting: sessions === null ? [] : [...resting, ...restingOn(summary.points)],
    };
  };

  return {
    get,

    /** Newest first, without their sections. Throws `not-found`. */
    async list(actor: Actor, query: ReportQuery): Promise<ReportList> {
      requireStaff(actor);
      const { subject } = await insights.about(actor, query);
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

    /** Begins with what the log tells. Throws `not-found`, and for a summary as `summarise` does. */
    async create(actor: Actor, wanted: ReportCreate): Promise<Report> {
      requireStaff(actor);
      const about = await insights.about(actor, wanted);
      const { subject, sealedFor } = about;
      const body = await begin(actor, about, wanted);
      const id = newId();
      await audit.acting(
        actor,
        'report.created',
        { report: id, session: subject.sessionId, client: subject.clientId, thread: subject.threadId },
        async (tx) => {
          if (subject.threadId) await parts.keepThread(tx, actor.orgId, subject.clientId, subject.threadId);
          // What was said in a session that is gone since it was read goes into no report.
          const gone = await store.goneOf(tx, actor.orgId, sessionsUnder(body));
          const left = withoutSessions(body, gone);
          // A no, or a pack, may have come since the guess was seen: the model was given a minute and a half to summarise.
          if (wanted.tone) left.sections.push(toneSection(await parts.ai.guessed(tx, actor.orgId, about)));
          const report = { id, ...subject, createdBy: actor.userId, body: left };
          await store.insertReport(tx, actor.orgId, report, sealedFor);
        },
      );
      return get(actor, id);
    },

    /** Throws `not-found`, `conflict`. */
    async change(actor: Actor, id: string, { revision, title, sections }: ReportPut): Promise<Report> {
      const { row, about } = await open(actor, id);
      const before = await store.openBody(db.in(actor.orgId), actor.orgId, row);
      const showsGuess = await guessShown(actor.orgId, about, before.sections);
      const known = new Map(before.sections.map((one) => [one.id, one]));
      const body = {
        ...before,
        title,
        sections: sections.map(({ id: own, heading, text }) =>
          written(own ? known.get(own) : undefined, heading, text, showsGuess),
        ),
      };
      await audit.acting(actor, 'report.changed', { report: id }, async (tx) => {
        if ((await store.updateReport(tx, actor.orgId, { id, revision, body }, about.sealedFor)) === 0) throw stale();
      });
      return get(actor, id);
    },

    /** From then on it stands as it was read. Throws `not-found`, `conflict`, `wrong-state` where a part may not be read. */
    async approve(actor: Actor, id: string, revision: number): Promise<Report> {
      requireStaff(actor);
      const { row, about } = await open(actor, id);
      const { sections } = await store.openBody(db.in(actor.orgId), actor.orgId, row);
      if (!(await guessShown(actor.orgId, about, sections))) throw forbidden();
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
