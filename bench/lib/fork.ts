import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The upstream in a process of its own. */
export async function forkUpstream(): Promise<{ url: string; close(): void }> {
  const child = fork(fileURLToPath(new URL('./upstream.ts', import.meta.url)));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(String(message)));
    child.once('exit', () => reject(new Error('the upstream ended')));
  });
  return { url, close: () => void child.kill() };
}
