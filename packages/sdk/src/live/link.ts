import type { ServerFrame } from '@rapport/protocol/live';
import { createBackoff, type Backoff } from './backoff.ts';
import { follow } from './fallback.ts';
import { isTransient, json, request } from './http.ts';
import { report, type Room, type RoomFrame } from './room.ts';
import { Connection } from './socket.ts';
import { LiveError, offline, type Env, type OutboxItem, type Published } from './types.ts';

// Of the protocol's closeCodes.
const restart = 1012;
const auth = 4001;
const forbidden = 4003;
const slow = 4008;
const protocol = 4400;
const opensBeforeFallback = 2;
const socketAgainMs = 60_000;
const soonMs = 1000;
const gapMs = 100;
const ackWithinMs = 30_000;
/** UTF-16 units of a frame that is surely below the server's 128 KiB; what is longer goes by HTTP. */
const frameLimit = 40_000;

/** How rooms are followed and messages sent: one socket for all, and HTTP for each room while there is no socket. */
export class Link {
  readonly #env: Env;
  readonly #rooms: ReadonlyMap<string, Room>;
  readonly #onReady: () => void;
  readonly #backoff: Backoff;
  readonly #streams = { blocked: false };
  readonly #followers = new Map<Room, AbortController>();
  readonly #acks = new Map<string, (result: Published | LiveError) => void>();
  #connection: Connection | undefined;
  /** Rooms of this connection: those whose frames count, and all that were ever asked for. */
  #subscribed = new Set<string>();
  #used = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failedOpens = 0;
  #healthy = false;
  #httpWorks = false;
  #denied = false;
  #ended = false;
  #awake = new AbortController();

  constructor(env: Env, rooms: ReadonlyMap<string, Room>, onReady: () => void) {
    this.#env = env;
    this.#rooms = rooms;
    this.#onReady = onReady;
    this.#backoff = createBackoff(env.random);
  }

