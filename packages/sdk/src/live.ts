import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { ServerFrame } from '@rapport/protocol/live';
import { createDeltas, type Deltas } from './live/deltas.ts';
import { createFallback } from './live/fallback.ts';
import { memoryOutbox, type Outbox, type OutboxStorage, openOutbox } from './live/outbox.ts';
import { createSocket, type SocketState } from './live/socket.ts';
import { uuid7 } from './live/uuid7.ts';

export { idbOutbox } from './live/outbox.idb.ts';
export type { OutboxStorage } from './live/outbox.ts';

export type LiveStatus = 'connecting' | 'live' | 'retrying' | 'denied' | 'closed';

export interface RoomOptions {
  /** The last seq the caller has applied; events after it are given. Default 0. */
  after?: number;
  /** Called in order of seq, each event once. The cursor moves on when it returns. */
  onEvent(event: RoomEvent): void;
  /** Text of a running reply, without a gap: `offset` 0 begins anew. */
  onDelta?(delta: TextDelta): void;
  /** The log no longer reaches back to the cursor: fetch the state anew; events go on after `seq`. */
  onReset?(at: { seq: number }): void;
  /** The reply is being made anew; drop the text shown so far. */
  onReplyReset?(replyId: string): void;
  onStatus?(status: LiveStatus): void;
  onTyping?(who: 'client' | 'staff', on: boolean): void;
}

export interface Published {
  seq: number;
  messageId: string;
  replyId: string | null;
}

export interface RoomHandle {
  cursor(): number;
  /** Kept and sent again until the server has stored it, once. Rejects with PublishError when the server refuses it. */
  publish(text: string): Promise<Published>;
  typing(on: boolean): void;
  close(): void;
}

export interface LiveOptions {
  /** Origin of the server; '' for the page's own. */
  baseUrl: string;
  token?: () => string | null;
  /** Keeps unsent messages over a reload. Default: memory. */
  outbox?: OutboxStorage;
  /** Only this transport, for tests and networks that are known. Default: socket, then SSE, then long poll. */
  transport?: 'socket' | 'sse' | 'poll';
}

export interface Live {
  room(roomId: string, options: RoomOptions): RoomHandle;
  close(): void;
}

export class PublishError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'PublishError';
    this.code = code;
  }
}

interface Room {
  id: string;
  options: RoomOptions;
  cursor: number;
  epoch: number | undefined;
  deltas: Deltas;
  status: LiveStatus;
  stopFallback: (() => void) | null;
}

const failedOpensBeforeFallback = 2;
const socketAgainMs = 60_000;

