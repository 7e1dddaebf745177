import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorKey, type Actor } from '../actor.ts';
import type { Database } from '../db/db.ts';
import { AppError } from '../errors.ts';
import { Unreadable } from '../keys/keyring.ts';
import type { Logger } from '../logger.ts';
import * as store from './idempotency.store.ts';
import type { App } from './server.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    idempotency?: 'own' | 'none';
  }
  interface FastifyRequest {
    idempotent: Running | null;
  }
}

interface Running {
  claim: store.Claim;
  timer: NodeJS.Timeout;
}

const renewMs = 20_000;
const sweepMs = 60_000;

/** The `Idempotency-Key` header: 1 to 200 visible ASCII characters, or none. */
export function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new AppError('invalid-body', {
    errors: [{ pointer: '/headers/idempotency-key', message: '1 to 200 visible ASCII characters.' }],
  });
}

async function claimOf(db: Database, request: FastifyRequest, actor: Actor, key: string): Promise<store.Claim> {
  const [route = '', search = ''] = request.url.split('?', 2);
  // As it was understood: the order of its fields and what they default to make no other request.
  const asked = `${search}\n${JSON.stringify(request.body ?? null)}`;
  const { orgId } = actor;
  const hash = await db.in(orgId).codec.hash(orgId, 'request', asked);
  return { orgId, actor: actorKey(actor), route, key, hash, owner: randomUUID() };
}

interface Parts {
  db: Database;
  log: Logger;
}

/**
 * Every POST of somebody signed in takes an `Idempotency-Key`. The same key, actor, address and body within 24 hours is
 * carried out once: a repetition gets the first answer again, marked `idempotency-replayed: true`, on any server. While the
 * first still runs a repetition is told `request-running` (409 with Retry-After), and one with another body
 * `idempotency-mismatch` (422). Different actors, organisations and addresses never share a key.
 *
 * An answer that refuses, of 400 and above, is not kept: nothing was done, so the repetition is tried anew. Where a server
 * dies in the middle, whoever repeats the request after its lease of 60 seconds carries it out again; what the dead server
 * had committed without having stored the answer is then done twice.
 *
 * Answers may hold what is given out once, e.g. an invitation's token: like all content they are sealed, under the
 * organisation's key. What they say of a client goes with them after the 24 hours, not with the client's key.
 *
 * Elsewhere: messages keep their key with the message, in one transaction and for good (`idempotency: 'own'`). Reads that
 * happen to be POSTs ignore it (`'none'`), and so do the routes of nobody in particular: set-up happens once, signing in and
 * out may be repeated, and accepting an invitation again is how a further device joins.
 *
 * To be called before the routes are added.
 */
export function honourIdempotencyKeys(app: App, { db, log }: Parts): void {
  const quietly = (what: string) => (error: Error) => log.warn({ err: error.message }, what);
  let sweptAt = 0;
  const sweep = () => {
    if (Date.now() - sweptAt < sweepMs) return;
    sweptAt = Date.now();
    store
      .removeExpired(db.everywhere)
      .catch(quietly('expired idempotency keys not removed; the next request tries again'));
  };

  const begin = (claim: store.Claim): Running => {
    const renew = () =>
      store.renew(db.in(claim.orgId), claim).catch(quietly('the lease of an idempotency key not renewed'));
    return { claim, timer: setInterval(() => void renew(), renewMs).unref() };
  };

  const answerAgain = async (claim: store.Claim, known: store.Known, reply: FastifyReply) => {
    if (!known.hash.equals(claim.hash)) throw new AppError('idempotency-mismatch');
    if (known.status === null || known.answer === null) throw new AppError('request-running', { retryAfterSeconds: 1 });
    const body = await store.answerOf(db.in(claim.orgId), claim, known.answer).catch((error: unknown) => {
      if (!(error instanceof Unreadable)) throw error;
      throw new AppError('conflict', { detail: 'This was done before, but its answer cannot be read any more.' });
    });
    void reply.code(known.status).header('idempotency-replayed', 'true');
    if (body === '') return reply.send();
    return reply.type('application/json; charset=utf-8').serializer(String).send(body);
  };

  app.decorateRequest('idempotent', null);

  app.addHook('preHandler', async (request, reply) => {
    const { permission, idempotency } = request.routeOptions.config;
    if (request.method !== 'POST' || permission === 'public' || idempotency || !request.actor) return;
    const key = idempotencyKey(request);
    if (key === undefined) return;
    const claim = await claimOf(db, request, request.actor, key);
    sweep();
    // Between the two statements the first request may fail and let go of the key.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (await store.claim(db.in(claim.orgId), claim)) {
        request.idempotent = begin(claim);
        return;
      }
      const known = await store.find(db.in(claim.orgId), claim);
      if (known) return answerAgain(claim, known, reply);
    }
    throw new AppError('request-running', { retryAfterSeconds: 1 });
  });

  // Before the answer leaves: who has it may repeat the request at once.
  app.addHook('onSend', async (request, reply, payload) => {
    const running = request.idempotent;
    if (!running) return;
    request.idempotent = null;
    clearInterval(running.timer);
    const { claim } = running;
    if (reply.statusCode >= 400) {
      await store.release(db.in(claim.orgId), claim).catch(quietly('an idempotency key is held until its lease ends'));
      return;
    }
    const answer = typeof payload === 'string' ? payload : '';
    await store
      .finish(db.in(claim.orgId), claim, reply.statusCode, answer)
      .catch(quietly('the answer to an idempotency key is not stored'));
  });
}
