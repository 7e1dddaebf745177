import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { newId, newToken } from '../platform/ids.ts';
import { startApp } from '../app.ts';
import { startTestApp, type TestApp } from './app.ts';
import { sendRaw } from './raw.ts';

const raw = async (text: string): Promise<string> => (await sendRaw(app.port, [text])).text;

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const sources = (pattern: string): [string, string][] =>
  globSync(pattern, { cwd: root })
    .filter((file) => !/\.(test|bench)\.tsx?$|\/test\//.test(file))
    .map((file) => [file.replaceAll('\\', '/'), readFileSync(root + file, 'utf8')]);
const server = [...sources('packages/server/src/**/*.ts'), ...sources('packages/cli/src/**/*.ts')];
const matching = (files: [string, string][], pattern: RegExp): string[] =>
  files.filter(([, text]) => pattern.test(text)).map(([file]) => file.replace('packages/server/src/', ''));

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

test('hashes are SHA-256 and ciphers AES-256-GCM: no other is named in the source', () => {
  const named = server.flatMap(([file, text]) =>
    [...text.matchAll(/create(?:Hash|Hmac|Sign)\('([\w-]+)'/g)].map(([, name]) => `${name} in ${file}`),
  );
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((one) => !one.startsWith('sha256 '))).toEqual([]);
  expect(matching(server, /md5|sha-?1\b/i)).toEqual([]);
  expect(matching(server, /create(Cipher|Decipher)iv\((?!algorithm)/)).toEqual([]);
});

test('programs are started without a shell, with their arguments as a list', () => {
  expect(matching(server, /from 'node:child_process'/).sort()).toEqual([
    'platform/db/embedded.lock.ts',
    'platform/db/embedded.postmaster.ts',
    'platform/db/embedded.ts',
    'platform/keys/masterKeys.ts',
    'slices/inference/engines/gguf.library.ts',
    'slices/inference/engines/gguf.process.ts',
    'slices/knowledge/extract/reader.ts',
    'slices/knowledge/extract/resident.ts',
  ]);
  expect(matching(server, /import \{[^}]*\bexec(Sync)?\b[^}]*\} from 'node:child_process'/)).toEqual([]);
  // Windows starts npm, a script there, no other way; its arguments are constants.
  expect(matching(server, /shell: (?!false|boolean)/)).toEqual(['slices/inference/engines/gguf.library.ts']);
});

test('certificates are checked: nothing turns that off', () => {
  expect(matching(server, /rejectUnauthorized|NODE_TLS_REJECT|checkServerIdentity/)).toEqual([]);
});

test('expressions are not made of what people write', () => {
  // Of constants, or of what was escaped; a new place is to be looked at before it stands here.
  expect(matching(server, /new RegExp\(/).sort()).toEqual([
    'platform/blobs/s3.ts',
    'slices/insights/summary.ts',
    'slices/knowledge/extract/detect.ts',
    'slices/knowledge/extract/formats/data.ts',
    'slices/knowledge/reference.ts',
    'slices/knowledge/stem.ts',
    'slices/memory/contradictions.ts',
    'slices/personas/titles.ts',
    'slices/privacy/deid/deidentify.ts',
    'slices/privacy/deid/names.ts',
    'slices/privacy/deid/patterns.ts',
    'slices/supervision/risk/words.ts',
  ]);
});

test('password fields are masked, known to password managers, and take what is pasted', () => {
  const pages = sources('packages/web/src/**/*.tsx');
  const fields = pages.flatMap(([file, text]) =>
    [...text.matchAll(/<(?:input|Input|TextField)\b[^]*?\/>/g)].map(([tag]) => [file, tag] as const),
  );
  // One component holds them all; the pages name what they ask for.
  const [, field = ''] = pages.find(([file]) => file.endsWith('/PasswordField.tsx')) ?? [];
  expect(field).toMatch(/type=(\{[^}]*)?["']password["']/);
  expect(field).toMatch(/autoComplete=/);
  expect(field).toMatch(/current-password/);
  expect(field).not.toMatch(/onPaste|onCopy|readOnly/);
  expect(pages.filter(([, text]) => /<PasswordField\b/.test(text)).length).toBeGreaterThanOrEqual(5);
  const byHand = fields.filter(
    ([file, tag]) => !file.endsWith('/PasswordField.tsx') && /autoComplete="(current|new)-password"/.test(tag),
  );
  expect(byHand).toEqual([]);
  for (const [file, tag] of fields.filter(
    ([file, tag]) => !file.endsWith('/PasswordField.tsx') && /type="password"/.test(tag),
  ))
    expect(tag, file).toMatch(/autoComplete="(current-password|new-password|off)"/);
});

test('what must not be guessed comes from the system’s generator, with 128 bits at least', () => {
  const dice = vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const tokens = Array.from({ length: 200 }, newToken);
  const ids = Array.from({ length: 200 }, newId);
  dice.mockRestore();
  expect(new Set(tokens).size).toBe(200);
  expect(new Set(ids).size).toBe(200);
  for (const token of tokens) expect(Buffer.from(token, 'base64url').length * 8).toBeGreaterThanOrEqual(128);
});

test('seeds, recovery codes and logins come from it, too; a recovery code has more than 20 bits', async () => {
  await app.json('PUT', '/api/v1/me/password', { password: 'correct horse battery' });
  const dice = vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const seen = new Set<string>();
  for (let at = 0; at < 3; at += 1) {
    const { headers } = await app.json('POST', '/api/v1/sign-in', { name: 'Olga', password: 'correct horse battery' });
    const cookie = (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    seen.add(cookie);
    const { body } = await app.json(
      'POST',
      '/api/v1/auth/two-factor/enable',
      { password: 'correct horse battery' },
      { cookie },
    );
    const key = new URL(body.totpURI).searchParams.get('secret') ?? '';
    // Base32: five bits a letter.
    expect(key.length * 5).toBeGreaterThanOrEqual(128);
    seen.add(key);
    for (const code of body.backupCodes as string[]) {
      expect(code).toMatch(/^[\w-]{10,}$/);
      seen.add(code);
    }
  }
  dice.mockRestore();
  expect(seen.size).toBe(3 * 12);
});

test('every operation refuses what another page causes; only a link to a page may come from elsewhere', async () => {
  const { body } = await app.json('GET', '/api/openapi.json');
  const operations = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, newId())] as const),
  );
  expect(operations.length).toBeGreaterThan(100);
  // fetch itself sets these headers, so the requests are written by hand.
  const ask = async (method: string, path: string, mode: string) => {
    const head = [
      `${method} ${path} HTTP/1.1`,
      'host: localhost',
      'connection: close',
      'sec-fetch-site: cross-site',
      `sec-fetch-mode: ${mode}`,
    ];
    return Number(/^HTTP\/1.1 (\d+)/.exec(await raw(`${head.join('\r\n')}\r\ncontent-length: 0\r\n\r\n`))?.[1]);
  };
  for (const [method, path] of operations) {
    expect(await ask(method, path, 'no-cors'), `${method} ${path}`).toBe(403);
    if (method !== 'GET') expect(await ask(method, path, 'navigate'), `${method} ${path}`).toBe(403);
  }
}, 60_000);

