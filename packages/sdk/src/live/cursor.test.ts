import type { RoomEvent } from '@rapport/protocol/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBackoff } from './backoff.ts';
import { Cursor } from './cursor.ts';
import { createSseParser } from './sse.ts';
import type { RoomFrame } from './room.ts';
import { createUuid7 } from './uuid7.ts';

const event = (seq: number, type = 'message.created', data = {}): RoomEvent => ({
  seq,
  type,
  data,
  audience: 'all',
  actor: { kind: 'system', id: null, name: null },
  at: '2026-01-01T00:00:00.000Z',
});

function follow(after = 0) {
  const seqs: number[] = [];
  const texts = new Map<string, string>();
  const resets: number[] = [];
  const cursor = new Cursor(after, {
    onEvent: ({ seq }) => seqs.push(seq),
    onDelta({ replyId, offset, text }) {
      expect(offset).toBe(texts.get(replyId)?.length ?? 0);
      texts.set(replyId, (texts.get(replyId) ?? '') + text);
    },
    onReset: ({ seq }) => resets.push(seq),
    onReplyReset: (replyId) => texts.delete(replyId),
  });
  return { cursor, seqs, texts, resets };
}

describe('the cursor of a room', () => {
  it('gives each event once and in order, however often the log is replayed from the cursor', () => {
    const log = fc
      .uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 60 })
      .map((all) => all.sort((a, b) => a - b));
    // Each connection delivers some events after the cursor it subscribed with, now and then one of an earlier one again.
    const connections = fc.array(fc.record({ count: fc.nat(20), back: fc.nat(10) }), { maxLength: 12 });
    fc.assert(
      fc.property(log, connections, (all, cuts) => {
        const { cursor, seqs } = follow();
        for (const { count, back } of cuts) {
          const from = all.filter((seq) => seq > cursor.seq - back).slice(0, count);
          for (const seq of from) cursor.event(event(seq));
        }
        for (const seq of all) cursor.event(event(seq));
        cursor.synced(501);
        expect(seqs).toEqual(all);
        expect(cursor.seq).toBe(501);
      }),
    );
  });

  it('gives the text of a reply without gap or overlap, whatever pieces arrive', () => {
    const pieces = fc.array(fc.tuple(fc.nat(80), fc.nat(30)), { maxLength: 80 });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), pieces, (whole, slices) => {
        const { cursor, texts } = follow();
        for (const [offset, length] of slices) {
          const known = texts.get('r')?.length ?? 0;
          const at = Math.min(offset, whole.length);
          const taken = cursor.delta({ replyId: 'r', offset: at, text: whole.slice(at, at + length) });
          expect(taken).toBe(at <= known);
          expect(whole.startsWith(texts.get('r') ?? '')).toBe(true);
        }
        cursor.delta({ replyId: 'r', offset: 0, text: whole });
        expect(texts.get('r') ?? '').toBe(whole);
      }),
    );
  });

  it('sees that a reply was made anew while it was away', () => {
    const { cursor, texts } = follow();
    cursor.delta({ replyId: 'r', offset: 0, text: 'Good mor' });
    cursor.delta({ replyId: 'r', offset: 0, text: 'Hello' });
    expect(texts.get('r')).toBe('Hello');
    expect(cursor.delta({ replyId: 'r', offset: 3, text: 'XX and more' })).toBe(false);
  });

  it('takes no text of a reply that has ended', () => {
    const { cursor, texts } = follow();
    cursor.event(event(1, 'reply.completed', { replyId: 'r' }));
    expect(cursor.delta({ replyId: 'r', offset: 0, text: 'late' })).toBe(true);
    expect(texts.size).toBe(0);
  });

  it('counts nothing as given when the callback has thrown', () => {
    let fail = true;
    const seen: number[] = [];
    const onEvent = ({ seq }: RoomEvent) => {
      if (fail) throw new Error('no room on the disk');
      seen.push(seq);
    };
    const cursor = new Cursor(4, { onEvent, onDelta() {}, onReset() {}, onReplyReset() {} });
    expect(() => cursor.event(event(5))).toThrow();
    expect(cursor.seq).toBe(4);
    fail = false;
    cursor.event(event(5));
    expect(seen).toEqual([5]);
  });

  it('goes on from where a reset says, also backwards', () => {
    const { cursor, seqs, resets } = follow(90);
    cursor.reset(10, 2);
    cursor.event(event(11));
    expect({ resets, seqs, epoch: cursor.epoch }).toEqual({ resets: [10], seqs: [11], epoch: 2 });
  });
});

describe('the parts', () => {
  it('reads server-sent events cut anywhere', () => {
    const stream =
      ':\r\n\r\nid: 3\r\nevent: message.created\r\ndata: {"seq":3}\r\n\r\n:\n\nevent: text-delta\ndata: {"replyId":"r",\ndata: "offset":0,"text":"a"}\n\nevent: newer\ndata: {}\n\nevent: synced\ndata: {"seq":4,"epoch":1}\n\n';
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const frames: RoomFrame[] = [];
        const feed = createSseParser((frame) => frames.push(frame));
        const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
        for (let i = 1; i < at.length; i += 1) feed(stream.slice(at[i - 1], at[i]));
        expect(frames).toEqual([
          { t: 'ev', event: { seq: 3 } },
          { t: 'text-delta', delta: { replyId: 'r', offset: 0, text: 'a' } },
          { t: 'synced', seq: 4, epoch: 1 },
        ]);
      }),
    );
  });

  it('makes UUIDv7 that ascend, also when the clock stands still or goes back', () => {
    const times = [5, 5, 4, 1_700_000_000_000, 1_700_000_000_000];
    let i = 0;
    const next = createUuid7(() => times[Math.min(Math.floor(i++ / 8), times.length - 1)] ?? 0);
    const ids = Array.from({ length: 10_000 }, next);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('waits longer after each failure, up to 20 s', () => {
    const backoff = createBackoff(() => 1);
    expect(Array.from({ length: 8 }, () => backoff.next())).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000,
    ]);
    backoff.reset();
    expect(backoff.next()).toBe(500);
  });
});
