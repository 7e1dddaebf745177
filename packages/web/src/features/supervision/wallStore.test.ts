import type { Message, Session } from '@rapport/protocol/sessions';
import type { Api } from '@rapport/sdk/api';
import type { Live, RoomReader } from '@rapport/sdk/live';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WallStore } from './wallStore.ts';

const session = (n: number) => ({ id: `s${n}`, roomId: `r${n}` }) as Session;
const message = (id: string) => ({ id, author: 'client', text: id }) as Message;

/** A store whose rooms and answers the test plays. */
function wall() {
  const rooms = new Map<string, RoomReader>();
  const answers: ((items: Message[]) => Promise<void>)[] = [];
  const live = {
    room(id: string, reader: RoomReader) {
      rooms.set(id, reader);
      return { close: () => rooms.delete(id) };
    },
    close: () => {},
  } as unknown as Live;
  const api = {
    get: () =>
      new Promise((resolve) =>
        answers.push((items) => {
          resolve({ items, next: null });
          return Promise.resolve();
        }),
      ),
  } as unknown as Api;
  return { store: new WallStore(api, live), rooms, answers };
}

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', () => 1);
  vi.stubGlobal('cancelAnimationFrame', () => {});
});
afterEach(() => vi.unstubAllGlobals());

test('rooms are asked for twenty at a time, each once, and those that are gone are let go', () => {
  const { store, rooms } = wall();
  const all = Array.from({ length: 200 }, (_, n) => session(n));
  store.follow(all);
  expect(rooms.size).toBe(20);
  let open = 0;
  for (const { roomId } of all) {
    expect(rooms.size - open).toBeLessThanOrEqual(20);
    // Told twice, as by the end of its log and by the status: it counts once.
    rooms.get(roomId)?.onSynced?.({ seq: 1 });
    rooms.get(roomId)?.onStatus('live');
    open += 1;
  }
  expect(rooms.size).toBe(200);
  store.follow(all.slice(0, 5));
  expect([...rooms.keys()]).toEqual(['r0', 'r1', 'r2', 'r3', 'r4']);
});

test.each([
  ['in the order in which it was asked for', [0, 1]],
  ['out of that order', [1, 0]],
])('what was said between a first look and the end of the log is shown, answered %s', async (_, order) => {
  const { store, rooms, answers } = wall();
  store.follow([session(0)]);
  store.see('s0', () => {});
  // The first answer is made before the message, and the room is followed from after it.
  rooms.get('r0')?.onReset({ seq: 7 });
  const given = [[], [message('Said meanwhile')]];
  for (const at of order) await answers[at]?.(given[at] ?? []);
  await Promise.resolve();
  expect(store.tileOf('s0').lines.map(({ text }) => text)).toEqual(['Said meanwhile']);
});
