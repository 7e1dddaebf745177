import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isPermission } from '@rapport/protocol/permissions';
import { Email } from '@rapport/protocol/members';
import { MessagePost } from '@rapport/protocol/sessions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeConfig } from '../config/config.ts';
import { newId } from '../platform/ids.ts';
import { defaultRules } from '../platform/limits/rules.ts';
import { lettersPerHour } from '../platform/mail/outbox.ts';
import { knownPasswords } from '../slices/identity/knownPasswords.ts';
import { freshMinutes, sessionDays } from '../slices/identity/logins.shared.ts';
import { contextWords } from '../slices/identity/passwordRules.ts';
import { entries } from '../slices/privacy/catalogue.ts';
import { archiveBytes } from '../slices/privacy/import.read.ts';
import { startTestApp, type TestApp } from './app.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const page = (name: string): string => readFileSync(`${root}docs/security/${name}.md`, 'utf8');
const source = globSync('packages/server/src/**/*.ts', { cwd: root })
  .filter((file) => !/\.(test|bench)\.ts$|\/test\//.test(file))
  .map((file): [string, string] => [file.replace('packages/server/src/', ''), readFileSync(root + file, 'utf8')]);
const naming = (pattern: RegExp): string[] =>
  source
    .filter(([, text]) => pattern.test(text))
    .map(([file]) => file)
    .sort();

let app: TestApp;
let asServer: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await app.json('PUT', '/api/v1/me/password', { password: 'correct horse battery' });
  asServer = await app.second({ localMode: false });
});
afterAll(async () => {
  await asServer.close();
  await app.close();
});

test('the page on signing in says the figures and the words that hold', () => {
  const text = page('authentication');
  const row = (name: string) => text.split('\n').find((line) => line.startsWith(`| ${name}`)) ?? '';
  expect(row('passwords and links from an address')).toContain(`| ${defaultRules.credentials.address} `);
  expect(row('letters to one address, an hour')).toContain(`| ${lettersPerHour} `);
  expect(row('without use')).toContain(`| ${makeConfig({}).idleMinutes} minutes`);
  expect(row('at most, however much')).toContain(`| ${sessionDays} days`);
  expect(row('after signing in, to change factors')).toContain(`| ${freshMinutes} minutes`);
  expect(text).toContain(`${knownPasswords} leaked passwords`);
  for (const word of contextWords) expect(text).toContain(`\`${word}\``);
});

test('the page on keys names every algorithm of the source', () => {
  const text = page('cryptography').toLowerCase().replaceAll('-', '');
  const used = source.flatMap(([, code]) => [
    ...[...code.matchAll(/create(?:Hash|Hmac|Sign)\('([\w-]+)'/g)].map(([, name]) => name ?? ''),
    ...[...code.matchAll(/'(aes-[\w-]+|argon2\w*|scrypt|ed25519|rsa|ec)'/g)].map(([, name]) => name ?? ''),
  ]);
  expect(new Set(used).size).toBeGreaterThanOrEqual(5);
  for (const name of new Set(used)) expect(text, name).toContain(name.replaceAll('-', ''));
});

test('the page on what is taken says the sizes that hold', () => {
  const text = page('validation');
  expect(text).toContain(`at most ${makeConfig({}).bodyLimit} bytes`);
  expect(text).toContain(`at most ${archiveBytes} bytes`);
  const [, most = ''] = /messages (\d+)/.exec(text) ?? [];
  expect(MessagePost.safeParse({ text: 'x'.repeat(Number(most)) }).success).toBe(true);
  expect(MessagePost.safeParse({ text: 'x'.repeat(Number(most) + 1) }).success).toBe(false);
  const [, address = ''] = /type=email`, at most (\d+)/.exec(text) ?? [];
  const domain = `${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}`;
  const ofLength = (length: number) => `${'a'.repeat(60)}@${domain}.${'e'.repeat(length - 250)}.com`;
  expect(ofLength(Number(address) + 8).length).toBeGreaterThan(Number(address));
  expect(Email.safeParse(ofLength(Number(address) + 8)).success).toBe(false);
  const reading = source.find(([file]) => file === 'slices/privacy/import.read.ts')?.[1] ?? '';
  const [, names = ''] = /names: \[([^\]]+)\]/.exec(reading) ?? [];
  for (const [, name = ''] of names.matchAll(/'([\w.]+)'/g)) expect(text).toContain(`\`${name}\``);
  const [, mib = '0'] = /fileBytes: (\d+) \* 1024 \* 1024/.exec(reading) ?? [];
  expect(text).toContain(`${Number(mib) * 1024 * 1024} bytes unpacked`);
});

