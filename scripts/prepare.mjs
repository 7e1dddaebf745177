import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { node24, npm, root, say, Stop, withProgress } from './node24.mjs';

const lockfile = join(root, 'package-lock.json');
const installStamp = join(root, 'node_modules', '.rapport-lock');

const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** npm keeps its own list of what it has put there; where that agrees with the lockfile there is nothing to do. */
function isInstalled() {
  const own = read(join(root, 'node_modules', '.package-lock.json'));
  if (!own) return false;
  const there = JSON.parse(own).packages;
  return Object.entries(JSON.parse(readFileSync(lockfile, 'utf8')).packages).every(
    ([path, { version, link, optional, devOptional }]) =>
      !path.startsWith('node_modules/') || link || optional || devOptional || there[path]?.version === version,
  );
}

export async function install() {
  const hash = createHash('sha256').update(readFileSync(lockfile)).digest('hex');
  const wanted = `${hash} ${process.platform}-${process.arch}\n`;
  const stamp = read(installStamp);
  if (stamp === wanted) return;
  const samePlatform = !stamp || stamp.split(' ')[1] === wanted.split(' ')[1];
  if (!samePlatform || !isInstalled()) {
    const code = await withProgress('Installing libraries with npm', () =>
      npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']),
    );
    if (code !== 0)
      throw new Stop(
        'npm could not install the libraries. Look at the lines above, mend that, and run the same command again.',
      );
  }
  writeFileSync(installStamp, wanted);
}

const web = join(root, 'packages', 'web');
const buildStamp = join(web, 'dist', '.stamp');
const sources = [
  ...['src', 'public', 'index.html', 'package.json', 'tsconfig.json', 'vite.config.ts'].map((name) => join(web, name)),
  ...['protocol', 'sdk'].map((name) => join(root, 'packages', name, 'src')),
  installStamp,
];

function* filesBelow(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) yield `${relative(root, path)} ${stat.size} ${stat.mtimeMs}\n`;
  else for (const name of readdirSync(path).sort()) yield* filesBelow(join(path, name));
}

function stateOfSources() {
  const hash = createHash('sha256');
  for (const path of sources) for (const line of filesBelow(path)) hash.update(line);
  return hash.digest('hex');
}

export const hasWeb = () => existsSync(join(web, 'index.html'));

export async function buildWeb({ always = false } = {}) {
  if (!hasWeb()) {
    say('There is no web app to build (packages/web/index.html is missing): starting without pages.');
    return;
  }
  const state = stateOfSources();
  if (!always && read(buildStamp) === state) return;
  const code = await withProgress('Building the web app', () => npm(['run', 'build', '-w', '@rapport/web']));
  if (code !== 0) throw new Stop('The web app could not be built. Look at the lines above.');
  writeFileSync(buildStamp, state);
}

/** Runs a script's main function; what a person can mend is one line, not a stack. */
export async function main(work) {
  try {
    const node = await node24();
    await install();
    process.exitCode = await work(node);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
