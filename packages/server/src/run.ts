import type pg from 'pg';
import { startApp, type RunningApp } from './app.ts';
import { outgoingFor } from './services.platform.ts';
import { makeConfig, type Config } from './config/config.ts';
import { readEnv } from './config/env.ts';
import { startEmbedded } from './platform/db/embedded.ts';
import { createLogger } from './platform/logger.ts';
import { StartupError } from './platform/startupError.ts';

interface Backend {
  poolConfig: pg.PoolConfig;
  stop(): Promise<void>;
}

const openBackend = async (config: Config): Promise<Backend> =>
  config.databaseUrl
    ? { poolConfig: { connectionString: config.databaseUrl }, stop: async () => {} }
    : startEmbedded({ dataDir: config.dataDir, log: createLogger(config.logLevel) });

function explain(error: unknown, config: Config | undefined): StartupError | unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const at = config && `${config.host}:${config.port}`;
  if (code === 'EADDRINUSE') {
    return new StartupError(
      `Port ${config?.port} is taken by another program.`,
      'Stop that program, or set RAPPORT_PORT to a free port.',
    );
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new StartupError(
      `This machine does not let Rapport listen on ${at}.`,
      'Set RAPPORT_HOST and RAPPORT_PORT to an address it may use.',
    );
  }
  if (
    config?.databaseUrl &&
    (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === '28P01' || code === '3D000')
  ) {
    return new StartupError(
      'The database of DATABASE_URL cannot be used.',
      `Check its address, name and password: ${(error as Error).message}`,
    );
  }
  return error;
}

function stopOnSignals(app: RunningApp, backend: Backend) {
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    console.log(`${signal}: finishing running replies, then stopping`);
    await app.close();
    await backend.stop();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
}

/** Starts the server of this process and keeps it until a signal ends it. */
export async function run(): Promise<void> {
  let config: Config | undefined;
  let backend: Backend | undefined;
  try {
    config = makeConfig(readEnv());
    backend = await openBackend(config);
    const outgoing = outgoingFor(config);
    outgoing.bindProcess();
    const app = await startApp({ config, outgoing, database: backend.poolConfig });
    stopOnSignals(app, backend);
    console.log(`Rapport is ready: ${app.url}`);
  } catch (error) {
    await backend?.stop().catch(() => {});
    const known = explain(error, config);
    if (known instanceof StartupError) console.error(`${known.message}\n${known.wayOut}`);
    else console.error(known);
    process.exit(1);
  }
}
