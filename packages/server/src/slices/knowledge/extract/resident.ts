import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const run = (program: string, args: string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: 2000 }, (error, stdout) => resolve(error ? '' : stdout));
  });

/** The memory that a process holds, in bytes; 0 where it is gone or nothing can be known. */
export async function residentBytes(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  }
  if (process.platform === 'win32') {
    const line = await run('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']);
    return Number(/"([^"]*)"\s*$/.exec(line)?.[1]?.replaceAll(/\D/g, '') ?? 0) * 1024;
  }
  return Number((await run('ps', ['-o', 'rss=', '-p', String(pid)])).trim() || 0) * 1024;
}
