import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';

const script = 'export const answer = 42;\n'.repeat(100);
let app: TestApp;
let webRoot: string;

beforeAll(async () => {
  webRoot = await mkdtemp(join(tmpdir(), 'rapport-web-'));
  await mkdir(join(webRoot, 'assets'));
  for (const [file, text] of [
    ['index.html', '<!doctype html><title>Rapport</title>'],
    ['assets/a-1.js', script],
  ] as const) {
    await writeFile(join(webRoot, file), text);
    await writeFile(join(webRoot, `${file}.br`), brotliCompressSync(text));
    await writeFile(join(webRoot, `${file}.gz`), gzipSync(text));
  }
  app = await startTestApp({ config: { webRoot } });
});
afterAll(async () => {
  await app.close();
  await rm(webRoot, { recursive: true });
});

const get = (path: string, headers: Record<string, string>) => fetch(app.url + path, { headers });

test.each([
  ['br', 'br'],
  ['gzip', 'gzip'],
  ['identity', null],
])('a browser that takes %s gets the file so, and the same text', async (takes, sent) => {
  const response = await get('/assets/a-1.js', { 'accept-encoding': takes });
  expect(response.headers.get('content-encoding')).toBe(sent);
  expect(response.headers.get('content-type')).toMatch(/javascript/);
  expect(response.headers.get('cache-control')).toContain('immutable');
  expect(await response.text()).toBe(script);
});

test('every address of the application opens its page, compressed and never kept without asking', async () => {
  const response = await get('/sessions/some-id', { accept: 'text/html', 'accept-encoding': 'gzip' });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect(response.headers.get('cache-control')).toBe('no-cache');
  expect(await response.text()).toContain('<title>Rapport</title>');
});

test.each(['/../package.json', '/%2e%2e/package.json', '/assets/..%2f..%2fpackage.json', '/assets/%5c..%5cx'])(
  'nothing outside the folder is served: %s',
  async (path) => {
    const response = await get(path, {});
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  },
);
