import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendRaw } from '../../test/raw.ts';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { sendFile } from './files.ts';

let folder: string;
let app: TestApp;
let session: TestSession;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-web-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Rapport</title>');
  await writeFile(join(folder, 'assets/app.js'), 'export {};');
  await writeFile(join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  app = await startTestApp({ config: { webRoot: folder } });
  session = await makeSession(app, await makePersona(app));
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

const about = [
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'permissions-policy',
  'referrer-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-frame-options',
];
const securityOf = ({ headers }: { headers: Headers }) =>
  Object.fromEntries(about.map((name) => [name, headers.get(name)]));

const standard = {
  'content-security-policy':
    "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';connect-src 'self';manifest-src 'self';worker-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
};
const ofFile = {
  ...standard,
  'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'",
};

test('every operation answers with the same headers, to whoever asks and whatever it answers', async () => {
  const { body } = await app.json('GET', '/api/openapi.json');
  const operations = Object.entries(body.paths as Record<string, Record<string, unknown>>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
  expect(operations.length).toBeGreaterThan(50);
  const different: unknown[] = [];
  for (const [method, path] of operations) {
    const target = path.replace(/\{(\w+)\}/g, '01234567-89ab-4cde-8f01-23456789abcd');
    for (const headers of [
      {},
      session.client,
      { authorization: 'Bearer nobody' },
      { origin: 'https://evil.example' },
    ]) {
      // Nothing that is meant is in the body: every operation that takes one refuses.
      const body = method === 'GET' ? {} : { body: '{"nonsense":true}' };
      const type = method === 'GET' ? {} : { 'content-type': 'application/json' };
      const answer = await app.fetch(target, { method, redirect: 'manual', headers: { ...type, ...headers }, ...body });
      await answer.arrayBuffer();
      const found = securityOf(answer);
      const expected = answer.headers.has('content-disposition') ? ofFile : standard;
      if (JSON.stringify(found) !== JSON.stringify(expected)) different.push([method, path, answer.status, found]);
      if (answer.headers.get('cache-control') !== 'no-store' && path.startsWith('/api/'))
        different.push([method, path, answer.status, 'is kept']);
      expect(answer.status, `${method} ${path}`).not.toBe(500);
    }
  }
  expect(different).toEqual([]);
});

test('pages, files, documents and refusals answer with them, too', async () => {
  const asPage = { accept: 'text/html' };
  const asked: [string, string, Record<string, string>, number, object?][] = [
    ['GET', '/', asPage, 200],
    ['GET', '/settings', asPage, 200],
    ['GET', `/chat/${session.id}`, asPage, 200],
    ['GET', '/assets/app.js', {}, 200],
    ['HEAD', '/assets/app.js', {}, 200],
    ['GET', '/icon.svg', {}, 200],
    ['GET', '/no/such/file', {}, 404],
    ['GET', '/api/docs', {}, 200],
    ['GET', '/api/docs/style.css', {}, 200],
    ['GET', '/api/openapi.json', {}, 200],
    ['GET', '/api/v1/nothing', {}, 404],
    ['GET', '/api/v1/%zz', {}, 400],
    ['OPTIONS', '/api/v1/me', {}, 404],
    ['DELETE', '/healthz', {}, 404],
    ['POST', '/api/v1/clients', { 'content-type': 'text/plain' }, 415],
    ['GET', '/api/v1/me', { origin: 'https://evil.example' }, 403],
    ['GET', '/api/v1/me', { authorization: 'Bearer nobody' }, 401],
  ];
  for (const [method, path, headers, status] of asked) {
    const answer = await app.fetch(path, { method, headers, ...(method === 'POST' ? { body: 'x' } : {}) });
    expect([`${method} ${path}`, answer.status, securityOf(answer)]).toEqual([`${method} ${path}`, status, standard]);
    await answer.text();
  }
});

test('every answer says what it is and how its text is written', async () => {
  const types = async (path: string, init?: RequestInit) => (await app.fetch(path, init)).headers.get('content-type');
  expect([await types('/'), await types('/assets/app.js'), await types('/api/docs')]).toEqual([
    'text/html; charset=utf-8',
    'application/javascript; charset=utf-8',
    'text/html; charset=utf-8',
  ]);
  // JSON is always UTF-8 (RFC 8259).
  expect(await types('/api/v1/me')).toMatch(/^application\/json/);
  expect(await types('/api/v1/nothing')).toMatch(/^application\/problem\+json/);
  expect(await types(`/api/v1/sessions/${session.id}/export?format=markdown`)).toBe('text/markdown; charset=utf-8');
});

test('the name of a file cannot end its header, and keeps its letters', async () => {
  const files = Fastify();
  files.get('/', (request, reply) =>
    sendFile(reply, { name: (request.query as { name: string }).name, type: 'text/plain; charset=utf-8', body: 'x' }),
  );
  const nameOf = async (name: string) =>
    (await files.inject({ path: '/', query: { name } })).headers['content-disposition'];
  expect(await nameOf('a.md')).toBe('attachment; filename="a.md"');
  expect(await nameOf('a"; filename="b.exe\r\nSet-Cookie: x')).toBe(
    'attachment; filename="a_; filename=_b.exe__Set-Cookie_ x"',
  );
  expect(await nameOf('../../etc/passwd')).toBe('attachment; filename=".._.._etc_passwd"');
  expect(await nameOf('Grüße.md')).toBe(`attachment; filename="Gr__e.md"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.md`);
  await files.close();
});

test('what never becomes a request is answered with them', async () => {
  const { text } = await sendRaw(app.port, ['NONSENSE\r\n\r\n']);
  const lines = text.split('\r\n\r\n')[0]?.split('\r\n').slice(1) ?? [];
  const headers = new Headers(lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]));
  expect(securityOf({ headers })).toEqual(standard);
});

test('a stream has them before its first word', async () => {
  const gone = new AbortController();
  const answer = await app.fetch(`/api/v1/rooms/${session.roomId}/events`, {
    headers: { ...session.client, accept: 'text/event-stream' },
    signal: gone.signal,
  });
  expect(securityOf(answer)).toEqual(standard);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  gone.abort();
});

test('files of what people said are saved, not shown, and have no origin', async () => {
  for (const format of ['markdown', 'json', 'pdf']) {
    const answer = await app.fetch(`/api/v1/sessions/${session.id}/export?format=${format}`);
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="transcript-[\w-]+\.(md|json|pdf)"$/,
    );
    expect(securityOf(answer)).toEqual(ofFile);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(0);
  }
  for (const path of ['privacy/record?format=markdown', 'audit/export?format=csv', 'audit/export?format=jsonl']) {
    const answer = await app.fetch(`/api/v1/${path}`);
    expect([path, answer.status, securityOf(answer)]).toEqual([path, 200, ofFile]);
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+"$/);
    expect((await answer.text()).length).toBeGreaterThan(0);
  }
});

test('an answer that failed inside says so in general, with the same headers', async () => {
  await app.db.everywhere.exec('alter table price rename to price_gone');
  const answer = await app.json('GET', '/api/v1/prices');
  await app.db.everywhere.exec('alter table price_gone rename to price');
  expect([answer.status, securityOf(answer)]).toEqual([500, standard]);
  expect(Object.keys(answer.body).sort()).toEqual(['code', 'instance', 'status', 'title', 'type']);
  expect(answer.body).toMatchObject({ code: 'internal', title: 'Something went wrong on the server.' });
});
