import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from './app.ts';
import { answerBrokenRequest } from './headers.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its body holds files: it may take as long as it takes, as long as more of it comes. */
    longBody?: boolean;
  }
}

const late = () => Object.assign(new Error('the body did not arrive in time'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

/** Ends a request whose body stays out: after `patienceMs`, or, where it may be long, once nothing of it came for so long. */
export function awaitBody(request: IncomingMessage, response: ServerResponse, patienceMs: number, mayBeLong = false) {
  const { socket } = request;
  if (request.headers['transfer-encoding'] === undefined && !Number(request.headers['content-length'])) return;
  let read = socket.bytesRead;
  const look = () => {
    if (request.complete) return;
    // What has come and waits to be taken is no delay of whoever sends; what follows a refusal is wanted by nobody.
    if (mayBeLong && !response.headersSent && (socket.bytesRead > read || request.readableLength > 0)) {
      read = socket.bytesRead;
      timer = setTimeout(look, patienceMs);
      return;
    }
    if (response.headersSent) socket.destroy();
    else answerBrokenRequest(late(), socket);
  };
  let timer = setTimeout(look, patienceMs);
  request.once('close', () => clearTimeout(timer));
}

/** Node's own limit is one for all requests, however long they may be; so it is off, and this stands in its place. */
export function limitArrival(app: App, patienceMs: number): void {
  app.addHook('onRequest', (request, reply, done) => {
    awaitBody(request.raw, reply.raw, patienceMs, request.routeOptions.config.longBody);
    done();
  });
}
