import { sleep } from './backoff.ts';
import { isTransient } from './http.ts';
import { pollOnce } from './poll.ts';
import { report, type Room } from './room.ts';
import { NoStream, readSse } from './sse.ts';
import { LiveError, type Env } from './types.ts';

/** No page or proxy may make a loop of quick ends. */
const leastPauseMs = 250;
/** A server that stops ends all its streams at one moment. */
const spreadMs = 750;

export interface FallbackHooks {
  works(): void;
  fails(): void;
  /** Aborted when waiting any longer makes no sense: the machine is online again. */
  awake(): AbortSignal;
  /** Shared by all rooms: where one stream did not get through, the others need not wait 20 s to see it. */
  streams: { blocked: boolean };
}

/** Follows one room by HTTP until the signal is aborted or the room is denied. */
export async function follow(env: Env, room: Room, signal: AbortSignal, hooks: FallbackHooks): Promise<void> {
  let wait = 0;
  while (!signal.aborted && !room.over) {
    let pause = leastPauseMs + env.random() * spreadMs;
    try {
      if (env.transport === 'poll' || hooks.streams.blocked) {
        wait = await pollOnce(env, room, wait, signal);
        if (signal.aborted) return;
        pause = 0;
        hooks.works();
      } else await readSse(env, room, signal, () => hooks.works());
    } catch (error) {
      if (signal.aborted) return;
      wait = 0;
      if (error instanceof NoStream && env.transport === 'auto') {
        hooks.streams.blocked = true;
        continue;
      }
      if (error instanceof LiveError && !isTransient(error)) return room.setStatus('denied');
      if (error instanceof LiveError || error instanceof NoStream) hooks.fails();
      else report(error);
      room.lost();
      pause = Math.max(leastPauseMs, room.backoff.next());
    }
    if (pause > 0) await sleep(pause, AbortSignal.any([signal, hooks.awake()]));
  }
}
