import type { EventPage } from '@rapport/protocol/events';
import { json, request } from './http.ts';
import type { Room } from './room.ts';
import type { Env } from './types.ts';

const waitSeconds = 25;
const limit = 200;
const graceMs = 10_000;

/**
 * One long poll. Resolves to the seconds the next one may wait: short while a reply runs, for its text comes only with
 * the answer of a poll. The first of a room should not wait, so that its reader is soon told that it is live.
 */
export async function pollOnce(env: Env, room: Room, wait: number, signal: AbortSignal): Promise<number> {
  const both = AbortSignal.any([signal, AbortSignal.timeout(wait * 1000 + graceMs)]);
  const response = await request(env, room.id, `events?after=${room.cursor.seq}&limit=${limit}&wait=${wait}`, {
    signal: both,
  });
  const page = await json<EventPage>(response);
  if (signal.aborted) return 0;
  if (page.reset) room.apply({ t: 'reset', seq: page.next });
  for (const event of page.events) room.apply({ t: 'ev', event });
  for (const delta of page.running) room.apply({ t: 'text-delta', delta });
  if (page.events.length >= limit) return 0;
  room.apply({ t: 'synced', seq: page.next });
  return page.running.length > 0 ? 1 : waitSeconds;
}