test('the page on access lists what is open to everybody, all of it, and permissions that exist', async () => {
  const text = page('access');
  const { body } = await asServer.json('GET', '/api/openapi.json');
  const open: string[] = [];
  for (const [path, methods] of Object.entries(body.paths as Record<string, object>))
    for (const method of Object.keys(methods)) {
      const answer = await asServer.fetch(path.replaceAll(/\{\w+\}/g, newId()), {
        method: method.toUpperCase(),
        redirect: 'manual',
      });
      const told = await answer.text();
      // SCIM says so in its own words.
      const closed = answer.status === 401 && (told.includes('sign-in-required') || told.includes('scim'));
      if (!closed) open.push(`${method.toUpperCase()} ${path}`);
    }
  const listed = [...text.matchAll(/^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`/gm)].map(([, name]) => name);
  expect(listed.sort()).toEqual(open.sort());
  for (const [, name = ''] of text.matchAll(/whoever has `([\w.-]+)`/g)) expect(isPermission(name), name).toBe(true);
}, 60_000);

test('the page on logs names every place that the source writes to', () => {
  const text = page('logging');
  expect(naming(/appendFile|createWriteStream|writeFile/)).toEqual([
    // Sealed files, a backup, locks and passwords of the embedded database, the key file, what runs GGUF: no logs.
    'platform/audit/sinks.ts',
    'platform/blobs/folder.ts',
    'platform/db/backup/backup.ts',
    'platform/db/embedded.lock.ts',
    'platform/db/embedded.ts',
    'platform/keys/masterKeys.ts',
    'slices/inference/engines/gguf.library.ts',
    'slices/knowledge/worker.ts',
    'slices/privacy/ledger.ts',
  ]);
  for (const [, code] of source)
    for (const [, name = ''] of code.matchAll(/'([\w-]+\.(?:log|jsonl))'/g))
      if (name !== 'audit-checkpoints.jsonl') expect(text).toContain(name);
  for (const name of ['RAPPORT_AUDIT_FILE', 'RAPPORT_AUDIT_WEBHOOK', 'audit_entry']) expect(text).toContain(name);
});

test('the page on levels names every category of the catalogue', () => {
  const text = page('data-protection');
  for (const [, entry] of entries) if (entry.about !== 'nobody') expect(text).toContain(`\`${entry.category}\``);
});

test('the page on communication names all that opens connections', () => {
  const text = page('communication');
  expect(naming(/from 'undici'|'nodemailer'\)|from 'node:(https|tls|dns|dgram)'|\bconnect\(.*from 'node:net'/)).toEqual(
    ['platform/mail/mail.ts', 'platform/net/outgoing.ts', 'slices/inference/engines/http.ts'],
  );
  for (const one of [
    'database',
    'model providers',
    'OpenID providers',
    'mail server',
    'audit webhook',
    'npm registry',
    'master key',
  ])
    expect(text).toContain(one);
});

test('the page on parts and costly work says the figures that hold', () => {
  const text = page('dependencies');
  const { patience } = makeConfig({});
  expect(text).toContain(
    `A request may take ${patience.requestMs / 1000} s to arrive, its headers ${patience.headersMs / 1000} s`,
  );
  expect(text).toContain(`${archiveBytes / 1024 / 1024} MiB`);
  expect(text).toMatch(/critical and reachable +\| \d+ days/);
});
