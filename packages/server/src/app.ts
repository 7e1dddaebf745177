import type { AddressInfo } from 'node:net';
import { connectDatabase } from './platform/db/connect.ts';
import { honourIdempotencyKeys } from './platform/http/idempotency.ts';
import { createOriginCheck } from './platform/http/origin.ts';
import { createAddressOf, createRequestLimits } from './platform/http/rateLimits.ts';
import { createHttp } from './platform/http/server.ts';
import { allows } from './slices/identity/permissions.ts';
import { createLiveSocket } from './slices/rooms/socket.ts';
import { addRoutes, limitsOf } from './routes.ts';
import { createPlatform, type AppOptions } from './services.platform.ts';
import { createServices, type Services } from './services.ts';

export interface RunningApp {
  url: string;
  port: number;
  close(): Promise<void>;
}

/** What looks from time to time whether there is something to do. */
const clocksOf = (services: Services) => [
  services.knowledge.reindexer,
  services.knowledge.evaluating,
  services.knowledge.embedding,
  services.memoryEmbedding,
  services.knowledge.nearby,
  services.retention,
  services.reviewClock,
  services.escalationClock,
  services.reminders,
  services.planClock,
];

/** Builds the server and serves it. On close: running replies are finished or marked, then sockets, then the database. */
export async function startApp(options: AppOptions): Promise<RunningApp> {
  const { config } = options;
  const platform = createPlatform(options, await connectDatabase(config, options.database));
  const { audit, db, hub, wake, log, node, outgoing, limiter } = platform;
  const services = createServices(platform);
  const { identity, generations, providers, rooms, privacy } = services;
  const { worker } = services.knowledge;
  const clocks = clocksOf(services);
  const closing = new AbortController();
  const checkOrigin = createOriginCheck(config);
  const limits = createRequestLimits(limiter, limitsOf(config));
  const addressOf = createAddressOf(config.trustProxy);
  const app = createHttp({
    log,
    bodyLimit: config.bodyLimit,
    patience: config.patience,
    limits,
    trustProxy: config.trustProxy,
    checkOrigin,
    allows,
    refused: audit.refused,
    authenticate: ({ headers, cookies, ip, routeOptions }) =>
      identity.authenticate({
        authorization: headers.authorization,
        cookies,
        remoteAddress: ip,
        beforeSecondFactor: routeOptions.config.beforeSecondFactor ?? false,
        unattended: routeOptions.config.unattended ?? false,
      }),
  });
  await app.after();
  honourIdempotencyKeys(app, { db, log });
  addRoutes(app, config, db, services, closing.signal);

  await identity.ensurePreset();
  await identity.requireOwnerPasswordFor(config);
  await audit.start();
  await services.packs.start();
  await wake.start();
  hub.start();
  limiter.start();
  platform.mail.start();
  await privacy.erasures.start();
  await generations.start();
  platform.blobs.start();
  await worker.start();
  for (const one of clocks) one.start();
  await providers.start(({ message }) => log.warn({ err: message }, 'what runs GGUF files could not be installed'));
  const live = createLiveSocket({
    server: app.server,
    rooms,
    node,
    log,
    checkOrigin: (request) => checkOrigin(request, true),
    allows,
    onAccessChanged: identity.onAccessChanged,
    limits,
    addressOf,
    authenticate: (request, token) =>
      identity.authenticate({
        authorization: token === undefined ? undefined : `Bearer ${token}`,
        cookies: app.parseCookie(request.headers.cookie ?? ''),
        remoteAddress: addressOf(request),
        unattended: true,
      }),
    noteUse: (request) => identity.noteUse(app.parseCookie(request.headers.cookie ?? '')),
    refused: audit.refused,
  });
  await app.listen({ host: config.host, port: config.port });
  const { port } = app.server.address() as AddressInfo;

  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    port,
    async close() {
      closing.abort();
      await Promise.all(clocks.map((one) => one.stop()));
      privacy.erasures.stop();
      await generations.stopAll();
      providers.stop();
      await worker.stop();
      await services.knowledge.vectors.stop();
      live.close();
      await app.close();
      limiter.stop();
      hub.stop();
      await wake.stop();
      await platform.blobs.stop();
      await audit.stop();
      await platform.mail.close();
      await outgoing.close();
      await db.close();
    },
  };
}