test('a request whose length is said twice, or in two ways, reaches no route', async () => {
  const body = '{"name":"Smuggled"}';
  const smuggled = `GET /api/v1/me HTTP/1.1\r\nhost: localhost\r\n\r\n`;
  const heads = [
    'transfer-encoding: chunked\r\ncontent-length: 5',
    'content-length: 5\r\ntransfer-encoding: chunked',
    `content-length: ${body.length}\r\ncontent-length: 5`,
    'transfer-encoding: xchunked',
    'transfer-encoding: chunked, identity',
    'transfer-encoding : chunked',
  ];
  for (const head of heads) {
    const answer = await raw(
      `POST /api/v1/teams HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${head}\r\n\r\n0\r\n\r\n${smuggled}`,
    );
    expect(answer.match(/^HTTP\/1.1 (\d+)/)?.[1], head).toBe('400');
    expect(answer.match(/HTTP\/1\.1 /g), head).toHaveLength(1);
  }
});

test('what comes in is decoded once: what looks encoded inside stays as it is', async () => {
  const name = '%41 %2541 &amp;lt; \\u0041 +';
  const made = await app.json('POST', '/api/v1/teams', { name });
  expect(made.body.name).toBe(name);
  const found = await app.json('GET', `/api/v1/clients?q=${encodeURIComponent('%2541')}`);
  expect([found.status, found.body.items]).toEqual([200, []]);
  // Decoded twice it would be the id of the team.
  const twice = [...(made.body.id as string)].map((each) => `%25${each.charCodeAt(0).toString(16)}`).join('');
  expect((await app.json('PATCH', `/api/v1/teams/${twice}`, { name: 'Renamed' })).status).toBe(400);
});

test('what is refused is written down with its kind, route and asker, once a minute, and nothing of what was sent', async () => {
  const lines: string[] = [];
  const logged = await startApp({
    config: { ...app.config, logLevel: 'info', rateLimits: { ...app.config.rateLimits, when: 'off' } },
    database: app.database,
    logTo: { write: (line: string) => void lines.push(line) },
  });
  const ask = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
    (
      await fetch(`${logged.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
    ).status;
  for (let at = 0; at < 3; at += 1) {
    expect(await ask('/api/v1/roles', { nme: 'zq-canary-body' })).toBe(400);
    expect(await ask('/api/v1/roles', {}, { origin: 'https://zq-canary-origin.example' })).toBe(403);
    expect(await ask('/api/v1/roles', {}, { authorization: 'Bearer zq-canary-token' })).toBe(401);
  }
  await logged.close();
  const refused = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'refused');
  expect(refused.map(({ code, route }) => `${String(code)} ${String(route)}`).sort()).toEqual([
    'foreign-origin /api/v1/roles',
    'invalid-body /api/v1/roles',
    'sign-in-required /api/v1/roles',
  ]);
  expect(lines.join()).not.toMatch(/canary/);
});
