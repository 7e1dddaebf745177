import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import helmet from '@fastify/helmet';
import type { ErrorCode } from '@rapport/protocol/errors';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import { answerError, problemOf } from './problem.ts';
import type { App } from './app.ts';

const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    manifestSrc: ["'self'"],
    workerSrc: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
  },
};

/** Nothing of the device is asked for by a page of ours. */
const permissionsPolicy = [
  'accelerometer',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'payment',
  'usb',
]
  .map((name) => `${name}=()`)
  .join(', ');

/** The same headers on every answer, whatever it is. Answers of the API are kept nowhere. */
export function setSecurityHeaders(app: App) {
  void app.register(helmet, {
    contentSecurityPolicy,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('permissions-policy', permissionsPolicy);
    if (request.url.startsWith('/api/')) void reply.header('cache-control', 'no-store');
  });
}

/** For a file: opened in a tab it is a page without scripts, forms, or this server's origin. */
export const filePolicy = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'";

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** What helmet sets, for answers that no hook sees; a test holds the two together. */
const bareHeaders = {
  'content-security-policy': Object.entries(contentSecurityPolicy.directives)
    .map(([name, values]) => `${kebab(name)} ${values.join(' ')}`)
    .join(';'),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': permissionsPolicy,
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
  'cache-control': 'no-store',
};

/** For an address that no route can be looked for under. */
export const answerBadAddress = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
  answerError(error, request, reply.headers(bareHeaders));

/** An answer to what never became a request, e.g. an upgrade that is refused. Closes the connection. */
export function answerBare(socket: Duplex, code: ErrorCode, more: Record<string, string> = {}): void {
  const known = new AppError(code);
  const body = JSON.stringify(problemOf(known, randomUUID()));
  const headers = {
    ...bareHeaders,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...more,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${known.status} ${code}`, ...lines, '', body].join('\r\n'));
}

const clientCodes: Record<string, ErrorCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
};

/** What Node's parser makes of what is no HTTP, or comes too slowly. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) return void socket.destroy();
  answerBare(socket, clientCodes[error.code ?? ''] ?? 'bad-request');
  socket.destroySoon();
}
