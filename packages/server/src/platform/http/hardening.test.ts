import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { sendRaw } from '../../test/raw.ts';
import { isDeeperThan } from './json.ts';

const canary = 'CANARY-of-another-folder';
let folder: string;
let app: TestApp;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-web-'));
  const webRoot = join(folder, 'dist');
  await mkdir(join(webRoot, 'assets'), { recursive: true });
  await writeFile(join(webRoot, 'index.html'), '<!doctype html><title>Rapport</title>');
  await writeFile(join(webRoot, 'assets/app.js'), 'export {};');
  await writeFile(join(folder, 'secret.txt'), canary);
  app = await startTestApp({ config: { webRoot, patience: { headersMs: 400, requestMs: 800, lookEveryMs: 100 } } });
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

const head = (...more: string[]) => ['Host: 127.0.0.1', ...more, '', ''].join('\r\n');
const get = async (target: string, method = 'GET') =>
  (await sendRaw(app.port, [`${method} ${target} HTTP/1.1\r\n${head('Connection: close')}`])).text;
const json = ['Content-Type: application/json'];

describe('whoever is slow', () => {
  test('with the headers is cut off', async () => {
    const { text, ms } = await sendRaw(
      app.port,
      [...'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: aaaaaaaaaaaa'],
      50,
    );
    expect(text).toMatch(/^HTTP\/1\.1 408 .*content-security-policy: default-src 'none'.*"code":"request-timeout"/is);
    expect(ms).toBeLessThan(3000);
  });

  test('with the body is cut off', async () => {
    const start = `POST /api/v1/clients HTTP/1.1\r\n${head(...json, 'Content-Length: 5000')}`;
    const { text, ms } = await sendRaw(app.port, [start, ...'{"name":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'], 50);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(ms).toBeLessThan(4000);
    expect((await app.json('GET', '/api/v1/clients')).body.items).toEqual([]);
  });

  test('and says nothing at all is cut off', async () => {
    expect((await sendRaw(app.port, [])).ms).toBeLessThan(3000);
  });

  test('with an answer is waited for, and so is a stream', async () => {
    const waited = await app.json('GET', '/api/v1/me');
    expect(waited.status).toBe(200);
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/api/v1/live`);
    await new Promise((resolve) => socket.once('open', resolve));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.close();
  });
});

describe('a body', () => {
  const send = async (body: string | Uint8Array, type = 'application/json') => {
    const answer = await app.fetch('/api/v1/clients', { method: 'POST', headers: { 'content-type': type }, body });
    return [answer.status, ((await answer.json()) as { code: string }).code];
  };

  test('that nests too deeply is refused before it is read', async () => {
    expect(await send('['.repeat(500_000))).toEqual([400, 'malformed-json']);
    expect(await send(`{"name":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`)).toEqual([400, 'malformed-json']);
    // Brackets in a text nest nothing.
    const text = `{"name":"Ann","about":${JSON.stringify('[{"'.repeat(100) + '\\"\\\\')}}`;
    expect((await send(text))[0]).toBe(201);
    expect(isDeeperThan(2, Buffer.from('[[1],[2],["[[["]]'))).toBe(false);
    expect(isDeeperThan(2, Buffer.from('[[[1]]]'))).toBe(true);
  });

  test('of another kind is refused, also as a form of another page could send it', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/xml',
    ])
      expect(await send('{"name":"Eve"}', type), type).toEqual([415, 'unsupported-media-type']);
  });

  test('that is too large is refused, whatever it says of its length', async () => {
    expect(await send(`{"name":"${'a'.repeat(1_100_000)}"}`)).toEqual([413, 'too-large']);
    const chunk = 'a'.repeat(0x10000);
    const parts = Array.from({ length: 20 }, () => `10000\r\n${chunk}\r\n`);
    const start = `POST /api/v1/clients HTTP/1.1\r\n${head(...json, 'Transfer-Encoding: chunked')}`;
    expect((await sendRaw(app.port, [start, ...parts, '0\r\n\r\n'])).text).toMatch(/^HTTP\/1\.1 413 /);
  });
});

test('too many or too large headers, and what is no HTTP, are refused with the same headers', async () => {
  const large = await sendRaw(app.port, [`GET / HTTP/1.1\r\n${head(`X-Large: ${'a'.repeat(20_000)}`)}`]);
  expect(large.text).toMatch(/^HTTP\/1\.1 431 .*nosniff.*"headers-too-large"/is);
  const broken = await sendRaw(app.port, ['NONSENSE\r\n\r\n']);
  expect(broken.text).toMatch(/^HTTP\/1\.1 400 .*nosniff.*"bad-request"/is);
  const smuggled = await sendRaw(app.port, [
    `POST /api/v1/clients HTTP/1.1\r\n${head(...json, 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  ]);
  expect(smuggled.text).toMatch(/^HTTP\/1\.1 400 /);
});

describe('paths', () => {
  const climbs = [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/../../secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%2e%2e%5c%2e%2e%5csecret.txt',
    '/..\\secret.txt',
    '/%252e%252e%252fsecret.txt',
    '//secret.txt',
    '/assets/app.js%00.txt',
    '/%c0%ae%c0%ae/secret.txt',
    'http://127.0.0.1/../secret.txt',
    '/assets/app.js/../../../secret.txt',
  ];
  test.each(climbs)('%s stays inside', async (path) => {
    const answer = await get(path);
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400|403|404) /);
    expect(answer).not.toContain(canary);
    expect(answer).not.toContain(folder);
  });

  test('lead nowhere else: nothing answers with a redirect', async () => {
    const { body } = await app.json('GET', '/api/openapi.json');
    const api = Object.keys(body.paths).map((path) => path.replace(/\{\w+\}/g, '%2f%2fevil.example'));
    const tricks = [
      '//evil.example',
      '/%2f/evil.example',
      '/\\evil.example',
      '/evil.example/..',
      '/assets',
      '/assets/',
      '/?next=//evil.example',
      '/sign-in?next=https://evil.example',
    ];
    for (const path of [...api, ...tricks]) {
      const answer = await get(path);
      expect(answer.slice(0, 20), path).not.toMatch(/^HTTP\/1\.1 3/);
      expect(answer.split('\r\n\r\n')[0]?.toLowerCase(), path).not.toContain('\r\nlocation:');
    }
  });
});

test('a request is not sent back (TRACE), and no other page is let read an answer', async () => {
  const canary = 'X-Canary: not-to-be-echoed';
  const traced = (await sendRaw(app.port, [`TRACE / HTTP/1.1\r\n${head(canary, 'Connection: close')}`])).text;
  expect(traced).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(traced).not.toContain('not-to-be-echoed');
  for (const [method, origin] of [
    ['GET', 'https://evil.example'],
    ['GET', app.url],
    ['OPTIONS', 'https://evil.example'],
  ] as const) {
    const { headers } = await app.fetch('/api/v1/me', { method, headers: { origin } });
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  }
});

describe('other web pages', () => {
  const statusOf = async (headers: string[], method = 'POST') =>
    Number(
      (
        await sendRaw(app.port, [
          `${method} /api/v1/demo HTTP/1.1\r\n${['Connection: close', 'Content-Length: 0', ...headers, '', ''].join('\r\n')}`,
        ])
      ).text.slice(9, 12),
    );
  const host = () => `Host: 127.0.0.1:${app.port}`;

  test.each([
    ['an origin that is not ours', ['Origin: https://evil.example']],
    ['a page in a sandbox', ['Origin: null']],
    ['our name on another port', ['Origin: http://127.0.0.1:1']],
    ['a name that begins like ours', ['Origin: http://127.0.0.1.evil.example']],
    ['a site that says so itself', ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors']],
    ['a form on another page', ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate']],
  ])('change nothing: %s', async (_, headers) => expect(await statusOf([host(), ...headers])).toBe(403));

  test('reach nothing by a name bound to this machine', async () => {
    for (const name of ['evil.example', `evil.example:${app.port}`, '127.0.0.1.evil.example', '[::2]', ''])
      expect(await statusOf([`Host: ${name}`]), name).toBe(403);
  });

  test('open no live socket', async () => {
    const open = (headers: Record<string, string>) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${app.url.replace('http', 'ws')}/api/v1/live`, { headers });
        socket.on('error', () => {});
        socket.once('open', () => {
          socket.close();
          resolve(101);
        });
        socket.once('unexpected-response', (_, answer) =>
          resolve([answer.statusCode, answer.headers['x-content-type-options']]),
        );
      });
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1'])
      expect(await open({ origin }), origin).toEqual([403, 'nosniff']);
    expect(await open({ origin: app.url })).toBe(101);
    expect(await open({})).toBe(101);
  });
});
