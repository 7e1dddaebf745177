import { describe, expect, it, vi } from 'vitest';
import { Outbox } from './outbox.ts';
import { LiveError, offline, type OutboxItem, type Published } from './types.ts';

const item = (mid: string, room = 'room'): OutboxItem => ({ mid, room, text: mid });

/** A storage, and a way to send that answers as told: the code of an error, or nothing for success. */
function setUp(answers: string[] = [], stored: OutboxItem[] = [], random = 0.2) {
  const state = { stored: stored as readonly OutboxItem[], sent: [] as string[], rejected: [] as string[] };
  const make = () =>
    new Outbox({
      storage: {
        load: () => Promise.resolve([...state.stored]),
        save: (items) => Promise.resolve(void (state.stored = items)),
      },
      random: () => random,
      send({ mid }): Promise<Published> {
        state.sent.push(mid);
        const code = answers.shift();
        if (code) return Promise.reject(code === 'offline' ? offline() : new LiveError(code, ''));
        return Promise.resolve({ seq: state.sent.length, messageId: mid, replyId: null });
      },
      onStored: () => {},
      onRejected: ({ mid }, { code }) => state.rejected.push(`${mid} ${code}`),
    });
  return { state, make };
}

describe('the outbox', () => {
  it('sends what an earlier visit left, before what is new, and forgets what is acknowledged', async () => {
    const { state, make } = setUp([], [item('a'), item('b')]);
    await make().add(item('c'));
    expect(state.sent).toEqual(['a', 'b', 'c']);
    await vi.waitFor(() => expect(state.stored).toEqual([]));
  });

  it('keeps for the next visit what was not acknowledged', async () => {
    const { state, make } = setUp(['offline', 'forbidden']);
    const first = make();
    const waiting = expect(first.add(item('a'))).rejects.toMatchObject({ code: 'closed' });
    await vi.waitFor(() => expect(state.stored).toHaveLength(1), { interval: 5 });
    first.close();
    await waiting;
    make();
    await vi.waitFor(() => expect(state.rejected).toEqual(['a forbidden']));
  });

  it('does not let a message overtake one of its room that is tried again, and does not hold up other rooms', async () => {
    const { state, make } = setUp(['unavailable']);
    const outbox = make();
    await Promise.all([outbox.add(item('a')), outbox.add(item('b')), outbox.add(item('c', 'other'))]);
    expect(state.sent.filter((mid) => mid !== 'c')).toEqual(['a', 'a', 'b']);
    expect(state.sent.indexOf('c')).toBe(1);
  });

  it('gives up on a message that the server keeps failing on', async () => {
    const { make } = setUp(
      Array.from({ length: 8 }, () => 'internal'),
      [],
      0.001,
    );
    const outbox = make();
    const failed = expect(outbox.add(item('a'))).rejects.toMatchObject({ code: 'internal' });
    await expect(outbox.add(item('b'))).resolves.toMatchObject({ messageId: 'b' });
    await failed;
  });
});
