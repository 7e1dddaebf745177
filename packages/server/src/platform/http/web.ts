import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { App } from './server.ts';
import { answerUnknownRoute } from './problem.ts';

/** Serves the built web application; every address that is no file and no API opens its one page. */
export function serveWeb(app: App, root: string | null): void {
  if (!root || !existsSync(join(root, 'index.html'))) {
    app.setNotFoundHandler(answerUnknownRoute);
    return;
  }
  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api')) route.config = { permission: 'public', ...route.config };
  });
  void app.register(fastifyStatic, {
    root,
    wildcard: false,
    preCompressed: true,
    setHeaders: (reply, path) => {
      const fingerprinted = path.includes('/assets/');
      void reply.header('cache-control', fingerprinted ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.setNotFoundHandler((request, reply) => {
    const page =
      request.method === 'GET' && !request.url.startsWith('/api/') && request.headers.accept?.includes('text/html');
    return page ? reply.sendFile('index.html') : answerUnknownRoute(request, reply);
  });
}
