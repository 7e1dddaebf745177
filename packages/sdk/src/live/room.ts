import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import { createCursor } from './cursor.ts';
import type { RoomReader, RoomStatus } from './types.ts';

/** The stable part of a server's frame, whichever transport it came by. */
export type RoomFrame =
  | { t: 'ev'; event: RoomEvent }
  | { t: 'text-delta'; delta: TextDelta }
  | { t: 'reply-reset'; replyId: string }
  | { t: 'typing'; who: 'client' | 'staff'; on: boolean }
  | { t: 'synced' | 'reset'; seq: number; epoch?: number | undefined };

export type Room = ReturnType<typeof createRoom>;

/** One open room: its cursor and the status its reader was last told. */
export function createRoom(id: string, after: number, reader: RoomReader) {
  const cursor = createCursor(after, reader);
  let status: RoomStatus | undefined;
  const over = () => status === 'closed' || status === 'denied';
  const setStatus = (next: RoomStatus) => {
    if (next === status || status === 'closed') return;
    status = next;
    guard(() => reader.onStatus(next));
  };
  setStatus('connecting');

  return {
    id,
    cursor,
    setStatus,
    over,

    /** A loss of the connection; before the first success it is still `connecting`. */
    lost() {
      if (status === 'live') setStatus('retrying');
    },

    /** False: a gap in a reply's text; subscribe again. Throws what the reader's callback throws. */
    apply(frame: RoomFrame): boolean {
      if (over()) return true;
      switch (frame.t) {
        case 'ev':
          cursor.event(frame.event);
          return true;
        case 'text-delta':
          return cursor.delta(frame.delta);
        case 'reply-reset':
          cursor.replyReset(frame.replyId);
          return true;
        case 'typing':
          guard(() => reader.onTyping?.({ who: frame.who, on: frame.on }));
          return true;
        case 'synced':
          cursor.synced(frame.seq, frame.epoch);
          guard(() => reader.onSynced?.({ seq: cursor.seq() }));
          break;
        case 'reset':
          cursor.reset(frame.seq, frame.epoch);
      }
      setStatus('live');
      return true;
    },
  };
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
