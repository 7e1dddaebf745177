import { randomBytes } from 'node:crypto';
import type { ArchivedClient, PersonSession } from '@rapport/protocol/person';
import type { Tx } from '../../platform/db/db.ts';
import { tagHashes } from '../clients/schema.ts';
import { newId } from '../../platform/ids.ts';

const place = (orgId: string, table: string, column: string, rowId: string) => ({ orgId, table, column, rowId });

export interface Owner {
  orgId: string;
  userId: string;
  clientId: string;
}

export const findImport = (tx: Tx, orgId: string, hash: Buffer) =>
  tx.maybe<{ client_id: string }>(`select client_id from person_import where org_id = $1 and archive_hash = $2`, [
    orgId,
    hash,
  ]);

export const insertImport = (tx: Tx, { orgId, clientId, userId }: Owner, hash: Buffer) =>
  tx.exec(`insert into person_import (org_id, archive_hash, client_id, imported_by) values ($1, $2, $3, $4)`, [
    orgId,
    hash,
    clientId,
    userId,
  ]);

export async function insertClient(tx: Tx, { orgId, clientId }: Owner, c: ArchivedClient) {
  const { language, about, contact, tags, riskFactors } = c;
  const profile = JSON.stringify({ language, about, contact, tags, riskFactors });
  const sealed = await tx.codec.seal(place(orgId, 'client', 'profile', clientId), profile, { holder: clientId });
  await tx.exec(
    `insert into client (org_id, id, name, profile, tag_hashes, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [orgId, clientId, c.name, sealed, await tagHashes(tx, orgId, tags), c.createdAt, c.updatedAt],
  );
}

export async function insertQuestionnaires(
  tx: Tx,
  { orgId, clientId, userId }: Owner,
  sessionId: string | null,
  all: PersonSession['questionnaires'],
) {
  for (const { id = newId(), instrument, answers, filledBy, createdAt, answeredAt } of all) {
    const at = place(orgId, 'questionnaire', 'body', id);
    const sealed = await tx.codec.seal(at, JSON.stringify(answers), { holder: clientId });
    await tx.exec(
      `insert into questionnaire (org_id, id, client_id, session_id, instrument, state, filled_by, created_by, created_at,
         answered_at, body)
       values ($1, $2, $3, $4, $5, 'answered', $6, $7, $8, $9, $10)`,
      [orgId, id, clientId, sessionId, instrument, filledBy, userId, createdAt, answeredAt, sealed],
    );
  }
}

export async function insertNotes(
  tx: Tx,
  { orgId, clientId, userId }: Owner,
  sessionId: string | null,
  all: PersonSession['notes'],
) {
  for (const { text, createdAt, updatedAt } of all) {
    const id = newId();
    const sealed = await tx.codec.seal(place(orgId, 'note', 'body', id), text, { holder: clientId });
    await tx.exec(
      `insert into note (org_id, id, client_id, session_id, kind, author_id, body, created_at, updated_at)
       values ($1, $2, $3, $4, 'shared', $5, $6, $7, $8)`,
      [orgId, id, clientId, sessionId, userId, sealed, createdAt, updatedAt],
    );
  }
}

export async function insertGoals(tx: Tx, { orgId, clientId, userId }: Owner, all: ArchivedClient['goals']) {
  for (const { id = newId(), createdAt, updatedAt, ...goal } of all) {
    const sealed = await tx.codec.seal(place(orgId, 'client_goal', 'body', id), JSON.stringify(goal), {
      holder: clientId,
    });
    await tx.exec(
      `insert into client_goal (org_id, id, client_id, body, created_by, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [orgId, id, clientId, sealed, userId, createdAt, updatedAt],
    );
  }
}

export async function insertThreads(tx: Tx, { orgId, clientId, userId }: Owner, all: ArchivedClient['threads']) {
  for (const { id, status, goalIds, createdAt, updatedAt, ...body } of all) {
    const sealed = await tx.codec.seal(place(orgId, 'thread', 'body', id), JSON.stringify(body), { holder: clientId });
    await tx.exec(
      `insert into thread (org_id, id, client_id, body, tag_hashes, status, goal_ids, created_by, changed_by, created_at,
         updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)`,
      [
        orgId,
        id,
        clientId,
        sealed,
        await tagHashes(tx, orgId, body.tags),
        status,
        goalIds,
        userId,
        createdAt,
        updatedAt,
      ],
    );
  }
}

