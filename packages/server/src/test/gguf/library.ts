import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGgufLibrary } from '../../slices/inference/engines/gguf.library.ts';

/** Says the words of the file instead of running it. */
export const fakeLibrary = fileURLToPath(new URL('./fakeLlama.ts', import.meta.url));

/** Kept between runs and by git ignored: the library is fetched once a version. */
const cache = resolve(import.meta.dirname, '../../../../../.cache');

/**
 * node-llama-cpp itself, installed as the server installs it. Where it cannot be, the run fails under CI; elsewhere the test
 * is skipped, and says why.
 */
export async function realLibrary(context: { skip(note: string): never }): Promise<string> {
  try {
    return await createGgufLibrary({ dataDir: cache, npm: null }).ensure();
  } catch (error) {
    if (process.env['CI']) throw error;
    const reason = `NOT TESTED with node-llama-cpp itself: ${(error as Error).message}`;
    console.warn(reason);
    return context.skip(reason);
  }
}

/**
 * A script to run instead of npm. `act` is the body of an async function that knows `at`, the folder to install into, `args`
 * and `put(path, text)`. It counts its runs in the file beside it. Returns its path.
 */
export function writeNpm(folder: string, act: string): string {
  const path = join(folder, 'npm.mjs');
  writeFileSync(
    path,
    `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
const args = process.argv.slice(2);
const at = args[args.indexOf('--prefix') + 1];
const put = (path, text) => { mkdirSync(dirname(join(at, path)), { recursive: true }); writeFileSync(join(at, path), text); };
appendFileSync(${JSON.stringify(`${path}.runs`)}, args.join(' ') + '\\n');
${act}
`,
  );
  return path;
}

/** What such a script does to install the fake library in about a second, a fifth of it at first. */
export const putFake = `put('node_modules/large.bin', Buffer.alloc(29_000_000));
await sleep(1200);
put('node_modules/node-llama-cpp/dist/index.js', 'export * from ${JSON.stringify(`file://${fakeLibrary}`).replaceAll("'", '')};');`;