/** Live rooms over one socket, with server-sent events and long poll where a network lets no socket through. */
export function createLive(options: LiveOptions): Live {
  const rooms = new Map<string, Room>();
  const outbox: Outbox = openOutbox(options.outbox ?? memoryOutbox());
  const token = options.token ?? (() => null);
  let closed = false;
  let again: ReturnType<typeof setTimeout> | undefined;

  const setStatus = (room: Room, status: LiveStatus) => {
    if (room.status === status) return;
    room.status = status;
    room.options.onStatus?.(status);
  };

  const subscribe = (room: Room) => {
    room.deltas.forget();
    const epoch = room.epoch === undefined ? {} : { epoch: room.epoch };
    socket.send({ t: 'sub', room: room.id, after: room.cursor, ...epoch });
  };

  const applyEvent = (room: Room, event: RoomEvent) => {
    if (event.seq <= room.cursor) return;
    room.options.onEvent(event);
    room.cursor = event.seq;
    const replyId = event.type.startsWith('reply.') && event.type !== 'reply.started' && event.data['replyId'];
    if (typeof replyId === 'string') room.deltas.done(replyId);
  };

  const applyDelta = (room: Room, delta: TextDelta) => {
    const fresh = room.deltas.take(delta);
    if (fresh === 'gap') subscribeAnew(room);
    else if (fresh) room.options.onDelta?.(fresh);
  };

  const applyReset = (room: Room, seq: number, epoch: number) => {
    room.cursor = seq;
    room.epoch = epoch;
    room.options.onReset?.({ seq });
  };

  /** The server gives running replies from their beginning to whoever subscribes. */
  const subscribeAnew = (room: Room) => {
    if (socket.state() === 'open') subscribe(room);
    else room.deltas.forget();
  };

  const onFrame = (frame: ServerFrame) => {
    if (frame.t === 'ack') return outbox.settle(frame.mid, { seq: frame.seq, messageId: frame.messageId, replyId: frame.replyId });
    if (frame.t === 'nack') {
      // What a moment may mend is sent again with the next connection.
      if (frame.code === 'unavailable' || frame.code === 'shutting-down') return;
      return outbox.refuse(frame.mid, new PublishError(frame.code, frame.message));
    }
    const room = 'room' in frame ? rooms.get(frame.room) : undefined;
    if (!room) return;
    if (frame.t === 'ev') applyEvent(room, frame);
    else if (frame.t === 'eph') onEphemeral(room, frame);
    else if (frame.t === 'reset') applyReset(room, frame.seq, frame.epoch);
    else if (frame.t === 'synced') {
      room.cursor = Math.max(room.cursor, frame.seq);
      room.epoch = frame.epoch;
      setStatus(room, 'live');
    } else if (frame.t === 'denied') setStatus(room, 'denied');
  };

  const onEphemeral = (room: Room, frame: Extract<ServerFrame, { t: 'eph' }>) => {
    if (frame.type === 'text-delta') applyDelta(room, { replyId: frame.replyId, offset: frame.offset, text: frame.text });
    else if (frame.type === 'typing') room.options.onTyping?.(frame.who, frame.on);
    else {
      room.deltas.done(frame.replyId);
      room.options.onReplyReset?.(frame.replyId);
    }
  };

  const startFallback = (room: Room) => {
    room.stopFallback ??= createFallback({
      baseUrl: options.baseUrl,
      roomId: room.id,
      token,
      sse: options.transport !== 'poll',
      cursor: () => room.cursor,
      onEvent: (event) => applyEvent(room, event),
      onDelta: (delta) => applyDelta(room, delta),
      onCursor: (seq) => (room.cursor = Math.max(room.cursor, seq)),
      onReset: (seq, epoch) => applyReset(room, seq, epoch),
      onOpen: () => room.deltas.forget(),
      onStatus: (status) => {
        setStatus(room, status);
        if (status === 'live') void flushByHttp();
      },
    });
  };

  const stopFallbacks = () => {
    for (const room of rooms.values()) {
      room.stopFallback?.();
      room.stopFallback = null;
    }
  };

  const onSocket = (state: SocketState, failedOpens: number) => {
    if (state === 'open') {
      stopFallbacks();
      for (const room of rooms.values()) subscribe(room);
      for (const item of outbox.pending()) socket.send({ t: 'pub', room: item.room, mid: item.mid, text: item.text });
      return;
    }
    for (const room of rooms.values()) {
      if (state === 'denied') setStatus(room, 'denied');
      else if (!room.stopFallback) setStatus(room, 'retrying');
    }
    if (state === 'denied' || failedOpens < failedOpensBeforeFallback) return;
    socket.rest();
    rooms.forEach(startFallback);
    clearTimeout(again);
    again = setTimeout(() => socket.wake(), socketAgainMs);
  };

  const socket = createSocket({ baseUrl: options.baseUrl, token, onFrame, onState: onSocket });
  const bySocket = options.transport === undefined || options.transport === 'socket';

  const flushByHttp = async (): Promise<void> => {
    for (const item of outbox.pending()) {
      const bearer = token();
      const response = await fetch(`${options.baseUrl}/api/v1/rooms/${item.room}/messages`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': item.mid,
          ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
        },
        body: JSON.stringify({ text: item.text }),
      }).catch(() => null);
      if (!response || response.status >= 500) return;
      const body = (await response.json()) as { seq: number; message: { id: string }; replyId: string | null; code: string; title: string };
      if (response.ok) outbox.settle(item.mid, { seq: body.seq, messageId: body.message.id, replyId: body.replyId });
      else outbox.refuse(item.mid, new PublishError(body.code, body.title));
    }
  };

  return {
    room(roomId, roomOptions) {
      const room: Room = {
        id: roomId,
        options: roomOptions,
        cursor: roomOptions.after ?? 0,
        epoch: undefined,
        deltas: createDeltas(),
        status: 'connecting',
        stopFallback: null,
      };
      rooms.set(roomId, room);
      roomOptions.onStatus?.('connecting');
      if (!bySocket) startFallback(room);
      else if (socket.state() === 'open') subscribe(room);
      else if (socket.state() === 'resting') startFallback(room);
      else socket.wake();
      return {
        cursor: () => room.cursor,
        publish(text) {
          const mid = uuid7();
          const result = outbox.add({ mid, room: roomId, text });
          if (socket.state() === 'open') socket.send({ t: 'pub', room: roomId, mid, text });
          else if (room.stopFallback) void flushByHttp();
          return result;
        },
        typing(on) {
          if (socket.state() === 'open') socket.send({ t: 'typing', room: roomId, on });
        },
        close() {
          if (rooms.get(roomId) !== room) return;
          rooms.delete(roomId);
          room.stopFallback?.();
          if (socket.state() === 'open') socket.send({ t: 'unsub', room: roomId });
          setStatus(room, 'closed');
        },
      };
    },
    close() {
      if (closed) return;
      closed = true;
      clearTimeout(again);
      stopFallbacks();
      socket.close();
      for (const room of rooms.values()) setStatus(room, 'closed');
      rooms.clear();
    },
  };
}
