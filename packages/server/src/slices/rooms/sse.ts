import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../../platform/actor.ts';
import { AppError } from '../../platform/errors.ts';
import type { RoomService } from './service.ts';

const heartbeatMs = 15_000;
/** The room is asked for less often: news of a change comes by itself, this finds what was lost. */
const roomEvery = 11;
const dropTokensAbove = 256 * 1024;
const closeAbove = 1024 * 1024;

interface SseParts {
  rooms: RoomService;
  actor: Actor;
  roomId: string;
  after: number;
  request: FastifyRequest;
  reply: FastifyReply;
  closing: AbortSignal;
  /** Who this is now. Throws AppError where the request would be refused. */
  again(): Promise<Actor>;
  onAccessChanged(listener: () => void): () => void;
}

/**
 * Server-sent events of a room. Durable events carry their seq as `id:`, so that a browser resumes by itself; tokens and
 * typing carry none. A reader that does not read is cut off rather than buffered: it resumes from its last id.
 */
export async function startSse({
  rooms,
  actor,
  roomId,
  after,
  request,
  reply,
  closing,
  again,
  onAccessChanged,
}: SseParts): Promise<void> {
  const raw = reply.raw;
  let open = false;
  const early: string[] = [];
  const write = (chunk: string, droppable: boolean) => {
    if (!open) return void early.push(chunk);
    if (raw.writableEnded || raw.destroyed) return;
    if (droppable && raw.writableLength > dropTokensAbove) return;
    raw.write(chunk);
    if (raw.writableLength > closeAbove) raw.destroy();
  };
  const attachment = await rooms.attach(actor, roomId, after, undefined, {
    event: (event) => write(`id: ${event.seq}\nevent: ${event.type}\ndata: ${event.body}\n\n`, false),
    ephemeral: (type, body) => write(`event: ${type}\ndata: ${body}\n\n`, true),
    synced: (seq, epoch) => write(`event: synced\ndata: ${JSON.stringify({ seq, epoch })}\n\n`, false),
    reset: (seq, epoch) => write(`event: reset\ndata: ${JSON.stringify({ seq, epoch })}\n\n`, false),
    gone: () => raw.end('event: bye\ndata: {"reason":"gone"}\n\n'),
  });
  reply.hijack();
  const headers = reply.getHeaders() as Record<string, string>;
  raw.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  open = true;
  raw.write(early.join(''));
  const heartbeat = setInterval(() => write(':\n\n', true), heartbeatMs);
  let rounds = 0;
  const look = async (roomToo: boolean) => {
    try {
      const now = await again();
      if (roomToo) await rooms.requireRoom(now, roomId);
    } catch (error) {
      // A database that does not answer is no reason to end a stream; access that was taken away is.
      if (error instanceof AppError && error.status < 500) raw.end('event: bye\ndata: {"reason":"auth"}\n\n');
    }
  };
  const leavePatrol = rooms.patrol.join(() => void look(++rounds % roomEvery === 0));
  const forgetNews = onAccessChanged(() => void look(true));
  const end = () => {
    clearInterval(heartbeat);
    leavePatrol();
    forgetNews();
    attachment.detach();
    closing.removeEventListener('abort', stop);
  };
  const stop = () => raw.end('event: bye\ndata: {"reason":"restart"}\n\n');
  closing.addEventListener('abort', stop, { once: true });
  raw.once('close', end);
  if (request.raw.destroyed) end();
}
