import { Packs, PacksChoose } from '@rapport/protocol/packs';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { PackService } from './packs.service.ts';

const path = '/api/v1/organisation/packs';

export function packRoutes(app: App, service: PackService) {
  app.get(
    path,
    {
      config: { permission: 'sessions.read' },
      schema: { summary: 'Jurisdiction packs, and what is in force of them', response: { 200: Packs } },
    },
    (request) => service.get(actorOf(request)),
  );
  app.put(
    path,
    {
      config: { permission: 'organisation.manage' },
      schema: { summary: 'Choose jurisdiction packs', body: PacksChoose, response: { 200: Packs } },
    },
    (request) => service.choose(actorOf(request), request.body.packs),
  );
}
