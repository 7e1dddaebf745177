import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { diskFull, StartupError } from '../startupError.ts';
import { giveTo, type Account, type Engine } from './embedded.engine.ts';
import { isAlive } from './embedded.lock.ts';

export interface Postmaster {
  pid: number;
  /** The socket's folder, or the loopback address on Windows. */
  host: string;
  port: number;
  ready: boolean;
}

export interface Place {
  home: string;
  cluster: string;
  account: Account | undefined;
  engine: Engine;
}

const windows = process.platform === 'win32';
const socketPort = 5432;
/** The kernel's limit is 107 bytes for the whole path, on macOS 103. */
const longestSocketFolder = 103 - '/.s.PGSQL.5432'.length;
const startTimeout = 60_000;

/** What the running (or dead) server wrote about itself in postmaster.pid. */
function readPostmaster(cluster: string): Postmaster | undefined {
  const file = join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const [pid, , , port, folder, address, , status] = readFileSync(file, 'utf8').split('\n');
  if (!Number(pid)) return undefined;
  const host = (windows ? address : folder) ?? '';
  return { pid: Number(pid), host, port: Number(port), ready: status?.trim() === 'ready' };
}

/** A process id comes back after a restart of the machine or container: the command line tells whether it is our server. */
export function runsOn(cluster: string, pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(cluster);
    if (windows)
      return execFileSync('tasklist', ['/fi', `PID eq ${pid}`])
        .toString()
        .includes('postgres');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)])
      .toString()
      .includes(cluster);
  } catch {
    return false;
  }
}

/** The server a killed Rapport left behind on this cluster, once it answers; a stale trace of one is cleared away. */
export async function findOrphan(cluster: string): Promise<Postmaster | undefined> {
  const end = Date.now() + startTimeout;
  for (;;) {
    const found = readPostmaster(cluster);
    if (!found) return undefined;
    if (!runsOn(cluster, found.pid)) {
      rmSync(join(cluster, 'postmaster.pid'), { force: true });
      return undefined;
    }
    if (found.ready) return found;
    if (Date.now() > end) {
      throw new StartupError(
        `A database left by an earlier start (process ${found.pid}) neither answers nor ends.`,
        `Stop it with \`kill -QUIT ${found.pid}\` and start again; nothing stored is lost.`,
      );
    }
    await sleep(50);
  }
}

function socketFolder({ home, account }: Place): string {
  const near = join(home, 'socket');
  if (Buffer.byteLength(near) <= longestSocketFolder) {
    // A lock left beside the socket would stop the start when its process id has a new owner.
    rmSync(near, { recursive: true, force: true });
    mkdirSync(near, { mode: 0o700, recursive: true });
    giveTo(near, account);
    return near;
  }
  const far = mkdtempSync(join(account ? '/tmp' : tmpdir(), 'rapport-'));
  giveTo(far, account);
  return far;
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

const settings = {
  max_connections: '100',
  shared_buffers: '128MB',
  max_wal_size: '512MB',
  // A log file that is no longer needed is removed, not kept under a new name with what stands in it.
  wal_recycle: 'off',
  random_page_cost: '1.1',
  jit: 'off',
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  password_encryption: 'scram-sha-256',
};

async function address(place: Place): Promise<Record<string, string>> {
  if (windows) return { listen_addresses: '127.0.0.1', port: String(await freePort()) };
  return { listen_addresses: '', unix_socket_directories: socketFolder(place), port: String(socketPort) };
}

/** PostgreSQL must not see a caller's PGDATA or locale. */
export const programOptions = ({ home, account }: Pick<Place, 'home' | 'account'>) => ({
  cwd: home,
  ...(!windows && { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } }),
  ...(account && { uid: account.uid, gid: account.gid }),
});

function openLog(home: string): { file: string; fd: number; from: number } {
  const file = join(home, 'postgres.log');
  if (existsSync(file) && statSync(file).size > 5_000_000) truncateSync(file);
  const fd = openSync(file, 'a', 0o600);
  return { file, fd, from: statSync(file).size };
}

function explainFailure(place: Place, log: { file: string; from: number }): StartupError {
  const said = readFileSync(log.file).subarray(log.from).toString();
  if (/No space left on device|Disk quota exceeded/.test(said)) return diskFull(place.home);
  const reason = said.match(/(?:FATAL|PANIC): {2}(.*)/)?.[1] ?? said.trim().split('\n').at(-1) ?? '';
  return new StartupError(
    `The built-in database did not start: ${reason || 'it ended without a word'}.`,
    `Its log is ${log.file}.`,
  );
}

async function launchOnce(place: Place, log: { file: string; fd: number; from: number }) {
  const options = Object.entries({ ...settings, ...(await address(place)) });
  const child = spawn(
    join(place.engine.bin, windows ? 'postgres.exe' : 'postgres'),
    ['-D', place.cluster, ...options.flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    // Its own process group: Ctrl-C must reach only the server, which still has to write when it stops.
    { ...programOptions(place), detached: true, windowsHide: true, stdio: ['ignore', log.fd, log.fd] },
  );
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  child.unref();
  const end = Date.now() + startTimeout;
  while (child.exitCode === null && child.signalCode === null && !failure) {
    const found = readPostmaster(place.cluster);
    if (found?.ready && found.pid === child.pid) return { child, postmaster: found };
    if (Date.now() > end) child.kill('SIGQUIT');
    await sleep(10);
  }
  if (failure) {
    throw new StartupError(
      `The built-in database could not be run: ${failure.message}.`,
      'Set DATABASE_URL to a PostgreSQL (15 or later) of your own.',
      failure,
    );
  }
  return undefined;
}

/** Starts PostgreSQL and waits until it takes connections. */
export async function launch(place: Place): Promise<{ child: ChildProcess; postmaster: Postmaster }> {
  const log = openLog(place.home);
  try {
    // The last children of a killed postmaster hold its shared memory for a moment.
    for (let attempt = 1; ; attempt += 1) {
      const started = await launchOnce(place, log);
      if (started) return started;
      const failure = explainFailure(place, log);
      if (attempt === 20 || !/shared memory block/.test(failure.message)) throw failure;
      await sleep(250);
      log.from = statSync(log.file).size;
    }
  } finally {
    closeSync(log.fd);
  }
}

/** A fast shutdown: open transactions are rolled back and everything committed is on the disk. */
export async function halt(place: Place, { pid, host }: Postmaster): Promise<void> {
  const running = () => runsOn(place.cluster, pid);
  if (running()) {
    if (windows) execFileSync(join(place.engine.bin, 'pg_ctl.exe'), ['stop', '-D', place.cluster, '-m', 'fast']);
    else process.kill(pid, 'SIGINT');
  }
  for (let waited = 0; running(); waited += 20) {
    if (waited === 30_000 && !windows) process.kill(pid, 'SIGQUIT');
    if (waited > 40_000) throw new Error(`PostgreSQL (process ${pid}) did not stop`);
    await sleep(20);
  }
  if (!windows) rmSync(host, { recursive: true, force: true });
}
