import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { NewsTopic } from '@rapport/protocol/live';

/** `live`: all there was has arrived and the rest follows. `retrying`: nothing to do. `denied`: sign in anew, or not allowed. */
export type RoomStatus = 'connecting' | 'live' | 'retrying' | 'denied' | 'closed';

/** `auto` is the socket, and HTTP (SSE, then long poll) while no socket can be had. */
export type Transport = 'auto' | 'socket' | 'sse' | 'poll';

/**
 * What a reader of a room is told. Callbacks run synchronously and in order. One that throws has not taken what it was
 * given: the error is reported, and the room is asked for the same thing again after a pause.
 */
export interface RoomReader {
  /** Durable events, each once, by ascending `seq`. Numbers may be missing: those are not for this reader. */
  onEvent(event: RoomEvent): void;
  /** Text of a running reply without gap or overlap: `offset` (UTF-16 units) is the length of all given before. */
  onDelta(delta: TextDelta): void;
  /** The log cannot be followed from the cursor: fetch the state anew; events after `seq` follow. */
  onReset(at: { seq: number }): void;
  /** Throw away the text of this running reply: it is made anew, from offset 0. */
  onReplyReset(replyId: string): void;
  onStatus(status: RoomStatus): void;
  /** Everything up to `seq` has been given. */
  onSynced?(at: { seq: number }): void;
  /** In the organisation's own room: a list of the team has changed. May be lost, as all that is not an event. */
  onNews?(about: NewsTopic): void;
  onTyping?(typing: { who: 'client' | 'staff'; on: boolean }): void;
}

/** A message not yet acknowledged. `mid` (UUIDv7) makes sending it again harmless. */
export interface OutboxItem {
  mid: string;
  room: string;
  text: string;
}

/** Where unacknowledged messages wait. One that throws or rejects is gone on without. */
export interface OutboxStorage {
  load(): Promise<OutboxItem[]>;
  save(items: readonly OutboxItem[]): Promise<void>;
}

/** What the server answered to a message it has stored. */
export interface Published {
  seq: number;
  messageId: string;
  replyId: string | null;
}

/** `code` is one of the protocol's error catalogue, or `closed`, or `offline` (never given to a caller of `publish`). */
export class LiveError extends Error {
  readonly code: string;
  readonly status: number | undefined;
  constructor(code: string, message: string, status?: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** It is not known whether what was sent arrived: ask again. */
export const offline = () => new LiveError('offline', 'No answer.');

/** For a `catch`. */
export const throwOffline = (): never => {
  throw offline();
};

export interface LiveOptions {
  /** Scheme and host of the server, such as `https://rapport.example`; empty in a page that the server itself gave. */
  baseUrl?: string;
  /** The Bearer token of a client, asked for at each connect; null or absent where a cookie says who it is. */
  token?: () => string | null;
  transport?: Transport;
  /** Defaults to memory. Give each signed-in person a storage of their own: what waits in it is sent as whoever is signed in. */
  storage?: OutboxStorage;
  /** A message waiting since an earlier visit was refused; those of this visit reject their `publish`. */
  onRejected?: (item: OutboxItem, error: LiveError) => void;
  webSocket?: typeof WebSocket;
  fetch?: typeof fetch;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** In [0, 1). */
  random?: () => number;
}

/** The options with every default filled in. */
export interface Env {
  base: string;
  token: () => string | null;
  transport: Transport;
  webSocket: typeof WebSocket | undefined;
  fetch: typeof fetch;
  now: () => number;
  random: () => number;
}
