#!/usr/bin/env node
import { accessSync, constants, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { outgoingFor } from '@rapport/server/services.platform';
import { makeConfig, type Config } from '@rapport/server/config/config';
import { readEnv } from '@rapport/server/config/env';
import { createAudit } from '@rapport/server/platform/audit/audit';
import { connectDatabase, type Connected } from '@rapport/server/platform/db/connect';
import { startEmbedded } from '@rapport/server/platform/db/embedded';
import { rotateKeys } from '@rapport/server/platform/keys/rotate';
import { createLogger } from '@rapport/server/platform/logger';
import { StartupError } from '@rapport/server/platform/startupError';
import { memberInvitationUrl } from '@rapport/server/slices/identity/memberInvitations.service';
import { createIdentityService } from '@rapport/server/slices/identity/service';
import { createProviderService } from '@rapport/server/slices/inference/providers.service';
import { readKept, verifyAudit } from './verifyAudit.ts';

import { backUpTo, restoreFrom } from './backup.ts';
import { verifyReceiptFile } from './receipts.ts';

const help = `rapport <command>

  start     start the server (the same as npm start, without building)
  migrate   bring the database to this version's form, then end
  set-password [ORGANISATION]
            set the owner's password, read from standard input, before Rapport listens on another address;
            of the first organisation, or of the one with this short name
  add-organisation NAME [E-MAIL]
            make a further organisation and print the link by which its first owner joins
  organisations
            list the organisations of this server
  rotate-keys
            give every organisation a new key and wrap all keys under the first line of the master key
  verify-audit [--checkpoints FILE]
            check the audit log of every organisation for entries changed, removed, reordered or cut off
  backup FILE [--keys FILE | --with-keys]
            write the whole database into an archive, also while servers run; the wrapped keys go into a file of
            their own, or into the same one, or are left out
  restore FILE [--keys FILE] [--replace]
            put a backup in the place of the database; who was erased since is erased again
  verify-receipt FILE [--key FILE]
            check the receipt of an erasure, with the organisation's public key if it is at hand
  doctor    check what a start needs, and say what to do about each thing missing
  help      this text

Settings are environment variables; docs/admin/configuration.md lists them.`;

/** Runs `work` on the database of the settings; the embedded one is started for it and stopped after it. */
async function withDatabase<T>(config: Config, work: (connected: Connected) => Promise<T>): Promise<T> {
  const log = { info: () => {}, warn: console.warn, error: console.error };
  const embedded = config.databaseUrl ? undefined : await startEmbedded({ dataDir: config.dataDir, log });
  try {
    const connected = await connectDatabase(
      config,
      embedded?.poolConfig ?? { connectionString: config.databaseUrl ?? '' },
    );
    return await work(connected).finally(() => connected.db.close());
  } finally {
    await embedded?.stop();
  }
}

async function runMigrations(): Promise<number> {
  const done = await withDatabase(makeConfig(readEnv()), async ({ migrated }) => migrated);
  console.log(done.length ? `migrated: ${done.join(', ')}` : 'the database is up to date');
  return 0;
}

async function rotate(): Promise<number> {
  const { organisations, keys } = await withDatabase(makeConfig(readEnv()), rotateKeys);
  console.log(`${organisations} organisations have a new key; ${keys} keys are wrapped under the current master key`);
  return 0;
}

async function verify(): Promise<number> {
  const config = makeConfig(readEnv());
  const kept = readKept(process.argv.slice(3), config);
  return withDatabase(config, (connected) => verifyAudit(connected, kept));
}

const shortestPassword = 12;

async function setPassword(): Promise<number> {
  const config = makeConfig(readEnv());
  process.stderr.write('New password of the owner (ends with a line break): ');
  const password = await firstLine();
  if (password.length < shortestPassword) {
    throw new StartupError(`The password is shorter than ${shortestPassword} characters.`, 'Choose a longer one.');
  }
  const slug = process.argv[3];
  await withDatabase(config, async (connected) => {
    const identity = identityOf(config, connected);
    await identity.ensurePreset();
    if ((await identity.state()).needed) {
      throw new StartupError('There is no owner yet.', 'Start Rapport once on 127.0.0.1 and set it up.');
    }
    await identity.setOwnerPassword(password, slug);
  });
  console.log('The password is set; other logins of the owner have ended.');
  return 0;
}

function identityOf(config: Config, { db, keyring }: Connected) {
  const outgoing = outgoingFor(config);
  const audit = createAudit({ db, config, outgoing, log: createLogger(config.logLevel) });
  const { setupSteps } = createProviderService({ db, audit, config, outgoing });
  return createIdentityService({ db, audit, keyring, config, ...setupSteps });
}

async function addOrganisation(): Promise<number> {
  const [name, email] = process.argv.slice(3).map((text) => text.trim());
  if (!name) throw new StartupError('The organisation needs a name.', 'rapport add-organisation "Second House"');
  const config = makeConfig(readEnv());
  const added = await withDatabase(config, (connected) =>
    identityOf(config, connected).addOrganisation(name, email ?? null),
  );
  const base = config.publicUrl ?? `http://${config.host}:${config.port}`;
  console.log(`Made ${name}; at sign-in it is called ${added.slug}.`);
  console.log(`Its first owner joins within seven days under\n${memberInvitationUrl(base, added.token)}`);
  return 0;
}

async function listOrganisations(): Promise<number> {
  const config = makeConfig(readEnv());
  const found = await withDatabase(config, (connected) => identityOf(config, connected).listOrganisations());
  for (const { slug, name, members } of found) console.log(`${slug}\t${members} members\t${name}`);
  return 0;
}

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return line.trim();
  }
  return '';
}

