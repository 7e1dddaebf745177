import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startApp } from '../../app.ts';
import { startTestApp, type TestApp } from '../../test/app.ts';

const password = 'correct horse battery';
const visits: string[] = [];
let provider: Server;
let secret: Server;
let port: number;
let app: TestApp;

const listen = async (name: string, host: string, at: number) => {
  const server = createServer((request, response) => {
    visits.push(`${name} ${request.url?.split('?')[0]}`);
    const to = new URLSearchParams(request.url?.split('?')[1]).get('to');
    response.writeHead(to ? 307 : 404, to ? { location: to } : {});
    response.end();
  });
  server.listen(at, host);
  await once(server, 'listening');
  return server;
};

beforeAll(async () => {
  provider = await listen('provider', '127.0.0.1', 0);
  ({ port } = provider.address() as AddressInfo);
  secret = await listen('secret', '127.0.0.2', port);
});
afterAll(() => {
  for (const server of [provider, secret]) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(async () => {
  visits.length = 0;
  app = await startTestApp();
});
afterEach(() => app.close());

const tryOut = async (baseUrl: string) =>
  (await app.json('POST', '/api/v1/providers/test', { kind: 'openai', baseUrl, model: 'm' })).body;

test('on a server that others reach, this machine and its network are closed unless excepted', async () => {
  await app.json('PUT', '/api/v1/me/password', { password });
  for (const allowPrivate of [[], [`127.0.0.1:${port}`]]) {
    const config = { ...app.config, localMode: false, allowPrivate };
    const server = await startApp({ config, database: app.database });
    const send = (path: string, body: object, cookie = '') =>
      fetch(server.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: JSON.stringify(body),
      });
    try {
      const signedIn = await send('/api/v1/sign-in', { name: 'Olga', password });
      const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      const body = { kind: 'openai', baseUrl: `http://127.0.0.1:${port}/v1`, model: 'm' };
      const tried = (await (await send('/api/v1/providers/test', body, cookie)).json()) as Record<string, unknown>;
      if (allowPrivate.length === 0) {
        expect(tried).toMatchObject({ ok: false, fault: 'refused-address' });
        expect(tried['message']).toContain('RAPPORT_ALLOW_PRIVATE=127.0.0.1');
        expect(visits).toEqual([]);
      } else expect(visits).toEqual(['provider /v1/chat/completions']);
    } finally {
      await server.close();
    }
  }
});

test('that sends elsewhere is not followed, and its key goes nowhere', async () => {
  const to = `http://127.0.0.2:${port}/inside`;
  expect(await tryOut(`http://127.0.0.1:${port}/?to=${to}&x=`)).toMatchObject({ ok: false, fault: 'redirected' });
  expect(visits).toEqual(['provider /']);
});

test('on one’s own machine loopback is allowed, other private addresses not', async () => {
  expect((await tryOut(`http://127.0.0.1:${port}/v1`)).fault).toBe('not-found');
  expect((await tryOut('http://192.168.77.1:1/v1')).fault).toBe('refused-address');
  expect((await tryOut('http://169.254.169.254/v1')).message).toMatch(/never called/);
});
