import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, Stop, withProgress } from './node24.mjs';

const first = (paths) => paths.find((path) => path && existsSync(path));

function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named && !existsSync(named)) throw new Stop(`CHROMIUM_PATH names ${named}, which does not exist.`);
  return first([
    named,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ]);
}

function findPostgres() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian)
        .map(Number)
        .filter((major) => major >= 15)
    : [];
  const folders = versions.sort((a, b) => b - a).map((major) => join(debian, String(major), 'bin'));
  const named = process.env.POSTGRES_BIN;
  if (named && !existsSync(join(named, 'initdb')))
    throw new Stop(`POSTGRES_BIN names ${named}, which holds no initdb.`);
  return [named, ...folders].find(
    (folder) => folder && existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')),
  );
}

const parts = {
  chromium: {
    find: findChromium,
    missing:
      'Chromium is needed by the browser tests: install it (Debian: `apt-get install chromium`), or set CHROMIUM_PATH to it.',
  },
  postgresql: {
    find: findPostgres,
    missing:
      'A PostgreSQL server, 15 or later, is needed by the tests: install it (Debian: `apt-get install postgresql`), or set POSTGRES_BIN to the folder of its initdb.',
  },
};

const mayInstall = () =>
  process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');

let updated;
async function aptInstall(name) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], { env });
  updated ??= apt('update');
  await updated;
  if (name === 'postgresql') {
    // The tests make a cluster of their own; Debian's would only take a port and memory.
    const conf = '/etc/postgresql-common/createcluster.conf';
    mkdirSync('/etc/postgresql-common', { recursive: true });
    if (!existsSync(conf)) writeFileSync(conf, 'create_main_cluster = false\n');
  }
  return apt('-o', 'Dpkg::Options::=--force-confold', 'install', '-y', '--no-install-recommends', name);
}

/** The path of a system part, installed where we may; otherwise a `Stop` that says exactly what to install. Never skipped. */
export async function systemPart(name) {
  const { find, missing } = parts[name];
  const there = find();
  if (there) return there;
  if (mayInstall()) await withProgress(`Installing ${name} with apt-get (once)`, () => aptInstall(name));
  const now = find();
  if (!now) throw new Stop(missing);
  return now;
}
