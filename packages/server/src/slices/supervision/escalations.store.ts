import type { EscalationKind, EscalationStatus, RiskCategory, RiskFinding, RiskLevel } from '@rapport/protocol/safety';
import type { Db, Tx } from '../../platform/db/db.ts';

const findingsPlace = (orgId: string, rowId: string) => ({ orgId, table: 'risk_flag', column: 'findings', rowId });
const notePlace = (orgId: string, rowId: string) => ({ orgId, table: 'escalation', column: 'note', rowId });

/** `$2` is the viewer of `viewerOf`; null sees every session. */
const seenBy = (
  clientId: string,
): string => `($2::uuid is null or ${clientId} in (select c.client_id from caseload_of($1, $2) c)
  or (${clientId} is null and s.created_by = $2))`;
const seen = seenBy('s.client_id');

/** Where somebody is wanted: in a session, or for a client who has none. */
export type Whereabouts = { sessionId: string; roomId: string } | { clientId: string };

const columnsOf = (
  where: { sessionId: string } | { clientId: string },
): [sessionId: string | null, clientId: string | null] =>
  'sessionId' in where ? [where.sessionId, null] : [null, where.clientId];
const sealedFor = (where: Whereabouts) => ('roomId' in where ? { room: where.roomId } : { holder: where.clientId });

export interface NewFlag {
  id: string;
  where: Whereabouts;
  messageId: string | null;
  replyId: string | null;
  questionnaireId?: string;
  level: RiskLevel;
  category: RiskCategory;
  findings: RiskFinding[];
  /** The words that were found. */
  evidence: string;
}