  get #byHttp(): boolean {
    const { transport, webSocket } = this.#env;
    return transport === 'sse' || transport === 'poll' || (transport === 'auto' && !webSocket);
  }

  get #falling(): boolean {
    return this.#byHttp || (this.#env.transport === 'auto' && this.#failedOpens >= opensBeforeFallback);
  }

  /** Begins, unless begun. */
  start() {
    this.#denied = false;
    if (!this.#byHttp && !this.#connection && !this.#timer) this.#connect();
  }

  join(room: Room) {
    this.start();
    if (this.#connection?.welcomed) this.#subscribeAnew(room);
    else if (this.#falling) this.#follow(room);
  }

  leave(room: Room) {
    this.#followers.get(room)?.abort();
    this.#followers.delete(room);
    if (this.#subscribed.delete(room.id)) this.#connection?.send({ t: 'unsub', room: room.id });
  }

  typing(room: string, on: boolean) {
    if (this.#connection?.welcomed) this.#connection.send({ t: 'typing', room, on });
  }

  /** The machine may be online again: no more waiting. */
  wake() {
    this.#backoff.reset();
    this.#awake.abort();
    this.#awake = new AbortController();
    if (this.#connection) this.#connection.probe();
    else if (this.#timer) this.#connect();
  }

  /** Rejects with LiveError; `offline` when it is not known whether the message arrived. */
  async publish({ mid, room, text }: OutboxItem): Promise<Published> {
    if (this.#denied) throw new LiveError('sign-in-required', 'Sign in.');
    const connection = this.#connection;
    if (connection?.welcomed && JSON.stringify(text).length < frameLimit) {
      const result = await new Promise<Published | LiveError>((resolve) => {
        const timer = setTimeout(() => resolve(offline()), ackWithinMs);
        this.#acks.set(mid, (answer) => {
          clearTimeout(timer);
          resolve(answer);
        });
        connection.send({ t: 'pub', room, mid, text });
      });
      this.#acks.delete(mid);
      if (result instanceof LiveError) throw result;
      return result;
    }
    if (!connection?.welcomed && !this.#falling) throw offline();
    const headers = { 'content-type': 'application/json', 'idempotency-key': mid };
    const signal = AbortSignal.timeout(ackWithinMs);
    const response = await request(this.#env, room, 'messages', {
      method: 'POST',
      headers,
      body: JSON.stringify({ text }),
      signal,
    });
    const { message, seq, replyId } = await json<{ message: { id: string }; seq: number; replyId: string | null }>(
      response,
    );
    return { seq, messageId: message.id, replyId };
  }

  end() {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#stopFollowing();
    this.#connection?.end();
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#healthy = false;
    this.#subscribed = new Set();
    this.#used = new Set();
    this.#connection = new Connection(this.#env, {
      onWelcome: () => {
        this.#stopFollowing();
        for (const room of this.#rooms.values()) this.#subscribe(room);
        this.#onReady();
      },
      onFrame: (frame) => this.#receive(frame),
      onClose: (code) => this.#closed(code),
    });
  }

  #closed(code: number) {
    const welcomed = this.#connection?.welcomed;
    this.#connection = undefined;
    for (const settle of this.#acks.values()) settle(offline());
    if (this.#ended) return;
    if (code === auth || code === forbidden) return this.#deny();
    if (!welcomed || code === protocol) this.#failedOpens += 1;
    if (this.#followers.size === 0) for (const room of this.#rooms.values()) room.lost();
    if (this.#falling) for (const room of this.#rooms.values()) this.#follow(room);
    const soon = this.#healthy && (code === restart || code === slow);
    if (soon) this.#again(this.#env.random() * soonMs);
    else this.#again(this.#httpWorks && this.#falling ? socketAgainMs : this.#backoff.next());
  }

  #again(ms: number) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), ms);
  }

  #deny() {
    this.#denied = true;
    this.#stopFollowing();
    for (const room of this.#rooms.values()) room.setStatus('denied');
    this.#onReady();
  }

  #subscribe(room: Room) {
    if (room.over || this.#rooms.get(room.id) !== room) return;
    const { seq: after, epoch } = room.cursor;
    this.#subscribed.add(room.id);
    this.#used.add(room.id);
    this.#connection?.send({ t: 'sub', room: room.id, after, ...(epoch !== undefined && { epoch }) });
  }

  /** Frames of an earlier subscription may be under way and would be taken for the new one's: wait until they are past. */
  #subscribeAnew(room: Room) {
    const connection = this.#connection;
    if (!this.#used.has(room.id)) this.#subscribe(room);
    else connection?.barrier(() => connection === this.#connection && this.#subscribe(room));
  }

  #later(ms: number, subscribe: () => void) {
    const connection = this.#connection;
    setTimeout(() => connection === this.#connection && connection?.welcomed && subscribe(), ms);
  }

  #receive(frame: ServerFrame) {
    if (frame.t === 'ack') return this.#acks.get(frame.mid)?.(frame);
    if (frame.t === 'nack') return this.#acks.get(frame.mid)?.(new LiveError(frame.code, frame.message));
    if (!('room' in frame) || !this.#subscribed.has(frame.room)) return;
    const room = this.#rooms.get(frame.room);
    if (!room) return;
    if (frame.t === 'denied') {
      if (!isTransient(new LiveError(frame.code, ''))) return room.setStatus('denied');
      room.lost();
      return this.#later(room.backoff.next(), () => this.#subscribe(room));
    }
    if (frame.t === 'synced' || frame.t === 'reset') {
      this.#healthy = true;
      this.#failedOpens = 0;
      this.#backoff.reset();
    }
    try {
      if (!room.apply(toRoomFrame(frame))) this.#later(gapMs, () => this.#subscribe(room));
    } catch (error) {
      report(error);
      room.lost();
      this.leave(room);
      this.#later(room.backoff.next(), () => this.#subscribeAnew(room));
    }
  }

  #follow(room: Room) {
    if (room.over || this.#followers.has(room)) return;
    const controller = new AbortController();
    this.#followers.set(room, controller);
    const hooks = {
      works: () => {
        if (!this.#httpWorks) this.#onReady();
        this.#httpWorks = true;
      },
      fails: () => {
        // Nothing gets through: the socket is as good a try as any.
        if (this.#httpWorks && !this.#byHttp && !this.#connection) this.#again(this.#backoff.next());
        this.#httpWorks = false;
      },
      awake: () => this.#awake.signal,
      streams: this.#streams,
    };
    void follow(this.#env, room, controller.signal, hooks);
  }

  #stopFollowing() {
    for (const controller of this.#followers.values()) controller.abort();
    this.#followers.clear();
  }
}

function toRoomFrame(frame: Extract<ServerFrame, { t: 'ev' | 'eph' | 'synced' | 'reset' }>): RoomFrame {
  if (frame.t === 'ev') {
    const { t, room: _room, ...event } = frame;
    return { t, event };
  }
  if (frame.t !== 'eph') return frame;
  if (frame.type === 'text-delta') return { t: frame.type, delta: frame };
  if (frame.type === 'reply-reset') return { t: frame.type, replyId: frame.replyId };
  return frame.type === 'news' ? { t: frame.type, about: frame.about } : { ...frame, t: frame.type };
}
