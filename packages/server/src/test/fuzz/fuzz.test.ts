import { Agent, request as ask } from 'node:http';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Problem } from '@rapport/protocol/errors';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestApp, type TestApp } from '../app.ts';
import { fixtures } from '../isolation/fixtures.ts';
import { seedWorld, type World } from '../isolation/world.ts';
import { startUpstream, type Upstream } from '../upstream.ts';
import { rawRequests, requestsOf, type FuzzRequest } from './requests.ts';
import { hostile, hostileWord, spoilt } from './values.ts';

/** `npm run fuzz -- --requests N --seed N` sets both. */
const count = Number(process.env['RAPPORT_FUZZ_REQUESTS'] ?? 1500);
const seed = Number(process.env['RAPPORT_FUZZ_SEED'] ?? 20_261_121);
const atOnce = 4;
/** No request waits longer for an answer. */
const deadlineMs = 8000;
/** Of live memory, between the first quarter of the run and its end. */
const growthBytes = 32 * 1024 * 1024;

let app: TestApp;
let upstream: Upstream;
let world: World;
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
/** Ids of what exists, the newest last. */
const pools = new Map<string, string[]>();

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const liveBytes = () => {
  // What the played provider remembers is not the server's.
  upstream.requests.length = 0;
  collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
};

beforeAll(async () => {
  upstream = await startUpstream();
  app = await startTestApp();
  world = await seedWorld(app, 'fuzz', upstream.url);
  for (const [kind, id] of Object.entries(world.ids)) pools.set(kind, [id]);
});

afterAll(async () => {
  agent.destroy();
  await app.close();
  await upstream.close();
});

const fill = (text: string): string =>
  text.replaceAll(/\{\{(\w+):(\d+)\}\}/g, (_, kind: string, n: string) => {
    const pool = pools.get(kind) ?? pools.get('session') ?? [];
    return pool[Number(n) % pool.length] ?? '00000000-0000-4000-8000-000000000000';
  });

/** Signing out, or asking for a second factor, would leave nobody to go on with: the owner of the set-up does it. */
const shuttingOut = new Set(['POST /api/v1/sign-out', 'PUT /api/v1/organisation/sign-in']);

const credentials = ({ who, name }: FuzzRequest): Record<string, string> => {
  if (who === 'client') return world.client;
  if (who === 'forger') return { authorization: 'Bearer forged' };
  if (who === 'nobody' || shuttingOut.has(name)) return {};
  return world.staff;
};

const createdBy = new Map<string, string>(
  Object.entries(fixtures).flatMap(([name, fixture]) => {
    const one = /^GET (.+)\/\{(\w+)\}$/.exec(name);
    const kind = one && (Array.isArray(fixture) ? fixture[0] : fixture)?.path?.[String(one[2])];
    return kind ? [[`POST ${one[1]}`, kind] as [string, string]] : [];
  }),
);

function remember(name: string, status: number, body: string) {
  const kind = createdBy.get(name);
  if (!kind || status !== 201) return;
  const { id } = JSON.parse(body) as { id: string };
  const pool = pools.get(kind) ?? [];
  pools.set(kind, [...pool.slice(0, 1), ...pool.slice(-40), id].slice(-42));
}

/** What no answer may show of the inside. */
const inside =
  /node_modules|\.ts:\d+|at Object\.|syntax error at or near|violates .* constraint|relation "|ECONNREFUSED/;

function faultOf({ name, method }: FuzzRequest, { status, type, text }: Reply): string | null {
  if (status >= 500) return `answered ${status}: ${text.slice(0, 300)}`;
  if (inside.test(text)) return `shows its inside: ${text.slice(0, 300)}`;
  // An `expect` that Node does not know it refuses itself, without a body.
  if (status < 400 || status === 417 || method === 'HEAD' || !name.includes('/api/')) return null;
  // Directories are answered in the form of their own standard (RFC 7644).
  if (name.includes('/api/v1/scim/') && type.startsWith('application/scim+json')) return null;
  if (!type.startsWith('application/problem+json'))
    return `${status} is no problem document: ${type} ${text.slice(0, 200)}`;
  return Problem.safeParse(JSON.parse(text)).success ? null : `not a problem document: ${text.slice(0, 300)}`;
}

interface Reply {
  status: number;
  type: string;
  text: string;
}

/** Null where the client refuses to send it, or the server closed the connection on a body it does not want. */
const ofHttp = (request: FuzzRequest, path: string, body: string | undefined): Promise<Reply | null> =>
  new Promise((resolve, reject) => {
    const headers = { ...credentials(request), ...request.headers };
    const out = ask(app.url + path, { method: request.method, headers, agent, timeout: deadlineMs });
    const late = setTimeout(() => out.destroy(new Error(`no answer in ${deadlineMs} ms`)), deadlineMs);
    out.on('close', () => clearTimeout(late));
    out.on('error', (error: Error & { code?: string }) => {
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET') resolve(null);
      else reject(error);
    });
    out.on('response', (answer) => {
      const [status, type] = [answer.statusCode ?? 0, String(answer.headers['content-type'] ?? '')];
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('end', () => resolve({ status, type, text }));
      answer.on('error', reject);
      if (!type.startsWith('text/event-stream')) return;
      resolve({ status, type, text: '' });
      out.destroy();
    });
    out.end(body);
  });

