import type { RoomEvent } from '@rapport/protocol/events';
import { expect, test } from 'vitest';
import { afterDelta, afterEvent, afterReset, emptyTile, withPast } from './wallTile.ts';

let seq = 0;
const event = (type: string, data: Record<string, unknown>): RoomEvent => ({
  seq: (seq += 1),
  type,
  audience: 'all',
  actor: { kind: 'system', id: null, name: null },
  at: '2026-01-01T00:00:00.000Z',
  data,
});
const said = (messageId: string, replyId?: string) =>
  event('message.created', { messageId, author: 'client', text: messageId, replyId });
const message = (id: string) => ({
  id,
  seq: 1,
  author: 'client' as const,
  text: id,
  replyId: null,
  replyStatus: null,
  engine: null,
  citations: [],
  createdAt: '2026-01-01T00:00:00.000Z',
});

test('the last lines stay, the past beneath what came since, each once', () => {
  const live = [said('c'), said('d')].reduce(afterEvent, emptyTile);
  const tile = withPast(live, ['a', 'b', 'c'].map(message));
  expect(tile.lines.map((line) => line.key)).toEqual(['b', 'c', 'd']);
});

test('a reply shows its end while it is made, whether its start was seen or not', () => {
  let tile = afterDelta(emptyTile, { replyId: 'r', offset: 0, text: 'One' });
  tile = afterDelta(tile, { replyId: 'r', offset: 3, text: ' two' });
  expect(tile.running).toEqual({ replyId: 'r', text: 'One two', held: false });
  tile = afterEvent(tile, event('reply.started', { replyId: 'r', held: 'approve' }));
  expect(tile.running).toEqual({ replyId: 'r', text: 'One two', held: true });
  tile = afterDelta(tile, { replyId: 'r', offset: 7, text: 'x'.repeat(1000) });
  expect(tile.running?.text.length).toBeLessThan(300);
  expect(tile.running?.held).toBe(true);
  expect(afterReset(tile, 'r').running?.text).toBe('');
  expect(afterEvent(tile, event('reply.stopped', { replyId: 'other' }))).toBe(tile);
  expect(afterEvent(tile, said('m', 'r')).running).toBeNull();
  expect(afterEvent(tile, event('reply.stopped', { replyId: 'r' })).running).toBeNull();
});
