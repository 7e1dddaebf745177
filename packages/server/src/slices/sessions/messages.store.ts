import type { Claim } from '@rapport/protocol/claims';
import type { EngineName, ReplyStatus } from '@rapport/protocol/inference';
import type { Author, Citation, Message, SaidMessage } from '@rapport/protocol/sessions';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { MessageRow } from './schema.ts';

const columns = 'seq, id, author, body, reply_id, reply_status, engine, citations, created_at';

const place = (orgId: string, rowId: string, column: 'body' | 'citations' | 'claims') => ({
  orgId,
  table: 'message',
  column,
  rowId,
});
const guidancePlace = (orgId: string, rowId: string) => ({ orgId, table: 'guidance', column: 'body', rowId });

async function toMessage(db: Db, orgId: string, row: MessageRow): Promise<Message> {
  return {
    id: row.id,
    seq: row.seq,
    author: row.author,
    text: await db.codec.open(place(orgId, row.id, 'body'), row.body),
    replyId: row.reply_id,
    replyStatus: row.reply_status,
    engine: row.engine,
    citations: row.citations
      ? (JSON.parse(await db.codec.open(place(orgId, row.id, 'citations'), row.citations)) as Citation[])
      : [],
    createdAt: row.created_at,
  };
}

export interface NewMessage {
  id: string;
  roomId: string;
  seq: number;
  author: Author;
  text: string;
  replyId?: string;
  replyStatus?: ReplyStatus;
  engine?: EngineName;
  citations?: Citation[];
  claims?: Claim[];
  idempotencyKey?: string | undefined;
  idempotencyHash?: Buffer | undefined;
}

/** Inserts the message and counts it in its session, in one statement. */
export async function insertMessage(tx: Tx, orgId: string, sessionId: string, m: NewMessage): Promise<Message> {
  const row = await tx.one<MessageRow>(
    `with s as (
       update session set message_count = message_count + 1, last_activity_at = now(),
         last_client_message = case when $5 = 'client' then $4 else last_client_message end,
         wrote_since_told = wrote_since_told or $5 = 'client'
       where org_id = $1 and id = $2)
     insert into message (org_id, session_id, seq, id, author, body, reply_id, reply_status, engine, citations,
       idempotency_key, idempotency_hash, claims)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning ${columns}`,
    [
      orgId,
      sessionId,
      m.seq,
      m.id,
      m.author,
      await tx.codec.seal(place(orgId, m.id, 'body'), m.text, { room: m.roomId }),
      m.replyId ?? null,
      m.replyStatus ?? null,
      m.engine ? JSON.stringify(m.engine) : null,
      m.citations?.length
        ? await tx.codec.seal(place(orgId, m.id, 'citations'), JSON.stringify(m.citations), { room: m.roomId })
        : null,
      m.idempotencyKey ?? null,
      m.idempotencyHash ?? null,
      m.claims?.length
        ? await tx.codec.seal(place(orgId, m.id, 'claims'), JSON.stringify(m.claims), { room: m.roomId })
        : null,
    ],
  );
  return toMessage(tx, orgId, row);
}

export async function findByKey(
  db: Db,
  orgId: string,
  sessionId: string,
  key: string,
): Promise<{ message: Message; hash: Buffer; replyId: string | null } | undefined> {
  const row = await db.maybe<MessageRow & { idempotency_hash: Buffer; made_reply: string | null }>(
    `select ${columns}, idempotency_hash,
       (select g.id from generation g where g.org_id = $1 and g.session_id = $2 and g.reply_to = message.id limit 1) as made_reply
     from message where org_id = $1 and session_id = $2 and idempotency_key = $3`,
    [orgId, sessionId, key],
  );
  return row && { message: await toMessage(db, orgId, row), hash: row.idempotency_hash, replyId: row.made_reply };
}

/** The page of messages that ends below `before` (null: the newest), in order of seq. */
export async function listMessages(
  db: Db,
  orgId: string,
  sessionId: string,
  before: number | null,
  limit: number,
): Promise<Message[]> {
  const rows = await db.many<MessageRow>(
    `select ${columns} from message
     where org_id = $1 and session_id = $2 and not superseded and seq < coalesce($3::bigint, 9223372036854775807)
     order by seq desc limit $4`,
    [orgId, sessionId, before, limit],
  );
  return Promise.all(rows.reverse().map((row) => toMessage(db, orgId, row)));
}