async function attempt(request: FuzzRequest): Promise<string | null> {
  const path = fill(request.path);
  const body = request.body === undefined ? undefined : fill(request.body);
  const shown = `${request.method} ${path.slice(0, 400)} as ${request.who} ${JSON.stringify(request.headers).slice(0, 300)} ${body?.slice(0, 600) ?? ''}`;
  try {
    const reply = await ofHttp(request, path, body);
    if (!reply) return null;
    if (request.method !== 'HEAD') remember(request.name, reply.status, reply.text);
    const fault = faultOf(request, reply);
    return fault && `${shown}: ${fault}`;
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    // What could not be parsed is answered with a body, as nobody knows that a HEAD was meant.
    if (request.method === 'HEAD' && code?.startsWith('HPE_')) return null;
    return code === 'ERR_INVALID_CHAR' || code === 'ERR_UNESCAPED_CHARACTERS' ? null : `${shown}: ${code} ${message}`;
  }
}

async function healthy(): Promise<boolean> {
  const [{ status }, posted] = await Promise.all([
    app.json('GET', '/healthz'),
    app.json('POST', '/api/v1/clients', { name: 'After all that' }, world.staff),
  ]);
  return status === 200 && posted.status === 201;
}

test(`${count} requests made from the description of the API (seed ${seed})`, async () => {
  const { body: document } = await app.json('GET', '/api/openapi.json');
  const requests = requestsOf(document, `${upstream.url}/v1`);
  const faults: string[] = [];
  let [sent, first] = [0, 0];
  for (let batch = 0; sent < count; batch += 1) {
    const size = Math.min(250, count - sent);
    const queue = fc.sample(requests, { numRuns: size, seed: seed + batch });
    const worker = async () => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const fault = await attempt(next);
        if (fault) faults.push(fault);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    sent += size;
    if (first === 0 && sent >= count / 4) first = liveBytes();
  }
  const growth = liveBytes() - first;
  console.log(`${sent} requests, live memory grew by ${(growth / 1024 / 1024).toFixed(1)} MiB after the first quarter`);
  expect(faults.slice(0, 20)).toEqual([]);
  expect(await healthy()).toBe(true);
  expect(growth).toBeLessThan(growthBytes);
}, 1_200_000);

/** The first line of what comes back; empty where the connection is only closed. */
const sendRaw = (text: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(app.port, '127.0.0.1');
    let got = '';
    const end = (line: string) => {
      clearTimeout(late);
      socket.destroy();
      resolve(line);
    };
    const late = setTimeout(() => end('no answer'), deadlineMs);
    socket.on('data', (data) => {
      got += data.toString('latin1');
      if (got.includes('\r\n')) end(got.slice(0, got.indexOf('\r\n')));
    });
    socket.on('error', () => end(got));
    socket.on('close', () => end(got));
    socket.write(Buffer.from(text, 'latin1'));
    // Half a request is one, too: the server must not wait for the rest for good.
    if (!text.includes('\r\n')) socket.end();
  });

test('requests that are none are refused, and nothing else is disturbed', async () => {
  for (const raw of rawRequests) {
    const line = await sendRaw(raw);
    expect(line, JSON.stringify(raw.slice(0, 120))).toMatch(/^$|^HTTP\/1\.1 [234]/);
  }
  expect(await healthy()).toBe(true);
});

const frame = fc.oneof(
  fc.record({ t: fc.constant('sub'), room: fc.constant('{{room:0}}'), after: fc.nat(20) }),
  fc.record({ t: fc.constant('unsub'), room: fc.constant('{{room:0}}') }),
  fc.record({ t: fc.constant('typing'), room: fc.constant('{{room:0}}'), on: fc.boolean() }),
  fc.record({ t: fc.constant('pub'), room: fc.constant('{{room:0}}'), mid: fc.uuid(), text: hostileWord }),
  fc.constant({ t: 'ping' }),
);
const frameTexts = fc.oneof(
  { weight: 4, arbitrary: frame.map((value) => JSON.stringify(value)) },
  { weight: 3, arbitrary: spoilt(frame).map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: hostile.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: hostileWord },
);

/** Sends a frame on a fresh connection; how it ends, or that the connection still answers. */
const sendFrame = (text: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${app.port}/api/v1/live`, { headers: world.staff });
    const end = (how: string) => {
      clearTimeout(late);
      socket.terminate();
      resolve(how);
    };
    const late = setTimeout(() => end('no answer'), deadlineMs);
    socket.on('error', () => end('broken'));
    socket.on('close', (code) => end(`closed ${code}`));
    socket.on('open', () => socket.send('{"t":"hello"}'));
    socket.on('message', (data: Buffer) => {
      if (data.toString().startsWith('{"t":"pong"')) return end('goes on');
      if (!data.toString().startsWith('{"t":"welcome"')) return;
      socket.send(text);
      socket.send('{"t":"ping"}');
    });
  });

test('live frames that are none close their own connection at most', async () => {
  const texts = fc.sample(frameTexts, { numRuns: Math.max(150, Math.floor(count / 20)), seed });
  const ends = new Map<string, number>();
  for (const text of texts) {
    const how = await sendFrame(fill(text));
    ends.set(how, (ends.get(how) ?? 0) + 1);
    expect(how, text.slice(0, 300)).toMatch(/^(?:goes on|closed (?:4400|1009|1007))$/);
  }
  expect(ends.size).toBeGreaterThan(1);
  expect(await healthy()).toBe(true);
}, 300_000);
