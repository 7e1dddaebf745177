import { IdParams, Page } from '@rapport/protocol/common';
import { Note, NoteList, NotePatch, NotePost } from '@rapport/protocol/notes';
import { z } from 'zod';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { NoteService } from './notes.service.ts';

const manage = { permission: 'clients.manage' } as const;

export function noteRoutes(app: App, notes: NoteService) {
  app.get(
    '/api/v1/clients/:id/notes',
    {
      config: { permission: 'clients.read' },
      schema: {
        summary: 'Notes about a client and their sessions that one may read, newest first',
        params: IdParams,
        querystring: Page,
        response: { 200: NoteList },
      },
    },
    (request) => notes.ofClient(actorOf(request), request.params.id, request.query),
  );
  app.post(
    '/api/v1/clients/:id/notes',
    {
      config: manage,
      schema: { summary: 'Write a note about a client', params: IdParams, body: NotePost, response: { 201: Note } },
    },
    async (request, reply) =>
      reply.code(201).send(await notes.writeOfClient(actorOf(request), request.params.id, request.body)),
  );
  app.patch(
    '/api/v1/notes/:id',
    {
      config: manage,
      schema: { summary: 'Change one’s own note', params: IdParams, body: NotePatch, response: { 200: Note } },
    },
    (request) => notes.update(actorOf(request), request.params.id, request.body.text),
  );
  app.delete(
    '/api/v1/notes/:id',
    {
      config: manage,
      schema: { summary: 'Delete one’s own note', params: IdParams, response: { 204: z.null() } },
    },
    async (request, reply) => {
      await notes.remove(actorOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}
