import type { TestApp } from '../app.ts';
import { textOf } from './answers.ts';
import type { Fixture, IdOf } from './fixture.ts';
import { fixtures } from './fixtures.ts';
import { unknownLike, uuids, withoutIds } from './rows.ts';
import type { Kind, World } from './world.ts';
import type { Headers } from './world.parts.ts';

export interface Operation {
  method: string;
  template: string;
  /** As in the fixtures: method and path. */
  name: string;
}

export async function operationsOf(app: TestApp): Promise<Operation[]> {
  const { body } = await app.json('GET', '/api/openapi.json');
  const paths = Object.entries(body.paths as Record<string, object>);
  return paths.flatMap(([template, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      template,
      name: `${method.toUpperCase()} ${template}`,
    })),
  );
}

/** The fixtures of an operation; none: it is not covered. */
export const fixturesOf = (operation: Operation): Fixture[] => {
  const found = fixtures[operation.name];
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found];
};

interface Request {
  method: string;
  path: string;
  headers: Headers;
  body: unknown;
}

/** Somebody who tries, and the ids they may use. */
export interface Attacker {
  name: string;
  headers: Headers;
  own: Record<Kind, string>;
  secrets: Secrets;
  /** They belong to the victim's organisation. */
  home?: boolean;
}

/** What is tried: the same request twice, with an id of the victim and with one that names nothing. */
export interface Attempt {
  name: string;
  attacker: Attacker;
  build(foreign: IdOf): Request;
  /** The same request twice is answered differently, because something has happened in between: only the status counts. */
  loose?: boolean;
}

function build({ method, template }: Operation, fixture: Fixture, id: IdOf, as: Headers): Request {
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const kind = fixture.path?.[name];
    if (!kind) throw new Error(`the fixture of ${method} ${template} does not say what ${name} is`);
    return kind.startsWith('=') ? kind.slice(1) : id(kind as Kind);
  });
  const query = new URLSearchParams(fixture.query?.(id)).toString();
  return {
    method,
    path: query ? `${path}?${query}` : path,
    headers: { ...as, ...fixture.headers?.(id) },
    body: fixture.body?.(id),
  };
}

/** The places of a request that take an id, in the order in which they are filled. */
function slotsOf(operation: Operation, fixture: Fixture): Kind[] {
  const slots: Kind[] = [];
  build(operation, fixture, (kind) => (slots.push(kind), '00000000-0000-4000-8000-000000000000'), {});
  return slots;
}

const looseness = ({ restless }: Fixture): Pick<Attempt, 'loose'> => (restless ? { loose: true } : {});

const claims = ['orgId', 'org_id', 'organisationId', 'organisation', 'tenantId'];
const claimHeaders = ['x-org-id', 'x-organisation-id', 'x-tenant-id', 'x-rapport-org'];

/** Naming the other organisation where nobody asked for one: in headers, the query, and the body. */
function claiming(operation: Operation, fixture: Fixture, attacker: Attacker): Attempt[] {
  const own: IdOf = (kind) => attacker.own[kind];
  const base = () => build(operation, fixture, own, attacker.headers);
  const name = `${attacker.name} names the organisation in ${operation.name}`;
  if (operation.method !== 'GET') {
    const isObject = (body: unknown) => typeof body === 'object' && body !== null;
    const withClaim = (org: string): Request => {
      const request = base();
      const extra = Object.fromEntries(claims.map((field) => [field, org]));
      return { ...request, body: { ...(isObject(request.body) ? request.body : {}), ...extra, role: 'owner' } };
    };
    return [{ ...looseness(fixture), name: `${name} (body)`, attacker, build: (id) => withClaim(id('organisation')) }];
  }
  const withHeaders = (org: string): Request => {
    const request = base();
    return { ...request, headers: { ...request.headers, ...Object.fromEntries(claimHeaders.map((h) => [h, org])) } };
  };
  const withQuery = (org: string): Request => {
    const request = base();
    const extra = new URLSearchParams(claims.map((field): [string, string] => [field, org])).toString();
    return { ...request, path: `${request.path}${request.path.includes('?') ? '&' : '?'}${extra}` };
  };
  return [
    { ...looseness(fixture), name: `${name} (headers)`, attacker, build: (id) => withHeaders(id('organisation')) },
    { ...looseness(fixture), name: `${name} (query)`, attacker, build: (id) => withQuery(id('organisation')) },
  ];
}

/** One attempt per place that takes an id, and one with all of them at once. */
export function attemptsOf(operation: Operation, attacker: Attacker): Attempt[] {
  return fixturesOf(operation).flatMap((fixture, variant) => {
    const slots = slotsOf(operation, fixture);
    const only = (place: number): Attempt => ({
      name: `${attacker.name}: ${operation.name} #${variant}, ${slots[place]} at ${place}`,
      attacker,
      build(foreign) {
        let at = 0;
        return build(
          operation,
          fixture,
          (kind) => (at++ === place ? foreign(kind) : attacker.own[kind]),
          attacker.headers,
        );
      },
    });
    const all: Attempt = {
      name: `${attacker.name}: ${operation.name} #${variant}, all ids`,
      attacker,
      build: (foreign) => build(operation, fixture, foreign, attacker.headers),
    };
    return [
      ...slots.map((_, place) => only(place)),
      ...(slots.length > 1 ? [all] : []),
      ...(variant === 0 && !fixture.last ? claiming(operation, fixture, attacker) : []),
    ];
  });
}

