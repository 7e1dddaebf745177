import scalar from '@scalar/fastify-api-reference';
import type { App } from './server.ts';

/** The API's description, generated from the schemas, and a readable page of it with assets of our own. */
export function serveDocs(app: App): void {
  app.get('/api/openapi.json', { config: { permission: 'public' }, schema: { hide: true } }, (_request, reply) =>
    // Already a document: no schema of ours describes OpenAPI itself.
    reply.type('application/json').serializer(JSON.stringify).send(app.swagger()),
  );
  app.addHook('onRoute', (route) => {
    if (route.url.startsWith('/api/docs')) {
      route.config = { ...route.config, permission: 'public' };
      route.schema = { ...route.schema, hide: true };
    }
  });
  void app.register(scalar, {
    routePrefix: '/api/docs',
    configuration: { url: '/api/openapi.json', withDefaultFonts: false, telemetry: false },
  });
}
