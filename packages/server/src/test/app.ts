import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { startApp, type RunningApp } from '../app.ts';
import { outgoingFor, type AppOptions } from '../services.platform.ts';
import { makeConfig, type Config } from '../config/config.ts';
import { createAudit, type Audit } from '../platform/audit/audit.ts';
import { openDatabase, type Database } from '../platform/db/db.ts';
import { encryptingCodec } from '../platform/keys/codec.ts';
import { createKeyring, type Keyring } from '../platform/keys/keyring.ts';
import { loadMasterKeys } from '../platform/keys/masterKeys.ts';
import { createLogger } from '../platform/logger.ts';

export interface TestApp {
  url: string;
  port: number;
  /** As the owner of the tables, above row-level security: a test looks at everything. */
  db: Database;
  keyring: Keyring;
  /** The same log, written and read beside the server. */
  audit: Audit;
  config: Config;
  /** For a second server on the same database. */
  database: pg.PoolConfig;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends `body` as JSON and reads the answer as JSON, or as text where it is none. */
  json(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test reads what the server sent; the assertions are its types
  ): Promise<{ status: number; body: any; headers: Headers }>;
  /** Another server on the same database; `more` overrides its configuration. */
  second(more?: Partial<Config>, parts?: Parts): Promise<TestApp>;
  close(): Promise<void>;
}

export interface TestOptions {
  /** Set the organisation up, with the reference engine. Default true. */
  setUp?: boolean;
  /** An OpenAI-compatible upstream to make the default provider. */
  upstream?: { url: string; model: string };
  config?: Partial<Config>;
  /** In place of the server's own. */
  parts?: Parts;
}

type Parts = Pick<AppOptions, 'clock' | 'extractor' | 'files' | 'questionMs'>;

/** A server of its own on a database of its own, cloned from the template. */
export async function startTestApp(options: TestOptions = {}): Promise<TestApp> {
  const { template, ...connection } = inject('database');
  const name = `t_${randomBytes(8).toString('hex')}`;
  const admin = new pg.Client({ ...connection, database: 'postgres' });
  await admin.connect();
  await admin.query(`create database ${name} template ${template}`);
  const dataDir = await mkdtemp(join(tmpdir(), 'rapport-app-'));
  const database = { ...connection, database: name };
  const config: Config = { ...makeConfig({}), port: 0, dataDir, logLevel: 'silent', webRoot: null, ...options.config };
  const app = await open(config, database, options.parts);
  const closed = app.close;
  app.close = async () => {
    await closed();
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.end();
    await rm(dataDir, { recursive: true, force: true });
  };
  if (options.setUp !== false) await setUp(app, options.upstream);
  return app;
}

async function setUp(app: TestApp, upstream: TestOptions['upstream']) {
  const provider = upstream ? { kind: 'openai', baseUrl: `${upstream.url}/v1`, model: upstream.model } : null;
  const { status, body } = await app.json('POST', '/api/v1/setup', {
    ownerName: 'Olga',
    organisation: 'Test House',
    provider,
  });
  if (status !== 201) throw new Error(`setup answered ${status}: ${JSON.stringify(body)}`);
}

async function open(config: Config, database: pg.PoolConfig, parts: Parts = {}): Promise<TestApp> {
  const running: RunningApp = await startApp({ config, database, ...parts });
  const keyring = createKeyring(await loadMasterKeys(config));
  const db = openDatabase({ ...database, max: 2 }, encryptingCodec(keyring, config));
  const request = (path: string, init: RequestInit = {}) => fetch(running.url + path, init);
  return {
    url: running.url,
    port: running.port,
    db,
    keyring,
    audit: createAudit({ db, config, outgoing: outgoingFor(config), log: createLogger('silent') }),
    config,
    database,
    fetch: request,
    async json(method, path, body, headers = {}) {
      const init: RequestInit = {
        method,
        redirect: 'manual',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      };
      if (body !== undefined) init.body = JSON.stringify(body);
      const response = await request(path, init);
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json');
      return { status: response.status, body: isJson && text ? JSON.parse(text) : text, headers: response.headers };
    },
    second: (more = {}, others = parts) => open({ ...config, ...more }, database, others),
    async close() {
      await running.close();
      await db.close();
    },
  };
}

/** A published persona; `more` overrides its fields. Returns its id. */
export async function makePersona(app: TestApp, more: object = {}): Promise<string> {
  const { body } = await app.json('POST', '/api/v1/personas', {
    name: 'Mira',
    role: 'wellbeing coach',
    instructions: 'Listen, ask, encourage.',
    ...more,
  });
  const published = await app.json('POST', `/api/v1/personas/${body.id}/publish`);
  if (published.status >= 300)
    throw new Error(`publish answered ${published.status}: ${JSON.stringify(published.body)}`);
  return body.id;
}

export interface TestSession {
  id: string;
  roomId: string;
  /** Bearer header of the client. */
  client: { authorization: string };
}

/** A session with a client who has accepted an invitation. */
export async function makeSession(app: TestApp, personaId: string, more: object = {}): Promise<TestSession> {
  const { body: session } = await app.json('POST', '/api/v1/sessions', { personaId, ...more });
  const { body: invitation } = await app.json('POST', `/api/v1/sessions/${session.id}/invitations`, {});
  const { body: accepted } = await app.json('POST', `/api/v1/invitations/${invitation.token}/accept`, {
    alias: 'Robin',
  });
  return { id: session.id, roomId: session.roomId, client: { authorization: `Bearer ${accepted.accessToken}` } };
}
