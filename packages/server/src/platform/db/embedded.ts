import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { diskFull, explainDiskError, StartupError } from '../startupError.ts';
import type { Logger } from '../logger.ts';
import { withClient } from './client.ts';
import { canReach, chooseAccount, findEngine, giveTo, type Account } from './embedded.engine.ts';
import { lockDataDir } from './embedded.lock.ts';
import {
  findOrphan,
  halt,
  launch,
  programOptions,
  runsOn,
  type Place,
  type Postmaster,
} from './embedded.postmaster.ts';

export interface EmbeddedOptions {
  /** Made when missing. Everything the database needs lives below it. */
  dataDir: string;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

export interface EmbeddedPostgres {
  poolConfig: { host: string; port: number; user: string; password: string; database: string };
  /** Stops PostgreSQL (an adopted one too) and gives the data directory back. May be called twice. */
  stop(): Promise<void>;
}

const database = 'rapport';
const user = 'rapport';
const bytesForNew = 100 * 1024 * 1024;

/**
 * Starts PostgreSQL on `dataDir`, or takes over the one that a killed server left running there.
 * @throws {StartupError} with the way out, for everything a person can mend.
 */
export async function startEmbedded({ dataDir, log }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const root = resolve(dataDir);
  try {
    mkdirSync(root, { recursive: true });
    const release = await lockDataDir(root);
    try {
      return await startLocked(root, log, release);
    } catch (error) {
      release();
      throw error;
    }
  } catch (error) {
    throw explainDiskError(error, root);
  }
}

/** How to connect to the database that a server, or a killed one, has running on `dataDir`; undefined: none runs. */
export async function findRunning(dataDir: string): Promise<EmbeddedPostgres['poolConfig'] | undefined> {
  const folder = join(resolve(dataDir), 'postgres');
  if (!existsSync(folder)) return undefined;
  const place = openPlace(folder);
  const running = await findOrphan(place.cluster);
  if (!running) return undefined;
  const password = readFileSync(join(place.home, 'password'), 'utf8');
  return { host: running.host, port: running.port, user, password, database };
}

async function startLocked(root: string, log: EmbeddedOptions['log'], release: () => void): Promise<EmbeddedPostgres> {
  const place = existsSync(join(root, 'postgres')) ? openPlace(join(root, 'postgres')) : await makePlace(root, log);
  const orphan = await findOrphan(place.cluster);
  if (orphan) {
    log.info(`taking over the database that an earlier start left running (process ${orphan.pid})`);
    const adopted = await serve(place, orphan, release).catch((error: unknown) => {
      // It may have been killed together with its server and only now be gone.
      if (runsOn(place.cluster, orphan.pid)) throw error;
    });
    if (adopted) return adopted;
  }
  const { child, postmaster } = await launch(place);
  let wanted = false;
  child.once('exit', (code) => {
    const where = join(place.home, 'postgres.log');
    if (!wanted) log.error(`the database ended by itself (exit code ${code}); its log is ${where}`);
  });
  const served = await serve(place, postmaster, release);
  const stop = () => {
    wanted = true;
    return served.stop();
  };
  return { ...served, stop };
}

async function serve(place: Place, postmaster: Postmaster, release: () => void): Promise<EmbeddedPostgres> {
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= halt(place, postmaster).finally(release));
  try {
    return { poolConfig: await openFirst(place, postmaster), stop };
  } catch (error) {
    if (runsOn(place.cluster, postmaster.pid)) await halt(place, postmaster);
    throw error;
  }
}

/** The database is made at the first connection, so that a start cut short before it is made whole by the next one. */
async function openFirst(place: Place, { host, port }: Postmaster): Promise<EmbeddedPostgres['poolConfig']> {
  const config = { host, port, user, password: readFileSync(join(place.home, 'password'), 'utf8'), database };
  const exists = await withClient(config, async () => true).catch((error: unknown) => {
    if (error instanceof pg.DatabaseError && error.code === '3D000') return false;
    throw error;
  });
  if (!exists)
    await withClient({ ...config, database: 'postgres' }, (client) => client.query(`create database ${database}`));
  return config;
}