/** Imported sessions have ended: nobody of this organisation is in them. */
export async function insertSession(tx: Tx, owner: Owner, s: PersonSession, roomId: string, clientName: string) {
  const { orgId, clientId, userId } = owner;
  const head = [...s.events, ...s.messages].reduce((highest, { seq }) => Math.max(highest, seq), 0);
  await tx.exec(`insert into room (org_id, id, kind, subject_id, seq) values ($1, $2, 'session', $3, $4)`, [
    orgId,
    roomId,
    clientId,
    head,
  ]);
  const summary =
    s.summary && (await tx.codec.seal(place(orgId, 'session', 'summary', s.id), s.summary.text, { holder: clientId }));
  const rating =
    s.rating &&
    (await tx.codec.seal(place(orgId, 'session', 'rating', s.id), JSON.stringify(s.rating), { holder: clientId }));
  await tx.exec(
    `insert into session (org_id, id, room_id, title, status, policy, persona_policy, persona_id, persona_version,
       persona_name, persona_role, client_id, client_name, alias, client_joined, engine, message_count, summary,
       summary_through, created_by, created_at, last_activity_at, ended_at, timer_minutes, timer_ends_at, timer_closes,
       goal_ids, rating, thread_id)
     values ($1, $2, $3, $4, 'ended', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
       $23, $24, $25, $26, $27, $28)`,
    [
      orgId,
      s.id,
      roomId,
      s.title,
      s.policy,
      s.personaPolicy,
      s.persona.id,
      s.persona.version,
      s.persona.name,
      s.persona.role,
      clientId,
      clientName,
      s.alias,
      s.clientJoined,
      s.engine && JSON.stringify(s.engine),
      s.messages.length,
      summary,
      s.summary?.through ?? 0,
      userId,
      s.createdAt,
      s.lastActivityAt,
      s.endedAt ?? s.lastActivityAt,
      s.timer?.minutes ?? null,
      s.timer?.endsAt ?? null,
      s.timer?.closes ?? false,
      s.goalIds,
      rating,
      s.threadId,
    ],
  );
}

export async function insertMessages(
  tx: Tx,
  { orgId, clientId }: Owner,
  sessionId: string,
  all: PersonSession['messages'],
) {
  for (const m of all) {
    const holder = { holder: clientId };
    const body = await tx.codec.seal(place(orgId, 'message', 'body', m.id), m.text, holder);
    const citations = m.citations.length
      ? await tx.codec.seal(place(orgId, 'message', 'citations', m.id), JSON.stringify(m.citations), holder)
      : null;
    await tx.exec(
      `insert into message (org_id, session_id, seq, id, author, body, reply_id, reply_status, engine, citations, superseded,
         created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        orgId,
        sessionId,
        m.seq,
        m.id,
        m.author,
        body,
        m.replyId,
        m.replyStatus,
        m.engine && JSON.stringify(m.engine),
        citations,
        m.superseded,
        m.createdAt,
      ],
    );
  }
}

export async function insertEvents(tx: Tx, { orgId, clientId }: Owner, roomId: string, all: PersonSession['events']) {
  for (const e of all) {
    const id = newId();
    const data = JSON.stringify(e.data);
    const sealed = await tx.codec.seal(place(orgId, 'event', 'data', id), data, { holder: clientId });
    await tx.exec(
      `insert into event (org_id, room_id, seq, id, type, audience, actor, data, at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [orgId, roomId, e.seq, id, e.type, e.audience, JSON.stringify(e.actor), sealed, e.at],
    );
  }
}

export async function insertGuidance(tx: Tx, owner: Owner, sessionId: string, all: PersonSession['guidance']) {
  const { orgId, userId, clientId } = owner;
  for (const g of all) {
    const sealed = await tx.codec.seal(place(orgId, 'guidance', 'body', g.id), g.text, { holder: clientId });
    await tx.exec(
      `insert into guidance (org_id, session_id, id, seq, body, created_by, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
      [orgId, sessionId, g.id, g.seq, sealed, userId, g.createdAt],
    );
  }
}

/** One that ran when it was exported was never finished here. */
export async function insertReplies(
  tx: Tx,
  { orgId }: Owner,
  sessionId: string,
  roomId: string,
  all: PersonSession['replies'],
) {
  for (const r of all) {
    await tx.exec(
      `insert into generation (org_id, id, session_id, room_id, audience, status, reply_to, replaces, engine, owner,
         lease_until, length, usage, cost_micro_usd, first_token_ms, duration_ms, fault, started_at, ended_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'import', $10, $11, $12, $13, $14, $15, $16, $10, $17)`,
      [
        orgId,
        r.id,
        sessionId,
        roomId,
        r.audience,
        r.status === 'running' ? 'interrupted' : r.status,
        r.replyTo,
        r.replaces,
        JSON.stringify(r.engine),
        r.startedAt,
        r.length,
        r.usage && JSON.stringify(r.usage),
        r.costMicroUsd,
        r.firstTokenMs,
        r.durationMs,
        r.fault,
        r.endedAt ?? r.startedAt,
      ],
    );
  }
}

/** As a record only: nobody holds a link or a token whose hash is random. */
export async function insertInvitations(
  tx: Tx,
  { orgId }: Owner,
  sessionId: string,
  all: PersonSession['invitations'],
) {
  for (const i of all) {
    const id = newId();
    await tx.exec(
      `insert into invitation (org_id, id, session_id, token_hash, alias, expires_at, accepted_at, revoked_at, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [orgId, id, sessionId, randomBytes(32), i.alias, i.expiresAt, i.acceptedAt, i.revokedAt, i.createdAt],
    );
    for (const device of i.devices) {
      await tx.exec(
        `insert into access_token (org_id, id, invitation_id, session_id, token_hash, alias, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [orgId, newId(), id, sessionId, randomBytes(32), device.alias, device.createdAt],
      );
    }
  }
}
