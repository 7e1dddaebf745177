import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbedded } from '../platform/db/embedded.ts';
import { prepareDatabase } from '../platform/db/prepare.ts';

export interface TestDatabase {
  host: string;
  port: number;
  user: string;
  password: string;
  template: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    database: TestDatabase;
  }
}

const template = 'rapport_template';

interface Server {
  connection: Omit<TestDatabase, 'template'>;
  stop(): Promise<void>;
}

function ofUrl(text: string): Server {
  const url = new URL(text);
  const host = url.searchParams.get('host') ?? url.hostname;
  const connection = {
    host,
    port: Number(url.port || url.searchParams.get('port') || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  return { connection, stop: async () => {} };
}

async function ofEmbedded(): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rapport-test-'));
  const quiet = { info: () => {}, warn: console.warn, error: console.error };
  const embedded = await startEmbedded({ dataDir, log: quiet });
  return {
    connection: embedded.poolConfig,
    async stop() {
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** One PostgreSQL for the whole run, one migrated template; every test file clones it. */
export default async function setup(project: TestProject) {
  const url = process.env['RAPPORT_TEST_DATABASE_URL'];
  const server = url ? ofUrl(url) : await ofEmbedded();
  const admin = new pg.Client({ ...server.connection, database: 'postgres' });
  await admin.connect();
  await admin.query(`drop database if exists ${template}`);
  await admin.query(`create database ${template}`);
  await prepareDatabase({ ...server.connection, database: template });
  await admin.end();
  project.provide('database', { ...server.connection, template });
  return server.stop;
}
