import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesFolder } from '../../platform/blobs/folder.ts';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { makeBase, type TestBase } from '../../test/knowledge.ts';

const requestMs = 1500;
let app: TestApp;
let base: TestBase;

beforeAll(async () => {
  app = await startTestApp({ config: { patience: { headersMs: 15_000, requestMs, lookEveryMs: 100 } } });
  base = await makeBase(app);
});
afterAll(() => app.close());

const boundary = 'a-boundary';
const opening = `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="Slow.txt"\r\n\r\n`;
const closing = `\r\n--${boundary}--\r\n`;

/** An upload whose parts the test sends when it likes, and all that came back. */
function begin(length: number, path = base.path) {
  const socket: Socket = connect(app.port, '127.0.0.1');
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: close',
    `Content-Type: multipart/form-data; boundary=${boundary}`,
    `Content-Length: ${opening.length + length + closing.length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${opening}`);
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString()));
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
  return { socket, answer };
}

const stored = async () => ({
  rows: (await app.db.everywhere.many(`select id from blob where state = 'writing'`)).length,
  files: (await readdir(filesFolder(app.config), { recursive: true })).filter((name) => /\/.*-/.test(name)).length,
});

test('an upload that goes on takes as long as it takes', async () => {
  const pieces = 50;
  const { socket, answer } = begin(pieces * 6);
  const began = performance.now();
  for (let sent = 0; sent < pieces; sent += 1) {
    await new Promise((resolve) => setTimeout(resolve, (2 * requestMs) / pieces));
    socket.write('slow. ');
  }
  socket.write(closing);
  expect(performance.now() - began).toBeGreaterThan(1.5 * requestMs);
  expect(await answer).toMatch(/^HTTP\/1\.1 202 /);
  await base.settled(1);
  expect((await base.search('slow')).map(({ title }) => title)).toEqual(['Slow']);
});

test('one that stands still ends, says so, and leaves nothing', async () => {
  const before = await stored();
  const { socket, answer } = begin(100_000_000);
  // Kept alive until some of it lies in the store of files.
  const sending = setInterval(() => socket.write('x'.repeat(10_000)), 100);
  await expect.poll(async () => (await stored()).rows, { timeout: 20_000 }).toBe(1);
  clearInterval(sending);
  expect(await answer).toMatch(/^HTTP\/1\.1 408 .*"code":"request-timeout"/is);
  await expect.poll(stored, { timeout: 20_000 }).toEqual(before);
});

test('one that was refused is not waited for, however it goes on', async () => {
  const { socket, answer } = begin(1_000_000, '/api/v1/knowledge-bases/00000000-0000-7000-8000-000000000000/documents');
  const sending = setInterval(() => socket.writable && socket.write('x'), 50);
  expect(await answer).toMatch(/^HTTP\/1\.1 404 /);
  clearInterval(sending);
});

test('a body under an address that is none is not waited for either', async () => {
  const { answer } = begin(1000, '/%c0%ae');
  expect(await answer).toMatch(/^HTTP\/1\.1 400 /);
});
