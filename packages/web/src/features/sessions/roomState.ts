import type { Claim } from '@rapport/protocol/claims';
import type { EventActor, RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { EngineName, ReplyStatus } from '@rapport/protocol/inference';
import type { Author, Citation, Message } from '@rapport/protocol/sessions';
import type { HeldRung } from '@rapport/protocol/supervision';

/** A line of the conversation as it is shown. */
export type Entry =
  | {
      kind: 'message';
      key: string;
      seq: number;
      author: Author;
      text: string;
      at: string;
      by: string | null;
      replyId: string | null;
      status: ReplyStatus | null;
      engine: EngineName | null;
      citations: Citation[];
      /** For the team: what became of each sentence that cited something. */
      claims: Claim[];
      /** A text of the house: it stands in the log alone, not among the messages. */
      notice?: true;
    }
  | {
      kind: 'broken';
      key: string;
      seq: number;
      replyId: string;
      status: 'interrupted' | 'failed';
      engine: EngineName | null;
      text: string;
      reason: string | null;
      at: string;
    }
  /** What only the team is told, with the event's data: guidance, decisions, changes of the rung. */
  | { kind: 'note'; key: string; seq: number; type: string; by: string | null; at: string; data: RoomEvent['data'] }
  | { kind: 'line'; key: string; seq: number; type: string; by: string | null; at: string };

export interface Running {
  replyId: string;
  engine: EngineName | null;
  /** As far as it was made; a held one's is known to the team alone. */
  text: string;
  /** Why the client does not see it as it is made; null: the client does. */
  held: HeldRung | null;
  /** The part of a held reply that the client has. */
  released: string;
  /** The client was told that a person will answer. */
  late: boolean;
}

export interface RoomState {
  entries: Entry[];
  /** The reply being made, or waiting for a decision. */
  running: Running | null;
  /** Tokens that arrived before the event that starts their reply. */
  early: Record<string, string>;
  /** Which message each reply answers. */
  answers: Record<string, string | null>;
  /** What makes, or made, each reply. */
  engines: Record<string, EngineName>;
  status: 'active' | 'paused' | 'ended';
  takenOver: boolean;
  cursor: number;
}

export const emptyRoom: RoomState = {
  entries: [],
  running: null,
  early: {},
  answers: {},
  engines: {},
  status: 'active',
  takenOver: false,
  cursor: 0,
};

const lines = new Set([
  'session.paused',
  'session.resumed',
  'session.taken-over',
  'session.handed-back',
  'session.ended',
  'client.joined',
  'session.escalated',
  'person.requested',
  'session.time-up',
]);
const notes = new Set(['guidance.given', 'review.decided', 'review.overdue', 'policy.changed']);

interface MessageData {
  messageId: string;
  author: Author;
  text: string;
  replyId?: string | null;
  engine?: EngineName | null;
  citations?: Citation[];
  replaces?: string | null;
}

/** A broken try at the answer that this reply is another try at. */
const isTryOf = (state: RoomState, entry: Entry, replyId: string): boolean =>
  entry.kind === 'broken' &&
  (entry.replyId === replyId ||
    (entry.replyId in state.answers && state.answers[entry.replyId] === state.answers[replyId]));

function addMessage(state: RoomState, event: RoomEvent): RoomState {
  const data = event.data as unknown as MessageData;
  const entries = state.entries.filter(
    (e) => e.key !== data.messageId && e.key !== data.replaces && !(data.replyId && isTryOf(state, e, data.replyId)),
  );
  entries.push({
    kind: 'message',
    key: data.messageId,
    seq: event.seq,
    author: data.author,
    text: data.text,
    at: event.at,
    by: nameOf(event.actor),
    replyId: data.replyId ?? null,
    status: null,
    engine: data.engine ?? null,
    citations: data.citations ?? [],
    claims: [],
  });
  const ends = data.replyId && state.running?.replyId === data.replyId;
  return { ...state, entries, running: ends ? null : state.running };
}

function addNotice(state: RoomState, event: RoomEvent): RoomState {
  const { noticeId, text } = event.data as { noticeId: string; text: string };
  const after = addMessage(state, { ...event, data: { messageId: noticeId, author: 'staff', text } });
  return { ...after, entries: after.entries.map((e) => (e.key === noticeId ? { ...e, notice: true } : e)) as Entry[] };
}

const nameOf = (actor: EventActor): string | null => actor.name;

function endReply(state: RoomState, event: RoomEvent): RoomState {
  const data = event.data as {
    replyId: string;
    text?: string;
    message?: string;
    messageId?: string | null;
    replyTo?: string | null;
  };
  const status = event.type.slice('reply.'.length);
  const { [data.replyId]: _gone, ...early } = state.early;
  const running = state.running?.replyId === data.replyId ? null : state.running;
  let { entries, answers } = state;
  if (data.replyTo !== undefined) answers = { ...answers, [data.replyId]: data.replyTo };
  if (status === 'interrupted' || status === 'failed') {
    const broken: Entry = {
      kind: 'broken',
      key: `broken-${data.replyId}`,
      seq: event.seq,
      replyId: data.replyId,
      status,
      engine: state.engines[data.replyId] ?? null,
      text: data.text ?? '',
      reason: data.message ?? null,
      at: event.at,
    };
    entries = [...entries.filter((e) => !isTryOf({ ...state, answers }, e, data.replyId)), broken];
  } else if (status === 'stopped') {
    entries = entries.map((e) =>
      e.kind === 'message' && e.replyId === data.replyId ? { ...e, status: 'stopped' } : e,
    );
  }
  return { ...state, entries, answers, running, early };
}

function changeSession(state: RoomState, event: RoomEvent): RoomState {
  const entries: Entry[] = [
    ...state.entries,
    { kind: 'line', key: `line-${event.seq}`, seq: event.seq, type: event.type, by: nameOf(event.actor), at: event.at },
  ];
  switch (event.type) {
    case 'session.paused':
      return { ...state, entries, status: 'paused' };
    case 'session.resumed':
      return { ...state, entries, status: 'active' };
    case 'session.ended':
      return { ...state, entries, status: 'ended' };
    case 'session.escalated':
    case 'session.taken-over':
      return { ...state, entries, takenOver: true };
    case 'session.handed-back':
      return { ...state, entries, takenOver: false };
    default:
      return { ...state, entries };
  }
}

/** What is told of a held reply before its end. */
function changeHeld(state: RoomState, { type, data }: RoomEvent): RoomState | null {
  const { running } = state;
  const { replyId, offset, text } = data as { replyId: string; offset: number; text: string };
  const changed = (more: Partial<Running>): RoomState =>
    running?.replyId === replyId ? { ...state, running: { ...running, ...more } } : state;
  switch (type) {
    case 'reply.held':
      return changed({ held: 'approve', released: text });
    case 'reply.released':
      return changed({ released: (running?.released ?? '').slice(0, offset) + text });
    case 'reply.delayed':
      return changed({ late: true });
    case 'draft.ready':
      return changed({ text });
    default:
      return null;
  }
}

/** What the room looks like after one more event. An event that was applied already changes nothing. */
export function applyEvent(before: RoomState, event: RoomEvent): RoomState {
  if (event.seq <= before.cursor) return before;
  const state = { ...before, cursor: event.seq };
  if (event.type === 'message.created') return addMessage(state, event);
  if (event.type === 'notice.shown') return addNotice(state, event);
  if (event.type === 'reply.started') {
    const {
      replyId,
      engine,
      replyTo = null,
      held = null,
    } = event.data as { replyId: string; engine: EngineName; replyTo?: string | null; held?: HeldRung };
    const { [replyId]: text = '', ...early } = state.early;
    const answers = { ...state.answers, [replyId]: replyTo };
    const engines = { ...state.engines, [replyId]: engine };
    return { ...state, running: { replyId, engine, text, held, released: '', late: false }, early, answers, engines };
  }
  if (event.type === 'reply.checked') {
    const { messageId, claims } = event.data as { messageId: string; claims: Claim[] };
    const checked = (e: Entry): Entry => (e.kind === 'message' && e.key === messageId ? { ...e, claims } : e);
    return { ...state, entries: state.entries.map(checked) };
  }
  const held = changeHeld(state, event);
  if (held) return held;
  if (event.type.startsWith('reply.')) return endReply(state, event);
  if (notes.has(event.type)) {
    const { seq, type, at, data } = event;
    const entry: Entry = { kind: 'note', key: `note-${seq}`, seq, type, by: nameOf(event.actor), at, data };
    return { ...state, entries: [...state.entries, entry] };
  }
  if (event.type === 'consent.changed') {
    // Of interest in the conversation only where it changes who may write.
    const { purpose, given } = event.data as { purpose: string; given: boolean };
    if (purpose !== 'ai-processing' && purpose !== 'recording') return state;
    return changeSession(state, { ...event, type: `consent.${purpose}.${given}` });
  }
  return lines.has(event.type) ? changeSession(state, event) : state;
}

const toEntry = (m: Message, by: string | null): Entry => ({
  kind: 'message',
  key: m.id,
  seq: m.seq,
  author: m.author,
  text: m.text,
  at: m.createdAt,
  by,
  replyId: m.replyId,
  status: m.replyStatus,
  engine: m.engine,
  citations: m.citations,
  claims: m.claims ?? [],
});

/**
 * A page of older messages, put before what is shown, and between them what else happened: the `events` of the same
 * stretch of the log. The messages are as they stand today; the log also has those that another has replaced since.
 */
export function prepend(state: RoomState, messages: Message[], events: RoomEvent[] = []): RoomState {
  const past = events.reduce(applyEvent, { ...emptyRoom, cursor: (events[0]?.seq ?? 1) - 1 });
  const answers = { ...past.answers, ...state.answers };
  const engines = { ...past.engines, ...state.engines };
  // A reply that broke off on this page may have been started on the one before it.
  const current = state.entries.map((e) =>
    e.kind === 'broken' && !e.engine ? { ...e, engine: engines[e.replyId] ?? null } : e,
  );
  const known = new Set(state.entries.map((e) => e.key));
  const writers = new Map(past.entries.map((e) => [e.key, e.kind === 'message' ? e.by : null]));
  const triedAgain = (entry: Entry): boolean =>
    entry.kind === 'broken' &&
    state.entries.some((e) => e.kind === 'message' && e.replyId && isTryOf({ ...state, answers }, entry, e.replyId));
  const older = [
    ...messages.map((m) => toEntry(m, writers.get(m.id) ?? null)),
    ...past.entries.filter((e) => (e.kind !== 'message' || e.notice) && !triedAgain(e)),
  ]
    .filter((e) => !known.has(e.key))
    .sort((a, b) => a.seq - b.seq);
  return { ...state, answers, engines, entries: [...older, ...current] };
}

/** More text of the running reply. `offset` 0 begins anew. */
export function applyDelta(state: RoomState, { replyId, offset, text }: TextDelta): RoomState {
  if (state.running?.replyId === replyId) {
    return { ...state, running: { ...state.running, text: state.running.text.slice(0, offset) + text } };
  }
  const known = state.early[replyId] ?? '';
  return { ...state, early: { ...state.early, [replyId]: known.slice(0, offset) + text } };
}

/** The reply is being made anew. */
export const resetReply = (state: RoomState, replyId: string): RoomState =>
  state.running?.replyId === replyId
    ? { ...state, running: { ...state.running, text: '' } }
    : { ...state, early: { ...state.early, [replyId]: '' } };
