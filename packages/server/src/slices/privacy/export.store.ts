import type { Audience } from '@rapport/protocol/events';
import type { GoalPut } from '@rapport/protocol/goals';
import type { ArchivedClient, PersonArchive, PersonConsent, PersonSession } from '@rapport/protocol/person';
import type { Db } from '../../platform/db/db.ts';
import { emptyProfile, type ClientProfile } from '../clients/schema.ts';
import { readThreads } from './export.threads.store.ts';
import { readEvents } from '../../platform/events/store.ts';

const pageSize = 1000;

const place = (orgId: string, table: string, column: string, rowId: string) => ({ orgId, table, column, rowId });

export async function readClient(db: Db, orgId: string, id: string): Promise<PersonArchive['client']> {
  const row = await db.maybe<{ name: string; profile: Buffer; created_at: string; updated_at: string }>(
    `select name, profile, created_at, updated_at from client where org_id = $1 and id = $2`,
    [orgId, id],
  );
  if (!row) return null;
  const opened = JSON.parse(await db.codec.open(place(orgId, 'client', 'profile', id), row.profile)) as ClientProfile;
  const { language, about, contact, tags, riskFactors } = { ...emptyProfile, ...opened };
  return {
    id,
    name: row.name,
    language,
    about,
    contact,
    tags,
    riskFactors,
    goals: await readGoals(db, orgId, id),
    threads: await readThreads(db, orgId, id),
    notes: await readNotes(db, orgId, id, null),
    questionnaires: await readQuestionnaires(db, orgId, id, null),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Of a client beside any session, or of a session. */
async function readQuestionnaires(
  db: Db,
  orgId: string,
  clientId: string | null,
  sessionId: string | null,
): Promise<PersonSession['questionnaires']> {
  type Answered = PersonSession['questionnaires'][number];
  const rows = await db.many<Omit<Answered, 'answers'> & { id: string; body: Buffer }>(
    `select id, instrument, filled_by as "filledBy", created_at as "createdAt", answered_at as "answeredAt", body
     from questionnaire
     where org_id = $1 and state = 'answered' and (session_id = $3 or (client_id = $2 and session_id is null)) order by id`,
    [orgId, clientId, sessionId],
  );
  return Promise.all(
    rows.map(async ({ body, ...row }) => ({
      ...row,
      answers: JSON.parse(await db.codec.open(place(orgId, 'questionnaire', 'body', row.id), body)) as number[],
    })),
  );
}

/** Of a client beside any session, or of a session. */
async function readNotes(
  db: Db,
  orgId: string,
  clientId: string | null,
  sessionId: string | null,
): Promise<PersonSession['notes']> {
  const rows = await db.many<{ id: string; body: Buffer; createdAt: string; updatedAt: string }>(
    `select id, body, created_at as "createdAt", updated_at as "updatedAt" from note
     where org_id = $1 and kind = 'shared' and (session_id = $3 or (client_id = $2 and session_id is null)) order by id`,
    [orgId, clientId, sessionId],
  );
  return Promise.all(
    rows.map(async ({ id, body, ...dates }) => ({
      text: await db.codec.open(place(orgId, 'note', 'body', id), body),
      ...dates,
    })),
  );
}

async function readGoals(db: Db, orgId: string, clientId: string): Promise<ArchivedClient['goals']> {
  const rows = await db.many<{ id: string; body: Buffer; createdAt: string; updatedAt: string }>(
    `select id, body, created_at as "createdAt", updated_at as "updatedAt" from client_goal
     where org_id = $1 and client_id = $2 order by id`,
    [orgId, clientId],
  );
  return Promise.all(
    rows.map(async ({ id, body, ...dates }) => ({
      id,
      ...(JSON.parse(await db.codec.open(place(orgId, 'client_goal', 'body', id), body)) as GoalPut),
      ...dates,
    })) as Promise<ArchivedClient['goals'][number]>[],
  );
}

export const organisationName = async (db: Db, orgId: string): Promise<string> =>
  (await db.one<{ name: string }>(`select name from org where id = $1`, [orgId])).name;

type SessionRow = Omit<
  PersonSession,
  | 'persona'
  | 'summary'
  | 'messages'
  | 'events'
  | 'notes'
  | 'guidance'
  | 'replies'
  | 'invitations'
  | 'timer'
  | 'rating'
  | 'questionnaires'
> & {
  roomId: string;
  personaId: string;
  personaName: string;
  personaRole: string;
  personaVersion: number;
  summary: Buffer | null;
  summaryThrough: number;
  minutes: number | null;
  endsAt: string | null;
  closes: boolean;
  rating: Buffer | null;
};

/** One session with everything in it; `audience` `all` leaves out what only the team may see. */
export async function readSession(db: Db, orgId: string, id: string, audience: Audience): Promise<PersonSession> {
  const row = await db.one<SessionRow>(
    `select id, room_id as "roomId", title, status, policy, persona_policy as "personaPolicy", persona_id as "personaId",
       persona_name as "personaName", persona_role as "personaRole", persona_version as "personaVersion",
       case when $3 = 'staff' then thread_id end as "threadId", alias,
       client_joined as "clientJoined", engine, summary, summary_through as "summaryThrough", created_at as "createdAt",
       last_activity_at as "lastActivityAt", ended_at as "endedAt", timer_minutes as minutes, timer_ends_at as "endsAt",
       timer_closes as closes, goal_ids as "goalIds", rating
     from session where org_id = $1 and id = $2`,
    [orgId, id, audience],
  );
  const { roomId, personaId, personaName, personaRole, personaVersion, summary, summaryThrough, ...told } = row;
  const { minutes, endsAt, closes, goalIds, rating, ...session } = told;
  const opened = summary && (await db.codec.open(place(orgId, 'session', 'summary', id), summary));
  const all = audience === 'staff';
  return {
    ...session,
    persona: { id: personaId, name: personaName, role: personaRole, version: personaVersion },
    summary: opened === null ? null : { text: opened, through: summaryThrough },
    messages: await readMessages(db, orgId, id),
    events: await readAllEvents(db, orgId, roomId, audience),
    notes: all ? await readNotes(db, orgId, null, id) : [],
    guidance: all ? await readGuidance(db, orgId, id) : [],
    replies: all ? await readReplies(db, orgId, id) : [],
    invitations: await readInvitations(db, orgId, id),
    timer: minutes !== null && endsAt !== null ? { minutes, endsAt, closes } : null,
    goalIds: all ? goalIds : [],
    rating: all ? await openRating(db, orgId, id, rating) : null,
    questionnaires: all ? await readQuestionnaires(db, orgId, null, id) : [],
  };
}

const openRating = async (db: Db, orgId: string, id: string, rating: Buffer | null): Promise<PersonSession['rating']> =>
  rating && (JSON.parse(await db.codec.open(place(orgId, 'session', 'rating', id), rating)) as PersonSession['rating']);

async function readAllEvents(
  db: Db,
  orgId: string,
  roomId: string,
  audience: Audience,
): Promise<PersonSession['events']> {
  const events: PersonSession['events'] = [];
  for (let after = 0; ;) {
    const page = await readEvents(db, orgId, roomId, after, pageSize, audience);
    for (const { body } of page) events.push(JSON.parse(body) as PersonSession['events'][number]);
    after = page.at(-1)?.seq ?? after;
    if (page.length < pageSize) return events;
  }
}

type Message = PersonSession['messages'][number];

async function readMessages(db: Db, orgId: string, sessionId: string): Promise<Message[]> {
  const messages: Message[] = [];
  for (let after = 0; ;) {
    const page = await db.many<Omit<Message, 'text' | 'citations'> & { body: Buffer; citations: Buffer | null }>(
      `select id, seq, author, body, reply_id as "replyId", reply_status as "replyStatus", engine, citations, superseded,
         created_at as "createdAt"
       from message where org_id = $1 and session_id = $2 and seq > $3 order by seq limit ${pageSize}`,
      [orgId, sessionId, after],
    );
    for (const { body, citations, ...message } of page) {
      const quoted = citations && (await db.codec.open(place(orgId, 'message', 'citations', message.id), citations));
      messages.push({
        ...message,
        text: await db.codec.open(place(orgId, 'message', 'body', message.id), body),
        citations: quoted ? (JSON.parse(quoted) as Message['citations']) : [],
      });
    }
    after = page.at(-1)?.seq ?? after;
    if (page.length < pageSize) return messages;
  }
}

async function readGuidance(db: Db, orgId: string, sessionId: string): Promise<PersonSession['guidance']> {
  const rows = await db.many<{ id: string; seq: number; body: Buffer; createdAt: string }>(
    `select id, seq, body, created_at as "createdAt" from guidance where org_id = $1 and session_id = $2 order by seq`,
    [orgId, sessionId],
  );
  return Promise.all(
    rows.map(async ({ body, ...row }) => ({
      ...row,
      text: await db.codec.open(place(orgId, 'guidance', 'body', row.id), body),
    })),
  );
}

const readReplies = (db: Db, orgId: string, sessionId: string): Promise<PersonSession['replies']> =>
  db.many(
    `select id, status, audience, reply_to as "replyTo", replaces, engine, length, usage,
       cost_micro_usd as "costMicroUsd", first_token_ms as "firstTokenMs", duration_ms as "durationMs", fault,
       started_at as "startedAt", ended_at as "endedAt"
     from generation where org_id = $1 and session_id = $2 order by started_at, id`,
    [orgId, sessionId],
  );

async function readInvitations(db: Db, orgId: string, sessionId: string): Promise<PersonSession['invitations']> {
  type Invitation = PersonSession['invitations'][number];
  const invitations = await db.many<Omit<Invitation, 'devices'> & { id: string }>(
    `select id, alias, created_at as "createdAt", expires_at as "expiresAt", accepted_at as "acceptedAt",
       revoked_at as "revokedAt"
     from invitation where org_id = $1 and session_id = $2 order by created_at, id`,
    [orgId, sessionId],
  );
  const tokens = await db.many<Invitation['devices'][number] & { invitationId: string }>(
    `select invitation_id as "invitationId", alias, created_at as "createdAt" from access_token
     where org_id = $1 and session_id = $2 order by created_at, id`,
    [orgId, sessionId],
  );
  return invitations.map(({ id, ...invitation }) => ({
    ...invitation,
    devices: tokens.filter((t) => t.invitationId === id).map(({ alias, createdAt }) => ({ alias, createdAt })),
  }));
}

/** Of the client, and of sessions from before there was one on record; oldest first. */
export async function readConsents(
  db: Db,
  orgId: string,
  clientIds: string[],
  sessionIds: string[],
): Promise<PersonConsent[]> {
  const rows = await db.many<Omit<PersonConsent, 'note'> & { id: string; note: Buffer | null }>(
    `select id, purpose, given, text_version as version, language, method, note, said_at as "saidAt"
     from consent_record where org_id = $1 and (client_id = any($2::uuid[]) or session_id = any($3::uuid[]))
     order by number`,
    [orgId, clientIds, sessionIds],
  );
  return Promise.all(
    rows.map(async ({ id, note, ...row }) => ({
      ...row,
      note: note && (await db.codec.open(place(orgId, 'consent_record', 'note', id), note)),
    })),
  );
}
