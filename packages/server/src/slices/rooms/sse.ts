import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../../platform/actor.ts';
import type { RoomService } from './service.ts';

const heartbeatMs = 15_000;
const reauthoriseMs = 1000;
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
  stillAllowed(): Promise<boolean>;
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
  stillAllowed,
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
  const patrol = setInterval(() => {
    // A database that does not answer is no reason to end a stream; a withdrawn token is.
    stillAllowed().then(
      (allowed) => allowed || raw.end('event: bye\ndata: {"reason":"auth"}\n\n'),
      () => {},
    );
  }, reauthoriseMs);
  const end = () => {
    clearInterval(heartbeat);
    clearInterval(patrol);
    attachment.detach();
    closing.removeEventListener('abort', stop);
  };
  const stop = () => raw.end('event: bye\ndata: {"reason":"restart"}\n\n');
  closing.addEventListener('abort', stop, { once: true });
  raw.once('close', end);
  if (request.raw.destroyed) end();
}
