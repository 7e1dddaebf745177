import { EventPage, EventQuery } from '@rapport/protocol/events';
import { IdParams } from '@rapport/protocol/common';
import { MessageAccepted, MessagePost } from '@rapport/protocol/sessions';
import type { FastifyRequest } from 'fastify';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { Permission } from '@rapport/protocol/permissions';
import { actorKey, type Actor } from '../../platform/actor.ts';
import { AppError } from '../../platform/errors.ts';
import { idempotencyKey } from '../../platform/http/idempotency.ts';
import type { RoomService } from './service.ts';
import { startSse } from './sse.ts';

/** Whose room it is decides which of the two is needed. */
const follow = { permission: 'sessions.follow', orPermission: 'knowledge.read' } as const;
const takePart = { permission: 'sessions.take-part' } as const;

export interface RoomRouteOptions {
  closing: AbortSignal;
  /** Whose request this is now: a stream and a long poll outlive the check at their beginning. */
  authenticate(request: FastifyRequest): Promise<Actor | null>;
  allows(actor: Actor | null, permission: Permission): boolean;
  onAccessChanged(listener: () => void): () => void;
}

export function roomRoutes(app: App, rooms: RoomService, options: RoomRouteOptions) {
  const { closing } = options;
  /** Throws what the request would be answered now. */
  const again = async (request: FastifyRequest): Promise<Actor> => {
    const actor = await options.authenticate(request);
    if (!actor || actorKey(actor) !== actorKey(actorOf(request))) throw new AppError('sign-in-required');
    if (!options.allows(actor, follow.permission) && !options.allows(actor, follow.orPermission))
      throw new AppError('forbidden', { needs: follow.permission });
    return actor;
  };

  app.get(
    '/api/v1/rooms/:id/events',
    {
      // A page that waits for events says nothing about the person before it.
      config: { ...follow, unattended: true },
      schema: {
        summary: 'Events after a seq: a page, a long poll with `wait`, or SSE with `Accept: text/event-stream`',
        params: IdParams,
        querystring: EventQuery,
        response: { 200: EventPage },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      const { id } = request.params;
      if (request.headers.accept?.includes('text/event-stream')) {
        const lastId = Number(request.headers['last-event-id'] ?? Number.NaN);
        const after = Number.isSafeInteger(lastId) && lastId >= 0 ? lastId : request.query.after;
        await startSse({
          rooms,
          actor,
          roomId: id,
          after,
          request,
          reply,
          closing,
          again: () => again(request),
          onAccessChanged: options.onAccessChanged,
        });
        return reply;
      }
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const json = await rooms.events(actor, id, request.query, {
        signal: AbortSignal.any([closing, gone.signal]),
        again: () => again(request),
      });
      // The log's JSON goes out as it is: parsing and validating it again would cost more than reading it.
      return reply
        .serializer((text: unknown) => String(text))
        .type('application/json')
        .send(json as unknown as EventPage);
    },
  );
  app.post(
    '/api/v1/rooms/:id/messages',
    {
      config: { ...takePart, idempotency: 'own', rate: 'reply' },
      schema: {
        summary: 'Write to the session of a room',
        params: IdParams,
        body: MessagePost,
        response: { 202: MessageAccepted },
      },
    },
    async (request, reply) =>
      reply
        .code(202)
        .send(await rooms.publish(actorOf(request), request.params.id, request.body.text, idempotencyKey(request))),
  );
}
