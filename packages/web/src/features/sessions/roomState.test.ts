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

test('between older messages stands what else happened, in order, and the running state stays', () => {
  const log = [
    event('client.joined', { alias: 'Robin' }),
    event('message.created', { messageId: 'a', author: 'client', text: 'a' }),
    event('guidance.given', { guidanceId: 'g', text: 'Ask more.' }),
    event('reply.started', { replyId: 'r1', engine, replyTo: 'a' }),
    event('message.created', { messageId: 'b1', author: 'persona', text: 'replaced', replyId: 'r1' }),
    event('session.paused'),
    event('session.taken-over'),
    {
      ...event('message.created', { messageId: 'c', author: 'staff', text: 'c' }),
      actor: { kind: 'staff' as const, id: 's', name: 'Olga' },
    },
    event('reply.started', { replyId: 'r2', engine, replyTo: 'd' }),
    event('reply.failed', { replyId: 'r2', text: 'ha', message: 'no' }),
    event('reply.started', { replyId: 'r4', engine, replyTo: 'z' }),
    event('reply.interrupted', { replyId: 'r4', text: 'br' }),
  ];
  const now = run(
    event('reply.started', { replyId: 'r3', engine, replyTo: 'd' }),
    event('message.created', { messageId: 'e', author: 'persona', text: 'e', replyId: 'r3' }),
  );
  const message = (id: string, author: 'client' | 'staff', seq: number) => ({
    id,
    seq,
    author,
    text: id,
    replyId: null,
    replyStatus: null,
    engine: null,
    citations: [],
    createdAt: '2026-01-01T00:00:00.000Z',
  });
  const page = [message('a', 'client', log[1]?.seq ?? 0), message('c', 'staff', log[7]?.seq ?? 0)];
  const shown = prepend(now, page, log);
  expect(shown.entries.map((e) => (e.kind === 'line' || e.kind === 'note' ? e.type : e.key))).toEqual([
    'client.joined',
    'a',
    'guidance.given',
    'session.paused',
    'session.taken-over',
    'c',
    'broken-r4',
    'e',
  ]);
  expect(shown.entries.find((e) => e.key === 'c')).toMatchObject({ by: 'Olga' });
  expect(shown).toMatchObject({ status: 'active', takenOver: false, running: null, cursor: now.cursor });
  expect(prepend(shown, page, log).entries).toEqual(shown.entries);
});

test('the session’s state follows its events', () => {
  expect(run(event('session.paused'))).toMatchObject({ status: 'paused' });
  expect(run(event('session.taken-over'))).toMatchObject({ takenOver: true });
  expect(run(event('session.taken-over'), event('session.handed-back'), event('session.ended'))).toMatchObject({
    takenOver: false,
    status: 'ended',
  });
});

test('a reply that broke off keeps what made it, also where its start is on an older page', () => {
  const start = event('reply.started', { replyId: 'late', engine });
  const broken = event('reply.interrupted', { replyId: 'late', text: 'Half' });
  expect(run(start, broken).entries).toMatchObject([{ kind: 'broken', engine }]);
  const newest = run(broken);
  expect(newest.entries).toMatchObject([{ kind: 'broken', engine: null }]);
  expect(prepend(newest, [], [start]).entries).toMatchObject([{ kind: 'broken', engine }]);
});

test('of a held reply the client sees what was released, and that a person answers', () => {
  let state = run(event('reply.started', { replyId: 'r', engine, held: 'approve' }));
  expect(state.running).toMatchObject({ held: 'approve', released: '', late: false });
  state = applyDelta(state, { replyId: 'r', offset: 0, text: 'One. Two.' });
  state = applyEvent(state, event('reply.released', { replyId: 'r', offset: 0, text: 'One. ' }));
  state = applyEvent(state, event('reply.released', { replyId: 'r', offset: 5, text: '2.' }));
  expect(state.running).toMatchObject({ text: 'One. Two.', released: 'One. 2.' });
  state = applyEvent(state, event('reply.delayed', { replyId: 'r' }));
  expect(state.running?.late).toBe(true);
  state = applyEvent(state, event('reply.delayed', { replyId: 'another' }));
  state = applyEvent(state, event('draft.ready', { replyId: 'r', text: 'One. Two. Three.' }));
  expect(state.running?.text).toBe('One. Two. Three.');
  const said = { messageId: 'm', author: 'persona', text: 'One. 2.', replyId: 'r' };
  state = applyEvent(state, event('message.created', said));
  state = applyEvent(state, event('reply.completed', { replyId: 'r', messageId: 'm' }));
  expect(state.running).toBeNull();
  expect(state.entries.map((e) => e.key)).toEqual(['m']);
});

test('a reply that is held while it runs goes on for the team, and what was shown stays', () => {
  let state = run(event('reply.started', { replyId: 'r', engine }));
  state = applyDelta(state, { replyId: 'r', offset: 0, text: 'Shown' });
  state = applyEvent(state, event('reply.held', { replyId: 'r', text: 'Shown' }));
  state = applyDelta(state, { replyId: 'r', offset: 5, text: ' and held' });
  expect(state.running).toMatchObject({ held: 'approve', released: 'Shown', text: 'Shown and held' });
  state = applyEvent(state, event('reply.stopped', { replyId: 'r', messageId: null, text: '' }));
  expect(state.running).toBeNull();
});

test('whoever joins is named', () => {
  const joined = event('client.joined', { alias: 'Robin' });
  joined.actor.name = 'Robin';
  expect(run(joined).entries).toMatchObject([{ kind: 'line', by: 'Robin' }]);
});
