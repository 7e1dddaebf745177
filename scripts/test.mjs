import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { tmpdir } from 'node:os';
import { npm, root, run, say, Stop } from './node24.mjs';
import { buildWeb, main } from './prepare.mjs';
import { checkSizes } from './size.mjs';
import { checkSupply } from './supply.mjs';
import { systemPart } from './system.mjs';

const need = (file) => {
  if (!existsSync(join(root, file))) throw new Stop(`${file} is missing, so this step has nothing to run.`);
};

const failures = [];

/** Keeps what failed for the end as well: a long log is often read, or kept, from its end only. */
async function vitest(args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-results-'));
  const results = join(folder, 'results.json');
  const told = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const command = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...told, ...args];
  const code = await run(process.env.RAPPORT_NODE, command, { env: { ...process.env, ...env }, stdio: 'inherit' });
  if (code !== 0 && existsSync(results)) failures.push(...failedIn(JSON.parse(readFileSync(results, 'utf8'))));
  rmSync(folder, { recursive: true, force: true });
  return code;
}

const failedIn = ({ testResults }) =>
  testResults.flatMap(({ name, message, assertionResults }) => [
    ...(message ? [`${relative(root, name)}\n${message}`] : []),
    ...assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => `${relative(root, name)} > ${fullName}\n${failureMessages.join('\n')}`),
  ]);

const script = (file, name) => () => {
  need(file);
  return npm(['run', name]);
};

/** Ends with the first that fails. */
const inOrder =
  (...parts) =>
  async () => {
    for (const part of parts) {
      const code = await part();
      if (code !== 0) return code;
    }
    return 0;
  };

/** PostgreSQL refuses to run as root. */
function account() {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] =
    readFileSync('/etc/passwd', 'utf8')
      .match(/^postgres:.*$/m)?.[0]
      .split(':') ?? [];
  if (!uid) throw new Stop('There is no user named postgres to run the test database as.');
  return { uid: Number(uid), gid: Number(gid) };
}

/** Runs `work` with the address of a PostgreSQL that is not the embedded one, made for this run on a private socket. */
async function withPostgres(work) {
  const bin = await systemPart('postgresql');
  const who = account();
  const home = mkdtempSync(join(process.platform === 'linux' ? '/tmp' : tmpdir(), 'rapport-pg-'));
  if (who.uid) chownSync(home, who.uid, who.gid);
  const options = { ...who, cwd: home, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
  const cluster = join(home, 'cluster');
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', cluster, '-U', 'rapport', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'],
    options,
  );
  if (made.status !== 0) throw new Stop(`The test database could not be made: ${made.error?.message ?? made.stderr}`);
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${home}`,
    'fsync=off',
    'max_connections=200',
    'log_min_messages=fatal',
  ];
  const server = spawn(join(bin, 'postgres'), ['-D', cluster, ...settings.flatMap((one) => ['-c', one])], {
    ...options,
    stdio: ['ignore', 2, 2],
    detached: true,
  });
  const ended = new Promise((done) => server.once('exit', done));
  const end = () => server.kill('SIGQUIT');
  process.once('exit', end);
  try {
    await becomeReady(join(cluster, 'postmaster.pid'), server);
    return await work(`postgresql://rapport@localhost/postgres?host=${encodeURIComponent(home)}`);
  } finally {
    server.kill('SIGINT');
    await ended;
    process.off('exit', end);
    rmSync(home, { recursive: true, force: true });
  }
}

async function becomeReady(file, server) {
  while (!existsSync(file) || !/^ready/m.test(readFileSync(file, 'utf8'))) {
    if (server.exitCode !== null)
      throw new Stop(`The test database ended with code ${server.exitCode}; its reason is above.`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** What asks no database, or looks into the embedded one's own files: another PostgreSQL changes nothing about it. */
const withoutDatabase = [
  'embedded.test.ts',
  'proof.test.ts',
  'command.test.ts',
  'engines/**',
  'net/**',
  'fuzz/**',
  'extract/**',
  'risk/**',
].map((files) => `**/${files}`);

const steps = {
  typecheck: script('packages/server/tsconfig.json', 'typecheck'),
  lint: inOrder(script('eslint.config.js', 'lint'), script('.prettierrc.json', 'format:check')),
  structure: inOrder(
    script('.dependency-cruiser.cjs', 'structure'),
    script('knip.json', 'dead'),
    checkSupply,
    () => run(process.env.RAPPORT_NODE, [join(root, 'scripts', 'configDocs.mjs'), '--check']),
    () => run(process.env.RAPPORT_NODE, [join(root, 'scripts', 'asvs.mjs'), '--check']),
    script('docs/.vitepress/config.ts', 'docs'),
  ),
  web: async () => {
    need('packages/web/index.html');
    await buildWeb();
    return checkSizes();
  },
  server: () => {
    need('vitest.config.ts');
    return vitest(['--coverage']);
  },
  postgres: () => {
    need('vitest.config.ts');
    return withPostgres((url) =>
      vitest(['packages/server/', ...withoutDatabase.flatMap((files) => ['--exclude', files])], {
        RAPPORT_TEST_DATABASE_URL: url,
      }),
    );
  },
  browser: async () => {
    need('e2e/vitest.config.ts');
    mkdirSync(join(root, 'coverage'), { recursive: true });
    return vitest(['--config', 'e2e/vitest.config.ts'], { CHROMIUM_PATH: await systemPart('chromium') });
  },
};

function chosen(args) {
  if (args.length === 0) return Object.keys(steps);
  const names = args[0] === '--only' && args.length === 2 ? args[1].split(',') : [];
  if (names.length > 0 && names.every((name) => Object.hasOwn(steps, name))) return names;
  throw new Stop(`Usage: npm test [-- --only STEP,STEP], where STEP is one of: ${Object.keys(steps).join(', ')}`);
}

async function attempt(name) {
  const start = Date.now();
  say(`\n=== ${name}`);
  let note = 'ok';
  try {
    const code = await steps[name]();
    if (code !== 0) note = `FAILED (exit code ${code})`;
  } catch (error) {
    if (!(error instanceof Stop)) say(error.stack);
    note = `FAILED: ${error.message}`;
    say(error.message);
  }
  return { name, note, seconds: (Date.now() - start) / 1000 };
}

let interrupted = false;
process.on('SIGINT', () => (interrupted = true));
process.on('SIGTERM', () => (interrupted = true));

await main(async () => {
  const results = [];
  for (const name of chosen(process.argv.slice(2))) {
    results.push(interrupted ? { name, seconds: 0, note: 'FAILED: interrupted' } : await attempt(name));
  }
  for (const failure of failures) say(`\nFAILED ${failure.slice(0, 2000)}`);
  say('\nstep        seconds  result');
  for (const { name, seconds, note } of results) say(`${name.padEnd(11)} ${seconds.toFixed(1).padStart(7)}  ${note}`);
  return results.every(({ note }) => note === 'ok') ? 0 : 1;
});
