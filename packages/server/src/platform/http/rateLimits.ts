import type { IncomingMessage } from 'node:http';
import proxyAddress from '@fastify/proxy-addr';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../actor.ts';
import { reachOf, networkOf } from '../net/addresses.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { RateClass } from '../limits/rules.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which limits hold; without it they follow from the method and the permission. */
    rate?: RateClass | 'none';
  }
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

function classOf(request: FastifyRequest): RateClass | 'none' {
  const { rate, permission } = request.routeOptions.config;
  if (rate) return rate;
  const safe = safeMethods.has(request.method);
  if (permission !== undefined && permission !== 'public') return safe ? 'read' : 'write';
  if (!safe) return 'credentials';
  return request.url.startsWith('/api/') ? 'open' : 'page';
}

/** The address of whoever asks, past the proxies that the operator trusts. */
export function createAddressOf(trusted: readonly string[]): (request: IncomingMessage) => string {
  const trust = proxyAddress.compile([...trusted]);
  return (request) => proxyAddress(request, trust);
}

/** Whom somebody's requests are counted for. A key's are its own: a program that runs away locks nobody out of the pages. */
function nameOf(actor: Actor): string {
  if (actor.kind === 'client') return `client/${actor.tokenId}`;
  return actor.keyId === null ? `staff/${actor.userId}` : `key/${actor.keyId}`;
}

export type RequestLimits = ReturnType<typeof createRequestLimits>;

/**
 * `off`: no limits. `beyond-loopback`: whoever reaches a server in local mode from the machine itself is its owner, and
 * there is nobody to protect it from.
 */
export function createRequestLimits(limiter: Limiter, when: 'always' | 'beyond-loopback' | 'off') {
  const exempt = (address: string): boolean =>
    when === 'off' || (when === 'beyond-loopback' && reachOf(address) === 'loopback');

  const address = (from: string, kind: RateClass): void => {
    if (!exempt(from)) limiter.admit(kind, { address: networkOf(from) });
  };
  const actor = (from: string, who: Actor, kind: RateClass): void => {
    if (!exempt(from)) limiter.admit(kind, { actor: nameOf(who), organisation: who.orgId });
  };
  const ofRequest = (request: FastifyRequest, admit: (kind: RateClass) => void): void => {
    const kind = classOf(request);
    if (kind !== 'none') admit(kind);
  };

  return {
    address,
    actor,
    /** Before anybody is asked who somebody is. Throws `rate-limited`. */
    beforeSignIn: (request: FastifyRequest) => ofRequest(request, (kind) => address(request.ip, kind)),
    /** Throws `rate-limited`. */
    afterSignIn: (request: FastifyRequest, who: Actor) => ofRequest(request, (kind) => actor(request.ip, who, kind)),
  };
}