/** The keys that the victim used for requests of its own, used again on the same address. */
export const keyAttempts = (victim: World, attacker: Attacker): Attempt[] =>
  victim.usedKeys.flatMap(({ key, kind, path, body }) => {
    const request = (address: string, id: IdOf): Request => ({
      method: 'POST',
      path: `/api/v1/${address}`,
      headers: {
        ...attacker.headers,
        'idempotency-key': id('session') === victim.ids.session ? key : `x${key.slice(1)}`,
      },
      body,
    });
    const there = (id: IdOf) => request(path.replace(victim.ids[kind], id(kind)), id);
    const own = (id: IdOf) => request(path.replace(victim.ids[kind], attacker.own[kind]), id);
    return [
      { name: `${attacker.name} repeats the key of POST ${path}`, attacker, build: there },
      { name: `${attacker.name} uses the key of POST ${path} at home`, attacker, build: own, loose: true },
    ];
  });

export interface Answer {
  status: number;
  headers: string;
  body: string;
}

const restlessHeaders =
  /^(?:date|x-request-id|content-length|connection|keep-alive|set-cookie|etag|(?:x-)?ratelimit-.*)$/;
async function send(app: TestApp, request: Request): Promise<Answer> {
  const { method, path, headers, body } = request;
  const init: RequestInit = { method, headers: { ...headers } };
  if (body !== undefined) {
    init.headers = { 'content-type': 'application/json', ...headers };
    init.body = JSON.stringify(body);
  }
  const response = await app.fetch(path, { ...init, redirect: 'manual', signal: AbortSignal.timeout(10_000) });
  const shown = [...response.headers].filter(([name]) => !restlessHeaders.test(name));
  return {
    status: response.status,
    headers: shown.map(([name, value]) => `${name}: ${value}`).join('\n'),
    body: await textOf(response),
  };
}

/** What of the victim must not stand in any answer. */
export interface Secrets {
  mark: string;
  /** Less those that the attacker has named: what is stored with them gives them back. */
  ids: Set<string>;
}

/** The first of the victim's secrets in a text. */
export function leakIn(text: string, { mark, ids }: Secrets): string | null {
  const lower = text.toLowerCase();
  if (lower.includes(mark)) return `canary ${mark}`;
  const id = lower.match(uuids)?.find((found) => ids.has(found));
  return id === undefined ? null : `id ${id}`;
}

const comparable = ({ status, headers, body }: Answer, loose = false): string =>
  loose ? String(status) : `${status}\n${withoutIds(headers)}\n\n${withoutIds(body)}`;

/** Null where the attempt learnt nothing; else what it learnt. */
export async function failureOf(app: TestApp, attempt: Attempt, victim: World): Promise<string | null> {
  const { secrets } = attempt.attacker;
  const real = attempt.build((kind) => victim.ids[kind]);
  const unknown = attempt.build((kind) => unknownLike(victim.ids[kind]));
  for (const id of (JSON.stringify(real) + decodedCursors(real.path)).match(uuids) ?? []) secrets.ids.delete(id);
  const [known, none] = [await send(app, real), await send(app, unknown)];
  const leak = leakIn(known.headers + known.body, secrets);
  if (leak) return `${attempt.name}: ${leak} came back (${known.status})`;
  if (known.status >= 500 || none.status >= 500) return `${attempt.name}: ${known.status} and ${none.status}`;
  const [left, right] = [comparable(known, attempt.loose), comparable(none, attempt.loose)];
  return left === right
    ? null
    : `${attempt.name}: told apart
--- known
${left}
--- unknown
${right}`;
}

const decodedCursors = (path: string): string =>
  Buffer.from(/cursor=([\w-]+)/.exec(path)?.[1] ?? '', 'base64url').toString();

/** Everybody who is not of the victim; `ids` are all that stand in its rows. */
export const attackersOf = (b: World, a: World, ids: ReadonlySet<string>): Attacker[] => {
  const talk = (['client', 'session', 'room', 'message', 'reply', 'guidance', 'invitation'] as const).map(
    (kind) => a.ids[kind],
  );
  const all = { mark: a.mark, ids: new Set(ids) };
  return [
    { name: 'staff of B', headers: b.staff, own: b.ids, secrets: all },
    { name: 'client of B', headers: b.client, own: b.ids, secrets: all },
    { name: 'API key of B', headers: b.apiKey, own: b.ids, secrets: all },
    {
      name: 'another client of A',
      headers: a.neighbour.headers,
      own: a.neighbour.ids,
      secrets: { mark: a.talkMark, ids: new Set(talk) },
      home: true,
    },
  ];
};

/** Calls an operation with ids of one's own. Null where it answers as the fixture says. */
export async function ownFailure(
  app: TestApp,
  operation: Operation,
  fixture: Fixture,
  who: Attacker,
): Promise<string | null> {
  const request = build(operation, fixture, (kind) => who.own[kind], who.headers);
  const answer = await send(app, request);
  const leak = leakIn(answer.headers + answer.body, who.secrets);
  if (leak) return `${who.name}: ${operation.name} gave ${leak}`;
  const wanted = fixture.own;
  const good = wanted === undefined ? answer.status >= 200 && answer.status < 300 : answer.status === wanted;
  return good ? null : `${who.name}: ${operation.name} answered ${answer.status}: ${answer.body.slice(0, 300)}`;
}
