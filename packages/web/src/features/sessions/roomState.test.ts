import type { RoomEvent } from '@rapport/protocol/events';
import { expect, test } from 'vitest';
import { applyDelta, applyEvent, emptyRoom, prepend, type RoomState } from './roomState.ts';

let seq = 0;
const event = (type: string, data: Record<string, unknown> = {}): RoomEvent => ({
  seq: (seq += 1),
  type,
  audience: 'all',
  actor: { kind: 'system', id: null, name: null },
  at: '2026-01-01T00:00:00.000Z',
  data,
});
const engine = { id: 'x', label: 'X', model: 'm' };
const run = (...events: RoomEvent[]): RoomState => events.reduce(applyEvent, emptyRoom);

test('a reply streams into one bubble and becomes one message', () => {
  let state = run(
    event('message.created', { messageId: 'm1', author: 'client', text: 'Hi' }),
    event('reply.started', { replyId: 'r', engine }),
  );
  state = applyDelta(state, { replyId: 'r', offset: 0, text: 'Hel' });
  state = applyDelta(state, { replyId: 'r', offset: 3, text: 'lo' });
  expect(state.running?.text).toBe('Hello');
  state = applyEvent(
    state,
    event('message.created', { messageId: 'm2', author: 'persona', text: 'Hello', replyId: 'r' }),
  );
  state = applyEvent(state, event('reply.completed', { replyId: 'r', messageId: 'm2' }));
  expect(state.running).toBeNull();
  expect(state.entries.map((e) => e.key)).toEqual(['m1', 'm2']);
});

test('tokens that come before the start of their reply are kept', () => {
  const state = applyDelta(emptyRoom, { replyId: 'r', offset: 0, text: 'Hel' });
  expect(applyEvent(state, event('reply.started', { replyId: 'r', engine })).running?.text).toBe('Hel');
});

test('an event applied twice changes nothing', () => {
  const once = event('message.created', { messageId: 'm', author: 'client', text: 'Hi' });
  const state = run(once);
  expect(applyEvent(state, once)).toBe(state);
});

test('a broken reply is marked, and gone when the next one is whole', () => {
  let state = run(
    event('reply.started', { replyId: 'a', engine, replyTo: 'q' }),
    event('reply.interrupted', { replyId: 'a', text: 'half' }),
  );
  expect(state.entries).toMatchObject([{ kind: 'broken', status: 'interrupted', text: 'half' }]);
  const other = [
    event('reply.started', { replyId: 'x', engine, replyTo: 'other' }),
    event('message.created', { messageId: 'o', author: 'persona', text: 'else', replyId: 'x' }),
  ];
  expect(other.reduce(applyEvent, state).entries).toMatchObject([
    { kind: 'broken' },
    { kind: 'message', text: 'else' },
  ]);
  state = applyEvent(state, event('reply.started', { replyId: 'b', engine, replyTo: 'q' }));
  state = applyEvent(
    state,
    event('message.created', { messageId: 'm', author: 'persona', text: 'whole', replyId: 'b' }),
  );
  expect(state.entries).toMatchObject([{ kind: 'message', text: 'whole' }]);
});

test('a regenerated reply takes the place of the old one', () => {
  const state = run(
    event('message.created', { messageId: 'old', author: 'persona', text: 'one', replyId: 'a' }),
    event('message.created', { messageId: 'new', author: 'persona', text: 'two', replyId: 'b', replaces: 'old' }),
  );
  expect(state.entries.map((e) => e.key)).toEqual(['new']);
});

test('older messages are put before, each once', () => {
  const state = run(event('message.created', { messageId: 'm2', author: 'client', text: 'b' }));
  const message = (id: string) => ({
    id,
    seq: 1,
    author: 'client' as const,
    text: 'a',
    replyId: null,
    replyStatus: null,
    engine: null,
    citations: [],
    createdAt: '2026-01-01T00:00:00.000Z',
  });
  expect(prepend(state, [message('m1'), message('m2')]).entries.map((e) => e.key)).toEqual(['m1', 'm2']);
});

test('the session’s state follows its events', () => {
  expect(run(event('session.paused'))).toMatchObject({ status: 'paused' });
  expect(run(event('session.taken-over'))).toMatchObject({ takenOver: true });
  expect(run(event('session.taken-over'), event('session.handed-back'), event('session.ended'))).toMatchObject({
    takenOver: false,
    status: 'ended',
  });
});