function checkNode(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major >= 24 || (major === 22 && minor >= 19)) return process.version;
  throw new StartupError(
    `${process.version} is too old.`,
    'Use Node 22.19 or later, or `npm start`, which brings its own.',
  );
}

function checkDataDir({ dataDir }: Config): string {
  let at = dataDir;
  while (!existsSync(at)) at = dirname(at);
  try {
    accessSync(at, constants.W_OK | constants.X_OK);
  } catch {
    throw new StartupError(`${at} is not writable.`, 'Give this user that folder, or set RAPPORT_DATA_DIR to another.');
  }
  return at === dataDir ? dataDir : `${dataDir} (will be made)`;
}

const checkDatabase = (config: Config): Promise<string> =>
  withDatabase(config, async ({ db }) => {
    const { version } = await db.everywhere.one<{ version: string }>(
      "select current_setting('server_version') as version",
    );
    if (Number.parseInt(version, 10) >= 15) return `PostgreSQL ${version}${config.databaseUrl ? '' : ', embedded'}`;
    throw new StartupError(`PostgreSQL ${version} is too old.`, 'Use PostgreSQL 15 or later.');
  });

const checkPort = ({ host, port }: Config): Promise<string> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', ({ message }) =>
      reject(
        new StartupError(
          `${host}:${port} cannot be used: ${message}.`,
          'Stop the program that has it, or set RAPPORT_PORT.',
        ),
      ),
    );
    server.listen(port, host, () => server.close(() => resolve(`${host}:${port} is free`)));
  });

async function doctor(): Promise<number> {
  let failed = 0;
  const check = async <T>(name: string, work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      const result = await work();
      console.log(`ok      ${name}${typeof result === 'string' ? `: ${result}` : ''}`);
      return result;
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
      if (error instanceof StartupError) console.log(`        ${error.wayOut}`);
      return undefined;
    }
  };
  await check('Node', checkNode);
  const config = await check('settings', () => makeConfig(readEnv()));
  if (config) {
    await check('data directory', () => checkDataDir(config));
    await check('database', () => checkDatabase(config));
    await check('port', () => checkPort(config));
  }
  return failed ? 1 : 0;
}

async function start(): Promise<number> {
  const { run } = await import('@rapport/server/run');
  await run();
  return 0;
}

const show = (code: number) => (): Promise<number> => {
  (code ? console.error : console.log)(help);
  return Promise.resolve(code);
};

const commands = new Map<string, (args: string[]) => Promise<number>>([
  ['start', start],
  ['migrate', runMigrations],
  ['set-password', setPassword],
  ['rotate-keys', rotate],
  ['add-organisation', addOrganisation],
  ['organisations', listOrganisations],
  ['verify-audit', verify],
  ['backup', backUpTo],
  ['restore', restoreFrom],
  ['verify-receipt', verifyReceiptFile],
  ['doctor', doctor],
  ['help', show(0)],
  ['--help', show(0)],
]);

try {
  process.exitCode = await (commands.get(process.argv[2] ?? 'help') ?? show(2))(process.argv.slice(3));
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  console.error(`${error.message}\n${error.wayOut}`);
  process.exitCode = 1;
}