export const insertFlag = async (tx: Tx, orgId: string, flag: NewFlag): Promise<number> =>
  tx.exec(
    `insert into risk_flag (org_id, id, session_id, client_id, message_id, reply_id, level, category, findings, questionnaire_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      orgId,
      flag.id,
      ...columnsOf(flag.where),
      flag.messageId,
      flag.replyId,
      flag.level,
      flag.category,
      await tx.codec.seal(
        findingsPlace(orgId, flag.id),
        JSON.stringify({ findings: flag.findings, evidence: flag.evidence }),
        sealedFor(flag.where),
      ),
      flag.questionnaireId ?? null,
    ],
  );

export interface FlagRow {
  id: string;
  message_id: string | null;
  reply_id: string | null;
  questionnaire_id: string | null;
  level: RiskLevel;
  category: RiskCategory;
  findings: Buffer;
  created_at: string;
}

/** Newest first; none of a session that this viewer may not see. */
export const listFlags = (
  db: Db,
  orgId: string,
  viewer: string | null,
  sessionId: string,
  before: string | null,
  limit: number,
) =>
  db.many<FlagRow>(
    `select f.id, f.message_id, f.reply_id, f.questionnaire_id, f.level, f.category, f.findings, f.created_at
     from risk_flag f join session s on s.org_id = f.org_id and s.id = f.session_id
     where f.org_id = $1 and ${seen} and f.session_id = $3 and ($4::uuid is null or f.id < $4)
     order by f.id desc limit $5`,
    [orgId, viewer, sessionId, before, limit],
  );

export const openFindings = async (db: Db, orgId: string, row: FlagRow): Promise<RiskFinding[]> =>
  (JSON.parse(await db.codec.open(findingsPlace(orgId, row.id), row.findings)) as { findings: RiskFinding[] }).findings;

/** What was found in a reply, also in one that is held. */
export const findingsOfReply = async (
  db: Db,
  orgId: string,
  sessionId: string,
  replyId: string,
): Promise<RiskFinding[]> => {
  const row = await db.maybe<FlagRow>(
    `select id, message_id, reply_id, level, category, findings, created_at from risk_flag
     where org_id = $1 and session_id = $2 and reply_id = $3 order by id desc limit 1`,
    [orgId, sessionId, replyId],
  );
  return row ? openFindings(db, orgId, row) : [];
};

/** Whether a message was grave: no model answers it, whoever hands the session back. */
export const isGrave = async (db: Db, orgId: string, messageId: string): Promise<boolean> =>
  (await db.maybe(`select id from risk_flag where org_id = $1 and message_id = $2 and level = 'high' limit 1`, [
    orgId,
    messageId,
  ])) !== undefined;

export interface NewEscalation {
  id: string;
  sessionId: string;
  kind: EscalationKind;
  category: RiskCategory | null;
  level: RiskLevel | null;
  flagId: string | null;
  language: string;
  ackSeconds: number;
}

/** In a rehearsal no letter follows. Undefined: one of this kind is open in the session, or somebody who has acknowledged one writes there. */
export const insertEscalation = (tx: Tx, orgId: string, e: NewEscalation): Promise<{ dueAt: string } | undefined> =>
  tx.maybe(
    `insert into escalation (org_id, id, session_id, kind, category, level, flag_id, due_at, next_page_at, language, rehearsal)
     select $1, $2, s.id, $4, $5, $6, $7, now() + make_interval(secs => $8), case when not x.rehearsal then now() end, $9, x.rehearsal
     from session s, lateral (select s.client_id is null and not s.client_joined as rehearsal) x
     where s.org_id = $1 and s.id = $3 and not exists (
       select 1 from escalation a
       where a.org_id = $1 and a.session_id = $3 and a.kind = $4 and a.status = 'acknowledged' and s.taken_over_by is not null)
     on conflict (org_id, session_id, kind) where status = 'open' do nothing
     returning due_at as "dueAt"`,
    [orgId, e.id, e.sessionId, e.kind, e.category, e.level, e.flagId, e.ackSeconds, e.language],
  );

/** Undefined: one is open for this client already. */
export const insertOfClient = (
  tx: Tx,
  orgId: string,
  e: Omit<NewEscalation, 'sessionId' | 'kind'> & { clientId: string },
): Promise<{ dueAt: string } | undefined> =>
  tx.maybe(
    `insert into escalation (org_id, id, client_id, kind, category, level, flag_id, due_at, next_page_at, language)
     values ($1, $2, $3, 'risk', $4, $5, $6, now() + make_interval(secs => $7), now(), $8)
     on conflict (org_id, client_id) where status = 'open' and client_id is not null do nothing
     returning due_at as "dueAt"`,
    [orgId, e.id, e.clientId, e.category, e.level, e.flagId, e.ackSeconds, e.language],
  );

/** The newest of this kind that is not resolved. */
export const findUnresolved = (db: Db, orgId: string, sessionId: string, kind: EscalationKind) =>
  db.maybe<{ id: string }>(
    `select id from escalation where org_id = $1 and session_id = $2 and kind = $3 and status <> 'resolved'
     order by id desc limit 1`,
    [orgId, sessionId, kind],
  );

export const hasOpen = async (db: Db, orgId: string, sessionId: string): Promise<boolean> =>
  (await db.maybe(
    `select id from escalation where org_id = $1 and session_id = $2 and status = 'open' and kind <> 'asked' limit 1`,
    [orgId, sessionId],
  )) !== undefined;

export interface EscalationRow {
  id: string;
  session_id: string | null;
  room_id: string | null;
  title: string | null;
  client_id: string | null;
  client_name: string | null;
  alias: string | null;
  kind: EscalationKind;
  status: EscalationStatus;
  category: RiskCategory | null;
  level: RiskLevel | null;
  flag_id: string | null;
  language: string;
  findings: Buffer | null;
  raised_at: string;
  due_at: string;
  overdue: boolean;
  rehearsal: boolean;
  pages: number;
  fallback_at: string | null;
  acknowledged_name: string | null;
  acknowledged_at: string | null;
  resolved_name: string | null;
  resolved_at: string | null;
  note: Buffer | null;
}

const clientOf = 'coalesce(s.client_id, e.client_id)';
const rows = `e.id, e.session_id, s.room_id, s.title, ${clientOf} as client_id, coalesce(s.client_name, c.name) as client_name, s.alias, e.kind, e.status, e.category, e.level,
    e.flag_id, e.language, f.findings, e.raised_at, e.due_at, e.rehearsal, e.status = 'open' and not e.rehearsal and e.due_at < now() as overdue, e.pages, e.fallback_at,
    a.name as acknowledged_name, e.acknowledged_at, r.name as resolved_name, e.resolved_at, e.note
  from escalation e
  left join session s on s.org_id = e.org_id and s.id = e.session_id
  left join client c on c.org_id = e.org_id and c.id = e.client_id
  left join risk_flag f on f.org_id = e.org_id and f.id = e.flag_id
  left join app_user a on a.org_id = e.org_id and a.id = e.acknowledged_by
  left join app_user r on r.org_id = e.org_id and r.id = e.resolved_by`;

/** Open before the others, then the newest first; `before` is the last row of the page before. */
export const listEscalations = (
  db: Db,
  orgId: string,
  viewer: string | null,
  query: { status: EscalationStatus | undefined; sessionId: string | undefined },
  before: string | null,
  limit: number,
) =>
  db.many<EscalationRow>(
    `select ${rows} where e.org_id = $1 and ${seenBy(clientOf)} and ($3::text is null or e.status = $3)
       and ($4::uuid is null or e.session_id = $4) and ($5::uuid is null or e.id < $5)
     order by e.id desc limit $6`,
    [orgId, viewer, query.status ?? null, query.sessionId ?? null, before, limit],
  );

export const findEscalation = (db: Db, orgId: string, viewer: string | null, id: string) =>
  db.maybe<EscalationRow>(`select ${rows} where e.org_id = $1 and ${seenBy(clientOf)} and e.id = $3`, [
    orgId,
    viewer,
    id,
  ]);

export const openEvidence = async (db: Db, orgId: string, row: EscalationRow): Promise<string | null> =>
  row.flag_id && row.findings
    ? (JSON.parse(await db.codec.open(findingsPlace(orgId, row.flag_id), row.findings)) as { evidence: string })
        .evidence
    : null;

export const openNote = async (db: Db, orgId: string, row: EscalationRow): Promise<string> =>
  row.note ? db.codec.open(notePlace(orgId, row.id), row.note) : '';

/** 1 for the one who is first. */
export const acknowledge = (tx: Tx, orgId: string, id: string, by: string): Promise<number> =>
  tx.exec(
    `update escalation set status = 'acknowledged', acknowledged_by = $3, acknowledged_at = now(), next_page_at = null
     where org_id = $1 and id = $2 and status = 'open'`,
    [orgId, id, by],
  );

export const resolve = async (tx: Tx, orgId: string, row: EscalationRow, by: string, note: string): Promise<number> =>
  tx.exec(
    `update escalation set status = 'resolved', resolved_by = $3, resolved_at = now(), next_page_at = null, note = $4
     where org_id = $1 and id = $2 and status = 'acknowledged'`,
    [
      orgId,
      row.id,
      by,
      await tx.codec.seal(
        notePlace(orgId, row.id),
        note,
        row.room_id ? { room: row.room_id } : { holder: row.client_id ?? '' },
      ),
    ],
  );

/** Above all organisations: what is due, for whichever server comes first. */
export const dueEscalations = (db: Db, limit: number): Promise<{ orgId: string; id: string }[]> =>
  db.many(
    `select org_id as "orgId", id from escalation where status = 'open' and next_page_at <= now()
     order by next_page_at limit $1`,
    [limit],
  );

export interface DuePage {
  /** null: for a client without a session. */
  roomId: string | null;
  clientId: string | null;
  createdBy: string | null;
  pages: number;
  missed: boolean;
  missedBefore: boolean;
}

/** Locked for the one server that pages; undefined where another does, has done, or somebody acknowledged. */
export const takeDue = (tx: Tx, orgId: string, id: string): Promise<DuePage | undefined> =>
  tx.maybe(
    `select s.room_id as "roomId", ${clientOf} as "clientId", coalesce(s.facilitator_id, s.created_by) as "createdBy", e.pages,
       e.due_at <= now() as missed, e.missed_at is not null as "missedBefore"
     from escalation e left join session s on s.org_id = e.org_id and s.id = e.session_id
     where e.org_id = $1 and e.id = $2 and e.status = 'open' and e.next_page_at <= now()
     for update of e skip locked`,
    [orgId, id],
  );

export const insertPage = (tx: Tx, orgId: string, id: string, number: number, fallback: boolean): Promise<number> =>
  tx.exec(`insert into escalation_page (org_id, escalation_id, number, fallback) values ($1, $2, $3, $4)`, [
    orgId,
    id,
    number,
    fallback,
  ]);

/** `again`: another letter follows after so many seconds, and at the deadline in any case. */
export const setPaged = (
  tx: Tx,
  orgId: string,
  id: string,
  paged: { missed: boolean; fallback: boolean; again: number | null; counted: boolean },
): Promise<number> =>
  tx.exec(
    `update escalation set pages = pages + $6::int,
       missed_at = case when $3 then coalesce(missed_at, now()) end,
       fallback_at = case when $4 then coalesce(fallback_at, now()) else fallback_at end,
       next_page_at = least(now() + make_interval(secs => $5::int), case when $3 then null else due_at end)
     where org_id = $1 and id = $2`,
    [orgId, id, paged.missed, paged.fallback, paged.again, paged.counted ? 1 : 0],
  );
