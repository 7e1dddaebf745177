import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { ClientFrame, closeCodes, livePath, type ServerFrame } from '@rapport/protocol/live';
import type { Permission } from '@rapport/protocol/permissions';
import { MessagePost } from '@rapport/protocol/sessions';
import { WebSocketServer, type WebSocket } from 'ws';
import { actorKey, type Actor, type StaffActor } from '../../platform/actor.ts';
import { AppError } from '../../platform/errors.ts';
import { answerBare } from '../../platform/http/headers.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Attachment } from '../../platform/realtime/hub.ts';
import type { RoomService } from './service.ts';

const pingEveryMs = 20_000;
const silentAfterMs = 55_000;
const dropTokensAbove = 256 * 1024;
const closeAbove = 1024 * 1024;
const maxRooms = 250;
/** Rooms are asked for less often: news of a change comes by itself, this finds what was lost. */
const roomsEvery = 11;

export interface LiveOptions {
  server: Server;
  rooms: RoomService;
  node: string;
  log: Logger;
  checkOrigin(request: IncomingMessage): boolean;
  /** Throw `rate-limited`. */
  limits: {
    address(from: string, kind: 'live'): void;
    actor(from: string, who: Actor, kind: 'live' | 'reply'): void;
  };
  /** Where a request comes from, past trusted proxies. */
  addressOf(request: IncomingMessage): string;
  /** Null: nobody. Throws AppError for a token that is not good. */
  authenticate(request: IncomingMessage, token: string | undefined): Promise<Actor | null>;
  /** A person did something: their login is in use, which a connection that is merely open does not show. */
  noteUse(request: IncomingMessage): void;
  /** Told of a member of the team who lacks a permission, before they are refused. */
  refused(actor: StaffActor, permission: Permission): Promise<void>;
  allows(actor: Actor | null, permission: Permission): boolean;
  /** Told with the organisation where somebody's access has changed; null: any. */
  onAccessChanged(listener: (orgId: string | null) => void): () => void;
}

interface Connection {
  socket: WebSocket;
  request: IncomingMessage;
  address: string;
  actor: Actor | null;
  token: string | undefined;
  rooms: Map<string, Attachment | null>;
  heardAt: number;
  /** Frames are handled one after the other: `pub` frames must be stored in the order they were sent. */
  queue: Promise<void>;
  queued: number;
}

