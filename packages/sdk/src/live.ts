import { Link } from './live/link.ts';
import { Outbox } from './live/outbox.ts';
import { Room } from './live/room.ts';
import {
  LiveError,
  type Env,
  type LiveOptions,
  type OutboxItem,
  type Published,
  type RoomReader,
} from './live/types.ts';
import { createUuid7 } from './live/uuid7.ts';

export { LiveError } from './live/types.ts';
export type {
  LiveOptions,
  OutboxItem,
  OutboxStorage,
  Published,
  RoomReader,
  RoomStatus,
  Transport,
} from './live/types.ts';

const textLimit = 32_000;

/** An open room. */
export interface RoomHandle {
  /** The seq up to which everything has been given to the reader: the `after` of a later visit. */
  cursor(): number;
  /**
   * Sends a message of at most 32,000 UTF-16 units and resolves when the server has stored it. It goes on trying through
   * any loss of connection and the message is stored once. Rejects with LiveError when the server refuses it (its code),
   * when the reader is no longer signed in (`sign-in-required`), or when the live connection is closed (`closed`).
   */
  publish(text: string): Promise<Published>;
  /** Messages not yet acknowledged, those of an earlier visit first. */
  pending(): readonly OutboxItem[];
  /** Tells the others; says nothing while there is no socket. */
  typing(on: boolean): void;
  /** Stops following the room. What was published is still sent. */
  close(): void;
}

export interface Live {
  /** Follows a room from the event after `after` (default 0, the first). A room can be open once at a time. */
  room(roomId: string, reader: RoomReader & { after?: number }): RoomHandle;
  close(): void;
}

/**
 * Live rooms for browsers and Node: one socket for all rooms, resumed from the cursor after every loss, and HTTP (SSE,
 * else long poll) while no socket can be had. Throws where `transport` is `socket` and the platform has none.
 */
export function createLive(options: LiveOptions = {}): Live {
  const env = toEnv(options);
  if (env.transport === 'socket' && !env.webSocket) throw new Error('No WebSocket here: pass webSocket.');
  const rooms = new Map<string, Room>();
  const uuid = createUuid7(env.now);
  const outbox: Outbox = new Outbox({
    storage: options.storage,
    random: env.random,
    send: (item) => link.publish(item),
    onStored: () => link.start(),
    onRejected: options.onRejected,
  });
  const link = new Link(env, rooms, () => outbox.flush());
  const stopListening = listen(() => link.wake());
  let closed = false;

  return {
    room(id, reader) {
      if (closed) throw new LiveError('closed', 'Closed.');
      if (rooms.has(id)) throw new Error(`Room ${id} is open already.`);
      const room = new Room(id, reader.after ?? 0, reader, env.random);
      rooms.set(id, room);
      link.join(room);
      return {
        cursor: () => room.cursor.seq,
        publish: (text) => {
          if (text.length > textLimit) return Promise.reject(new LiveError('too-large', 'Too long.'));
          return outbox.add({ mid: uuid(), room: id, text });
        },
        pending: () => outbox.pending(id),
        typing: (on) => link.typing(id, on),
        close() {
          room.setStatus('closed');
          if (rooms.get(id) !== room) return;
          link.leave(room);
          rooms.delete(id);
        },
      };
    },
    close() {
      closed = true;
      stopListening();
      link.end();
      outbox.close();
      for (const room of rooms.values()) room.setStatus('closed');
      rooms.clear();
    },
  };
}

function toEnv(options: LiveOptions): Env {
  return {
    base: (options.baseUrl ?? '').replace(/\/$/, ''),
    token: options.token ?? (() => null),
    transport: options.transport ?? 'auto',
    webSocket: options.webSocket ?? globalThis.WebSocket,
    // A browser's fetch works only as a method of its window.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
  };
}

/** Calls back when the network or the page has come back. */
function listen(wake: () => void): () => void {
  if (typeof document === 'undefined') return () => {};
  const visible = () => document.visibilityState === 'visible' && wake();
  addEventListener('online', wake);
  document.addEventListener('visibilitychange', visible);
  return () => {
    removeEventListener('online', wake);
    document.removeEventListener('visibilitychange', visible);
  };
}
