import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { NewsTopic } from '@rapport/protocol/live';
import { createBackoff, type Backoff } from './backoff.ts';
import { Cursor } from './cursor.ts';
import type { RoomReader, RoomStatus } from './types.ts';

/** The stable part of a server's frame, whichever transport it came by. */
export type RoomFrame =
  | { t: 'ev'; event: RoomEvent }
  | { t: 'text-delta'; delta: TextDelta }
  | { t: 'reply-reset'; replyId: string }
  | { t: 'typing'; who: 'client' | 'staff'; on: boolean }
  | { t: 'news'; about: NewsTopic }
  | { t: 'synced' | 'reset'; seq: number; epoch?: number | undefined };

/** One open room: its cursor and the status its reader was last told. */
export class Room {
  readonly id: string;
  readonly cursor: Cursor;
  readonly backoff: Backoff;
  readonly #reader: RoomReader;
  #status: RoomStatus | undefined;

  constructor(id: string, after: number, reader: RoomReader, random: () => number) {
    this.id = id;
    this.#reader = reader;
    this.cursor = new Cursor(after, reader);
    this.backoff = createBackoff(random);
    this.setStatus('connecting');
  }

  get over(): boolean {
    return this.#status === 'closed' || this.#status === 'denied';
  }

  setStatus(next: RoomStatus) {
    if (next === this.#status || this.#status === 'closed') return;
    this.#status = next;
    guard(() => this.#reader.onStatus(next));
  }

  /** The connection is lost; before its first success a room is still `connecting`. */
  lost() {
    if (this.#status === 'live') this.setStatus('retrying');
  }

  /** False: a gap in a reply's text; subscribe again. Throws what the reader's callback throws. */
  apply(frame: RoomFrame): boolean {
    if (this.over) return true;
    const { cursor } = this;
    if (frame.t === 'ev') cursor.event(frame.event);
    else if (frame.t === 'text-delta') return cursor.delta(frame.delta);
    else if (frame.t === 'reply-reset') cursor.replyReset(frame.replyId);
    else if (frame.t === 'typing') guard(() => this.#reader.onTyping?.({ who: frame.who, on: frame.on }));
    else if (frame.t === 'news') guard(() => this.#reader.onNews?.(frame.about));
    else {
      if (frame.t === 'reset') cursor.reset(frame.seq, frame.epoch);
      else {
        cursor.synced(frame.seq, frame.epoch);
        guard(() => this.#reader.onSynced?.({ seq: cursor.seq }));
      }
      this.backoff.reset();
      this.setStatus('live');
    }
    return true;
  }
}

/** An error of the application's own callback belongs on its console, not in the transport. */
export function report(error: unknown) {
  if (typeof reportError === 'function') reportError(error);
  else console.error(error);
}

function guard(call: () => void) {
  try {
    call();
  } catch (error) {
    report(error);
  }
}
