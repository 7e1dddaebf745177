import type { ClientSession, Session } from '@rapport/protocol/sessions';
import type { Subject } from '../privacy/schema.ts';
import { isHeld, rungInForce } from '../supervision/service.ts';
import type { SessionRow } from './schema.ts';

export const rungOf = (row: SessionRow) =>
  rungInForce({
    orgPolicy: row.org_policy ?? 'auto',
    personaPolicy: row.persona_policy,
    clientPolicy: row.client_policy ?? 'auto',
    sessionPolicy: row.policy,
    packPolicies: row.pack_policies ?? [],
    // Until a person decides otherwise: risk tightens, it never loosens.
    takenOver: row.taken_over_by !== null || row.escalated,
  });

/** Whom a session is about: null while it is a rehearsal, with nobody's data in it. */
export const subjectOf = (row: SessionRow): Subject | null => {
  if (row.client_id) return { kind: 'client', id: row.client_id };
  return row.client_joined ? { kind: 'session', id: row.id } : null;
};

export const toSession = (row: SessionRow): Session => ({
  id: row.id,
  roomId: row.room_id,
  title: row.title,
  status: row.status,
  policy: row.policy,
  rung: rungOf(row),
  persona: { id: row.persona_id, version: row.persona_version, name: row.persona_name, role: row.persona_role },
  client: row.client_id && row.client_name ? { id: row.client_id, name: row.client_name } : null,
  threadId: row.thread_id,
  alias: row.alias,
  clientJoined: row.client_joined,
  engine: row.engine,
  messageCount: row.message_count,
  createdAt: row.created_at,
  lastActivityAt: row.last_activity_at,
  endedAt: row.ended_at,
});

const personCalled = (row: SessionRow): boolean => row.escalated && row.taken_over_by === null;

/** What the client's own side may know. */
export const toClientSession = (row: SessionRow, questionnaireId: string | null): ClientSession => ({
  id: row.id,
  roomId: row.room_id,
  status: row.status,
  personaName: row.persona_name,
  personaRole: row.persona_role,
  humanWrites: rungOf(row) === 'takeover' && !personCalled(row),
  personCalled: personCalled(row),
  personaOff: rungOf(row) === 'off',
  reviewed: isHeld(rungOf(row)),
  engine: row.engine,
  alias: row.alias,
  questionnaireId,
  endsAt: row.status === 'ended' ? null : row.timer_ends_at,
});
