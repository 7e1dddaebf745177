import { z } from 'zod';
import type { Database } from '../../platform/db/db.ts';
import type { App } from '../../platform/http/server.ts';

const config = { permission: 'public' } as const;
const Health = z.object({ status: z.literal('ok') });
const Readiness = z.object({ status: z.enum(['ready', 'not-ready']), database: z.boolean() });
const readyTimeoutMs = 2000;

/** Liveness says that the process answers; readiness that it can do its work. */
export function opsRoutes(app: App, db: Database, closing: AbortSignal) {
  app.get('/healthz', { config, schema: { summary: 'Liveness', response: { 200: Health } } }, () => ({
    status: 'ok' as const,
  }));
  app.get(
    '/readyz',
    { config, schema: { summary: 'Readiness', response: { 200: Readiness, 503: Readiness } } },
    async (_request, reply) => {
      const late = new Promise<false>((resolve) => setTimeout(resolve, readyTimeoutMs, false).unref());
      const database = await Promise.race([db.everywhere.one('select 1 as one').then(() => true), late]).catch(
        () => false,
      );
      const ready = database && !closing.aborted;
      return reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? ('ready' as const) : ('not-ready' as const), database });
    },
  );
}
