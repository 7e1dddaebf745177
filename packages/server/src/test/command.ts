import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestApp } from './app.ts';

const main = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url));

/** A command of `rapport` as it is run by hand, on the test's database. */
export function runCommand(
  { database: { host, port, user, password, database }, config }: TestApp,
  args: string[],
  more: Record<string, string> = {},
): Promise<{ code: number; out: string }> {
  const url = `postgresql://${user}:${encodeURIComponent(String(password))}@localhost:${port}/${database}?host=${encodeURIComponent(host ?? '')}`;
  const env = { ...process.env, DATABASE_URL: url, RAPPORT_DATA_DIR: config.dataDir, ...more };
  return new Promise((done) =>
    execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
    ),
  );
}
