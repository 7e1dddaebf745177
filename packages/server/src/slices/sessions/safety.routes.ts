import { Empty, IdParams } from '@rapport/protocol/common';
import { PersonRequested } from '@rapport/protocol/safety';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { SessionSafety } from './safety.ts';

export function sessionSafetyRoutes(app: App, safety: SessionSafety) {
  app.post(
    '/api/v1/sessions/:id/person-request',
    {
      config: { permission: 'sessions.take-part' },
      schema: {
        summary: 'Ask for a person; says whether one is there',
        params: IdParams,
        body: Empty.strict().nullish(),
        response: { 200: PersonRequested },
      },
    },
    (request) => safety.request(actorOf(request), request.params.id),
  );
}
