import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GgufLibrary } from '@rapport/protocol/inference';
import { explainNpm, InstallFailed, noSpace } from './gguf.npm.ts';

export { InstallFailed };

const name = 'node-llama-cpp';
const version = '3.22.1';
/** Of the library with one build, on Linux: packed, and what is on the disk at the end of an installation, unpacked too. */
const downloadBytes = 66_000_000;
const writtenBytes = 145_000_000;
const neededBytes = 400_000_000;
const limitMs = 15 * 60_000;
const measureMs = 500;

/** The plain build of each platform. Left to itself npm fetches those for graphics cards too: 700 MB. */
const builds: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'mac-x64',
  'darwin-arm64': 'mac-arm64-metal',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
};

/** The packages of this machine. Throws InstallFailed where there are none. */
function packagesHere(): string[] {
  // Looking up the names of open connections could take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const musl = process.platform === 'linux' && report.header?.glibcVersionRuntime === undefined;
  const build = builds[`${process.platform}-${process.arch}`];
  if (build && !musl) return [`${name}@${version}`, `@${name}/${build}@${version}`];
  throw new InstallFailed(
    `There is no ready-made ${name} for this machine (${process.platform}-${process.arch}${musl ? ', musl' : ''}). Run the model with Ollama or llama.cpp’s own server, and add that.`,
  );
}

/** npm may lie beside Node; otherwise it is the one of PATH. */
function npmHere(configured: string | null): { program: string; first: string[]; shell: boolean } {
  const here = dirname(process.execPath);
  const script = configured?.match(/[.][cm]?[jt]s$/) ? configured : undefined;
  const beside = [
    join(here, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(here, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const cli = script ?? (configured ? undefined : beside.find((path) => existsSync(path)));
  if (cli) return { program: process.execPath, first: [cli], shell: false };
  return { program: configured ?? 'npm', first: [], shell: process.platform === 'win32' };
}

export interface GgufLibrarySettings {
  dataDir: string;
  /** The npm to run; null: the one beside Node or of PATH. */
  npm: string | null;
}

export type LibraryOfGguf = ReturnType<typeof createGgufLibrary>;

/**
 * The library that runs models from files: large and of use to few, so it is put into the data directory when somebody
 * chooses such a model. A folder with its version in the name is whole or is not there.
 */
export function createGgufLibrary({ dataDir, npm }: GgufLibrarySettings) {
  const home = join(dataDir, 'engines', 'gguf');
  const folder = join(home, version);
  const entryIn = (at: string) => join(at, 'node_modules', name, 'dist', 'index.js');
  const entry = entryIn(folder);
  let running: Promise<string> | null = null;
  let child: ChildProcess | null = null;
  let percent = 0;
  let failure: string | null = null;

  const runNpm = (at: string, packages: string[]) =>
    new Promise<void>((resolve, reject) => {
      const { program, first, shell } = npmHere(npm);
      const options = ['--no-save', '--ignore-scripts', '--omit=optional', '--omit=dev', '--omit=peer', '--no-audit'];
      const network = ['--no-fund', '--no-package-lock', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'];
      // A start by npm leaves settings in the environment that would lead this one elsewhere; the folder is named outright.
      const places = ['--prefix', at, '--cache', join(at, '.npm'), '--fetch-timeout=60000', '--loglevel=error'];
      const args = [...first, 'install', ...options, ...network, ...places, ...packages];
      const started = spawn(program, args, { cwd: at, shell, stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs });
      child = started;
      let said = '';
      const listen = (data: Buffer) => (said = (said + data.toString()).slice(-20_000));
      started.stdout.on('data', listen);
      started.stderr.on('data', listen);
      started.once('error', (error) => reject(explainNpm(error.message, home)));
      started.once('close', (code) => (code === 0 ? resolve() : reject(explainNpm(said, home))));
    });

  const measure = (at: string) => {
    let busy = false;
    return setInterval(() => {
      if (busy) return;
      busy = true;
      void sizeOf(at)
        .then((bytes) => (percent = Math.min(99, Math.round((bytes / writtenBytes) * 100))))
        .finally(() => (busy = false));
    }, measureMs);
  };

  const install = async (): Promise<string> => {
    const packages = packagesHere();
    const at = join(home, `new-${randomBytes(6).toString('hex')}`);
    const endWithUs = () => child?.kill('SIGKILL');
    process.once('exit', endWithUs);
    let timer: NodeJS.Timeout | undefined;
    try {
      await mkdir(at, { recursive: true });
      await removeLeftovers(home, at);
      const { bavail, bsize } = await statfs(at);
      if (bavail * bsize < neededBytes) throw noSpace(home);
      // Without one npm would look for the project in the folders above.
      await writeFile(join(at, 'package.json'), '{"private":true}\n');
      timer = measure(at);
      await runNpm(at, packages);
      if (!existsSync(entryIn(at))) throw new InstallFailed('npm ended well, but the library is not where it belongs.');
      await rm(join(at, '.npm'), { recursive: true, force: true });
      await rename(at, folder).catch((error: unknown) => {
        // Another server on the same data directory was faster.
        if (!existsSync(entry)) throw error;
      });
      return entry;
    } catch (error) {
      throw error instanceof InstallFailed ? error : explainNpm(error instanceof Error ? error.message : '', home);
    } finally {
      clearInterval(timer);
      child = null;
      process.off('exit', endWithUs);
      await rm(at, { recursive: true, force: true }).catch(() => {});
    }
  };

  return {
    /** The file to load; null where the library is not installed. */
    find: (): string | null => (existsSync(entry) ? entry : null),

    status(): GgufLibrary {
      const state = existsSync(entry) ? 'installed' : running ? 'installing' : failure === null ? 'missing' : 'failed';
      return { state, version, percent: state === 'installed' ? 100 : percent, downloadBytes, message: failure };
    },

    /** Installs it unless it is there; who asks meanwhile waits for the same installation. Throws InstallFailed. */
    ensure(): Promise<string> {
      if (existsSync(entry)) return Promise.resolve(entry);
      if (running) return running;
      percent = 0;
      failure = null;
      running = install()
        .catch((error: Error) => {
          failure = error.message;
          throw error;
        })
        .finally(() => (running = null));
      return running;
    },

    /** Ends an installation that runs. */
    stop: (): void => void child?.kill('SIGKILL'),
  };
}

/** Other versions, and what an installation left that was killed; one that another server runs now is younger. */
async function removeLeftovers(home: string, own: string): Promise<void> {
  for (const entry of await readdir(home)) {
    const path = join(home, entry);
    if (path === own || entry === version) continue;
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (!entry.startsWith('new-') || mtimeMs < Date.now() - 2 * limitMs)
      await rm(path, { recursive: true, force: true });
  }
}

/** Bytes of the files below a folder that changes while it is read. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
