import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../startupError.ts';

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/**
 * A process id alone is not enough: in a container the same few ids come back at every start, so that a lock left by a
 * killed server would look held.
 */
function identityOf(pid: number): string {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A killed process that nobody has reaped yet still has its entry.
      return fields[0] === 'Z' ? 'dead' : `${boot}/${fields[19]}`;
    }
    if (process.platform !== 'win32')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)])
        .toString()
        .trim();
  } catch {
    // Neither /proc nor ps: the process id has to do.
  }
  return '';
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const holderOf = (content: string): number | undefined => {
  const [id = '', identity = ''] = content.split('\n');
  const pid = Number(id);
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) && identityOf(pid) === identity ? pid : undefined;
};

const create = (file: string, content: string): boolean => {
  try {
    writeFileSync(file, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
};

const taken = (dataDir: string, pid: number | undefined) =>
  new StartupError(
    `Rapport is already running on ${dataDir}${pid ? ` (process ${pid})` : ''}.`,
    'Use the one that runs, stop it first, or set RAPPORT_DATA_DIR (and RAPPORT_PORT) to start a second, separate one.',
  );

/** Takes the data directory for this process; the returned function gives it back. */
export async function lockDataDir(dataDir: string): Promise<() => void> {
  const file = join(dataDir, 'server.lock');
  const mine = `${process.pid}\n${identityOf(process.pid)}\n`;
  const release = () => {
    if (read(file) === mine) rmSync(file, { force: true });
  };
  if (create(file, mine)) return release;
  // The file may have been made a moment ago and not yet be written.
  if (!read(file).endsWith('\n')) await sleep(100);
  const holder = holderOf(read(file));
  if (holder) throw taken(dataDir, holder);
  rmSync(file, { force: true });
  if (!create(file, mine)) throw taken(dataDir, holderOf(read(file)));
  // Two starts may both have found the same dead lock; the one whose file was replaced steps back.
  await sleep(50);
  if (read(file) !== mine) throw taken(dataDir, holderOf(read(file)));
  return release;
}