function openPlace(folder: string): Place {
  const home = realpathSync(folder);
  const cluster = join(home, 'cluster');
  if (!existsSync(join(cluster, 'PG_VERSION')) || !existsSync(join(home, 'password'))) {
    throw new StartupError(
      `The database in ${folder} is incomplete.`,
      'Restore that folder from a backup, or move it away to begin with an empty database.',
    );
  }
  const account = chooseAccount(cluster);
  const engine = findEngine(home, account);
  const major = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (Number(major) !== engine.major) {
    throw new StartupError(
      `The database in ${folder} was made by PostgreSQL ${major}, and this Rapport carries PostgreSQL ${engine.major}.`,
      `Start it with the Rapport that made it, or restore a backup of it into a PostgreSQL of your own and set DATABASE_URL; move the folder away to begin with an empty one.`,
    );
  }
  return { home, cluster, account, engine };
}

/** A new database is built beside its place and renamed when it is whole: an interrupted start leaves nothing half-made. */
async function makePlace(root: string, log: EmbeddedOptions['log']): Promise<Place> {
  const final = join(root, 'postgres');
  const fresh = `${final}.new`;
  if (lstatSync(fresh, { throwIfNoEntry: false })) {
    log.warn('clearing away a database whose making was interrupted');
    if (lstatSync(fresh).isSymbolicLink() && existsSync(fresh))
      rmSync(realpathSync(fresh), { recursive: true, force: true });
    rmSync(fresh, { recursive: true, force: true });
  }
  log.info('making the database (once, about a second)');
  const account = chooseAccount(undefined);
  makeHome(root, fresh, account, log);
  try {
    await initialise(fresh, account);
  } catch (error) {
    rmSync(realpathSync(fresh), { recursive: true, force: true });
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
  renameSync(fresh, final);
  return openPlace(final);
}

function makeHome(root: string, fresh: string, account: Account | undefined, log: EmbeddedOptions['log']): void {
  if (account) chmodSync(root, statSync(root).mode | 0o011);
  let home = fresh;
  if (account && !canReach(realpathSync(root), account)) {
    home = join('/var/lib/rapport', randomBytes(6).toString('hex'));
    mkdirSync('/var/lib/rapport', { recursive: true, mode: 0o755 });
    symlinkSync(home, fresh);
    log.warn(
      `PostgreSQL runs as the user ${account.name}, who may not enter ${root}, so the database is kept in ${home} (${join(root, 'postgres')} links to it)`,
    );
  }
  mkdirSync(home, { mode: 0o711 });
  const { bavail, bsize } = statfsSync(home);
  if (bavail * bsize < bytesForNew) {
    rmSync(home, { recursive: true });
    rmSync(fresh, { force: true });
    throw diskFull(root);
  }
}

async function initialise(folder: string, account: Account | undefined): Promise<void> {
  const home = realpathSync(folder);
  const engine = findEngine(home, account);
  const cluster = join(home, 'cluster');
  const password = randomBytes(24).toString('base64url');
  const forInitdb = join(home, 'initdb.password');
  mkdirSync(cluster, { mode: 0o700 });
  giveTo(cluster, account);
  writeFileSync(forInitdb, password, { mode: 0o600 });
  giveTo(forInitdb, account);
  const { code, output } = await runProgram(
    join(engine.bin, process.platform === 'win32' ? 'initdb.exe' : 'initdb'),
    [
      ...[
        '-D',
        cluster,
        '-U',
        user,
        '-A',
        'scram-sha-256',
        `--pwfile=${forInitdb}`,
        '--encoding=UTF8',
        '--no-instructions',
      ],
      // Sorting and letters by Unicode, the same on every machine and in every release of its C library.
      ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ],
    { home, account },
  );
  if (/No space left on device|Disk quota exceeded/.test(output)) throw diskFull(dirname(folder));
  if (code !== 0) {
    const reason = output.match(/(?:FATAL: {2}|error: )(.*)/)?.[1] ?? output.trim().split('\n').at(-1);
    throw new StartupError(
      `The database could not be made: ${reason}.`,
      'Mend that and start again (nothing was kept), or set DATABASE_URL to a PostgreSQL (15 or later) of your own.',
    );
  }
  rmSync(forInitdb);
  writeFileSync(join(home, 'password'), password, { mode: 0o600 });
}

function runProgram(
  program: string,
  args: string[],
  place: Pick<Place, 'home' | 'account'>,
): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    let output = '';
    const child = spawn(program, args, {
      ...programOptions(place),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    child.once('error', (error) => done({ code: 1, output: error.message }));
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}