/** The live socket: many rooms on one connection, every `sub` authorised, the log's cursor the only state. */
export function createLiveSocket(options: LiveOptions) {
  const { server, rooms, node, log } = options;
  const wss = new WebSocketServer({ noServer: true, maxPayload: 128 * 1024, perMessageDeflate: false });
  const connections = new Set<Connection>();

  const send = (c: Connection, frame: ServerFrame) => raw(c, JSON.stringify(frame), false);

  const raw = (c: Connection, text: string, droppable: boolean) => {
    const { socket } = c;
    if (socket.readyState !== socket.OPEN) return;
    if (droppable && socket.bufferedAmount > dropTokensAbove) return;
    socket.send(text);
    if (socket.bufferedAmount > closeAbove) close(c, closeCodes.slow, 'too slow: resume from your cursor');
  };

  const close = (c: Connection, code: number, reason: string) => {
    c.socket.close(code, reason);
    // A peer that does not answer the close frame must not keep its buffers.
    setTimeout(() => c.socket.terminate(), 2000).unref();
  };

  /** Which of the two is needed depends on whose room it is. */
  const mayFollow = (actor: Actor) =>
    options.allows(actor, 'sessions.follow') || options.allows(actor, 'knowledge.read');

  /** As at the door of a route: whoever lacks it is refused, and a member of the team is written down. */
  const demand = async (actor: Actor, permission: Permission, allowed: boolean): Promise<void> => {
    if (allowed) return;
    if (actor.kind === 'staff') await options.refused(actor, permission);
    throw new AppError('forbidden');
  };
  const demandPart = (actor: Actor) => demand(actor, 'sessions.take-part', options.allows(actor, 'sessions.take-part'));

  const subscribe = async (c: Connection, actor: Actor, room: string, after: number, epoch: number | undefined) => {
    c.rooms.get(room)?.detach();
    if (c.rooms.size >= maxRooms) return send(c, { t: 'denied', room, code: 'rate-limited' });
    c.rooms.set(room, null);
    try {
      await demand(actor, 'sessions.follow', mayFollow(actor));
      const attachment = await rooms.attach(actor, room, after, epoch, {
        event: (event) => raw(c, `{"t":"ev","room":"${room}",${event.body.slice(1)}`, false),
        ephemeral: (type, body) => raw(c, `{"t":"eph","room":"${room}","type":"${type}",${body.slice(1)}`, true),
        synced: (seq, at) => send(c, { t: 'synced', room, seq, epoch: at }),
        reset: (seq, at) => send(c, { t: 'reset', room, seq, epoch: at }),
        gone: () => {
          c.rooms.delete(room);
          send(c, { t: 'denied', room, code: 'not-found' });
        },
      });
      // Meanwhile the peer may have gone, or lost the room.
      if (connections.has(c) && c.rooms.has(room)) c.rooms.set(room, attachment);
      else attachment.detach();
    } catch (error) {
      c.rooms.delete(room);
      if (error instanceof AppError) send(c, { t: 'denied', room, code: error.code });
      else {
        log.warn({ err: (error as Error).message }, 'a subscription failed; the client tries again');
        close(c, closeCodes.restart, 'try again');
      }
    }
  };

  const publish = async (c: Connection, actor: Actor, frame: Extract<ClientFrame, { t: 'pub' }>) => {
    try {
      await demandPart(actor);
      const { text } = MessagePost.parse({ text: frame.text });
      const accepted = await rooms.publish(actor, frame.room, text, frame.mid);
      send(c, {
        t: 'ack',
        mid: frame.mid,
        seq: accepted.seq,
        messageId: accepted.message.id,
        replyId: accepted.replyId,
      });
    } catch (error) {
      const known =
        error instanceof AppError ? error : new AppError(isZodError(error) ? 'invalid-body' : 'unavailable');
      send(c, { t: 'nack', mid: frame.mid, code: known.code, message: known.message });
    }
  };

  const typing = async (actor: Actor, room: string, on: boolean) => {
    await demandPart(actor);
    await rooms.typing(actor, room, on);
  };

  const limited = (c: Connection, actor: Actor, kind: 'live' | 'reply') =>
    attempt(() => options.limits.actor(c.address, actor, kind));

  const handle = async (c: Connection, frame: ClientFrame) => {
    if (frame.t === 'ping') return send(c, { t: 'pong' });
    if (frame.t === 'hello') {
      if (attempt(() => options.limits.address(c.address, 'live')))
        return close(c, closeCodes.slow, 'too many attempts');
      c.token = frame.token;
      c.actor = await options.authenticate(c.request, frame.token).catch(nobody);
      if (!c.actor) return close(c, closeCodes.auth, 'sign in first');
      return send(c, { t: 'welcome', node, pingEveryMs });
    }
    if (!c.actor) return close(c, closeCodes.auth, 'say hello first');
    const tooMany = frame.t === 'unsub' ? null : limited(c, c.actor, frame.t === 'pub' ? 'reply' : 'live');
    if (frame.t === 'pub' || frame.t === 'typing') options.noteUse(c.request);
    switch (frame.t) {
      case 'sub':
        if (tooMany) return send(c, { t: 'denied', room: frame.room, code: tooMany.code });
        return subscribe(c, c.actor, frame.room, frame.after, frame.epoch);
      case 'unsub':
        c.rooms.get(frame.room)?.detach();
        return void c.rooms.delete(frame.room);
      case 'pub':
        if (tooMany) return send(c, { t: 'nack', mid: frame.mid, code: tooMany.code, message: tooMany.message });
        return publish(c, c.actor, frame);
      case 'typing':
        if (tooMany) return;
        return typing(c.actor, frame.room, frame.on).catch(() => {});
    }
  };

  const receive = (c: Connection, data: string) => {
    c.heardAt = performance.now();
    const frame = parseFrame(data);
    if (!frame) return close(c, closeCodes.protocol, 'not a frame of this protocol');
    if (c.queued >= 200) return close(c, closeCodes.slow, 'too many frames at once');
    c.queued += 1;
    c.queue = c.queue
      .then(() => handle(c, frame))
      .catch((error: Error) => {
        log.warn({ err: error.message }, 'a live frame failed');
        close(c, closeCodes.restart, 'try again');
      })
      .finally(() => (c.queued -= 1));
  };

  wss.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const c: Connection = {
      socket,
      request,
      address: options.addressOf(request),
      actor: null,
      token: undefined,
      rooms: new Map(),
      heardAt: performance.now(),
      queue: Promise.resolve(),
      queued: 0,
    };
    connections.add(c);
    socket.on('message', (data, binary) => {
      if (binary) close(c, closeCodes.protocol, 'text frames only');
      else receive(c, (data as Buffer).toString());
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      connections.delete(c);
      for (const attachment of c.rooms.values()) attachment?.detach();
    });
  });

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = (request.url ?? '').split('?')[0];
    if (path !== livePath || !options.checkOrigin(request)) {
      return answerBare(socket, path === livePath ? 'foreign-origin' : 'not-found');
    }
    const tooMany = attempt(() => options.limits.address(options.addressOf(request), 'live'));
    if (tooMany) {
      return answerBare(socket, 'rate-limited', { 'retry-after': String(tooMany.retryAfterSeconds ?? 1) });
    }
    wss.handleUpgrade(request, socket, head, (ws) => wss.emit('connection', ws, request));
  };
  server.on('upgrade', onUpgrade);

  /** Whether the peer is still who they were; `roomsToo` asks for each of their rooms as well. */
  const look = async (c: Connection, roomsToo: boolean) => {
    try {
      const actor = await options.authenticate(c.request, c.token).catch(nobody);
      // Locally, without a sign-in, the same socket would go on as the owner's.
      const same = actor && c.actor && actorKey(actor) === actorKey(c.actor);
      if (!same) return close(c, closeCodes.auth, 'access was withdrawn');
      c.actor = actor;
      if (!roomsToo) return;
      for (const room of c.rooms.keys()) if (!(await mayStay(actor, room))) drop(c, room);
    } catch (error) {
      // It says nothing about the peer; the next round asks again.
      log.debug({ err: (error as Error).message }, 'a live connection could not be looked at');
    }
  };

  const mayStay = (actor: Actor, room: string): Promise<boolean> | boolean =>
    mayFollow(actor) &&
    rooms.requireRoom(actor, room).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AppError && error.status < 500) return false;
        throw error;
      },
    );

  const drop = (c: Connection, room: string) => {
    c.rooms.get(room)?.detach();
    c.rooms.delete(room);
    send(c, { t: 'denied', room, code: 'not-found' });
  };

  /** Who lost their access loses the socket within a second or so even if news of it was lost; half-open links are ended. */
  let rounds = 0;
  const leavePatrol = rooms.patrol.join(() => {
    const now = performance.now();
    const roomsToo = ++rounds % roomsEvery === 0;
    for (const c of connections) {
      if (now - c.heardAt > silentAfterMs) c.socket.terminate();
      else if (c.actor) void look(c, roomsToo && c.actor.kind === 'staff');
    }
  });
  const forgetNews = options.onAccessChanged((orgId) => {
    for (const c of connections) if (c.actor && (orgId ?? c.actor.orgId) === c.actor.orgId) void look(c, true);
  });

  return {
    connections: () => connections.size,
    close() {
      leavePatrol();
      forgetNews();
      server.off('upgrade', onUpgrade);
      for (const c of connections) close(c, closeCodes.restart, 'server restarting');
      wss.close();
    },
  };
}

/** A token that is not good is nobody's; a database that does not answer says nothing about the token. */
const nobody = (error: unknown): null => {
  if (error instanceof AppError && error.status === 401) return null;
  throw error;
};

/** The refusal, or null. */
function attempt(act: () => void): AppError | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

const isZodError = (error: unknown): boolean => error instanceof Error && error.name === 'ZodError';

function parseFrame(data: string): ClientFrame | null {
  try {
    return ClientFrame.safeParse(JSON.parse(data)).data ?? null;
  } catch {
    return null;
  }
}
