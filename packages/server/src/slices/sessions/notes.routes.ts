import { IdParams, Page } from '@rapport/protocol/common';
import { Note, NoteList, NotePost } from '@rapport/protocol/notes';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { SessionNoteService } from './notes.service.ts';

export function sessionNoteRoutes(app: App, notes: SessionNoteService) {
  app.get(
    '/api/v1/sessions/:id/notes',
    {
      config: { permission: 'sessions.follow' },
      schema: {
        summary: 'Notes of a session that one may read, newest first',
        params: IdParams,
        querystring: Page,
        response: { 200: NoteList },
      },
    },
    (request) => notes.list(actorOf(request), request.params.id, request.query),
  );
  app.post(
    '/api/v1/sessions/:id/notes',
    {
      config: { permission: 'sessions.supervise' },
      schema: { summary: 'Write a note of a session', params: IdParams, body: NotePost, response: { 201: Note } },
    },
    async (request, reply) =>
      reply.code(201).send(await notes.write(actorOf(request), request.params.id, request.body)),
  );
}
