import { IdParams, Page } from '@rapport/protocol/common';
import { Note, NoteList, NotePost } from '@rapport/protocol/notes';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { NoteService } from '../clients/notes.service.ts';
import type { SessionAccess } from './access.ts';

/** Notes of a session are those of its client, with the session named. */
export function sessionNoteRoutes(app: App, access: Pick<SessionAccess, 'enter'>, notes: NoteService) {
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
    async (request) => {
      const { id } = await access.enter(actorOf(request), request.params.id);
      return notes.ofSession(actorOf(request), id, request.query);
    },
  );
  app.post(
    '/api/v1/sessions/:id/notes',
    {
      config: { permission: 'sessions.supervise' },
      schema: { summary: 'Write a note of a session', params: IdParams, body: NotePost, response: { 201: Note } },
    },
    async (request, reply) => {
      const row = await access.enter(actorOf(request), request.params.id);
      const of = { clientId: row.client_id, session: { id: row.id, roomId: row.room_id } };
      return reply.code(201).send(await notes.write(actorOf(request), of, request.body));
    },
  );
}