/** For the team: what became of what each of these messages cites. */
export async function withClaims(db: Db, orgId: string, found: Message[]): Promise<Message[]> {
  const rows = await db.many<{ id: string; claims: Buffer }>(
    `select id, claims from message where org_id = $1 and id = any($2::uuid[]) and claims is not null`,
    [orgId, found.map(({ id }) => id)],
  );
  const sealed = new Map(rows.map(({ id, claims }) => [id, claims]));
  return Promise.all(
    found.map(async (message) => {
      const claims = sealed.get(message.id);
      if (!claims) return message;
      const opened = await db.codec.open(place(orgId, message.id, 'claims'), claims);
      return { ...message, claims: JSON.parse(opened) as Claim[] };
    }),
  );
}

/** The newest messages after `after`, at most `limit`, in order of seq. */
export async function recentMessages(
  db: Db,
  orgId: string,
  sessionId: string,
  after: number,
  limit: number,
): Promise<Message[]> {
  const rows = await db.many<MessageRow>(
    `select ${columns} from message where org_id = $1 and session_id = $2 and not superseded and seq > $3
     order by seq desc limit $4`,
    [orgId, sessionId, after, limit],
  );
  return Promise.all(rows.reverse().map((row) => toMessage(db, orgId, row)));
}

/** Of any session, with the client on record. */
export async function messagesById(db: Db, orgId: string, ids: string[]) {
  if (ids.length === 0) return [];
  const rows = await db.many<{ id: string; sessionId: string; clientId: string | null; author: Author; body: Buffer }>(
    `select m.id, m.session_id as "sessionId", s.client_id as "clientId", m.author, m.body
     from message m join session s on s.org_id = m.org_id and s.id = m.session_id
     where m.org_id = $1 and m.id = any($2::uuid[]) and not m.superseded`,
    [orgId, ids],
  );
  return Promise.all(
    rows.map(async ({ body, ...row }) => ({ ...row, text: await db.codec.open(place(orgId, row.id, 'body'), body) })),
  );
}

/** Of all sessions with a client, newest first, as `viewer` sees them; `before` is the id that the page starts below. */
export async function saidWith(
  db: Db,
  orgId: string,
  clientId: string,
  viewer: string | null,
  before: string | null,
  limit: number,
): Promise<SaidMessage[]> {
  const rows = await db.many<Omit<SaidMessage, 'text'> & { body: Buffer }>(
    `select m.id, m.session_id as "sessionId", s.title as "sessionTitle", m.author, m.body, m.created_at as "createdAt"
     from message m join session s on s.org_id = m.org_id and s.id = m.session_id
     where m.org_id = $1 and s.client_id = $2 and not m.superseded and ($4::uuid is null or m.id < $4)
       and ($3::uuid is null or s.client_id in (select c.client_id from caseload_of($1, $3) c))
     order by m.id desc limit $5`,
    [orgId, clientId, viewer, before, limit],
  );
  return Promise.all(
    rows.map(async ({ body, ...row }) => ({ ...row, text: await db.codec.open(place(orgId, row.id, 'body'), body) })),
  );
}

/** Null where it is gone. */
export async function messageText(db: Db, orgId: string, id: string): Promise<string | null> {
  const row = await db.maybe<{ body: Buffer }>(`select body from message where org_id = $1 and id = $2`, [orgId, id]);
  return row ? db.codec.open(place(orgId, id, 'body'), row.body) : null;
}

export const supersede = (tx: Tx, orgId: string, messageId: string): Promise<number> =>
  tx.exec(`update message set superseded = true where org_id = $1 and id = $2`, [orgId, messageId]);

export const insertGuidance = async (
  tx: Tx,
  orgId: string,
  sessionId: string,
  guidance: { id: string; roomId: string; seq: number; text: string; createdBy: string },
): Promise<number> =>
  tx.exec(`insert into guidance (org_id, session_id, id, seq, body, created_by) values ($1, $2, $3, $4, $5, $6)`, [
    orgId,
    sessionId,
    guidance.id,
    guidance.seq,
    await tx.codec.seal(guidancePlace(orgId, guidance.id), guidance.text, { room: guidance.roomId }),
    guidance.createdBy,
  ]);

/** The newest pieces of guidance, oldest first. */
export async function recentGuidance(db: Db, orgId: string, sessionId: string, limit: number): Promise<string[]> {
  const rows = await db.many<{ id: string; body: Buffer }>(
    `select id, body from guidance where org_id = $1 and session_id = $2 order by seq desc limit $3`,
    [orgId, sessionId, limit],
  );
  return Promise.all(rows.reverse().map((row) => db.codec.open(guidancePlace(orgId, row.id), row.body)));
}
