import { execFile } from 'node:child_process';
import { createHash, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StartupError } from '../startupError.ts';

export const keyBytes = 32;
const fileName = 'secret.key';
const commandMs = 30_000;

export interface MasterKey {
  /** Tells which master key wrapped a key; says nothing about the key itself. */
  id: string;
  key: KeyObject;
}

/** The keys that wrap the organisations' keys. The first is used for new ones; the others still open old ones. */
export interface MasterKeys {
  current: MasterKey;
  find(id: string): MasterKey | undefined;
}

export interface MasterKeySource {
  dataDir: string;
  masterKey: { text?: string | undefined; file?: string | undefined; command?: string | undefined };
}

/**
 * From the environment, from what a command prints (Vault, a KMS), from a file; otherwise from `secret.key` in the data
 * directory, which is made when it is first needed. One key a line (or comma), the current one first.
 * @throws {StartupError} for a source that cannot be read or holds no key.
 */
export async function loadMasterKeys({ dataDir, masterKey }: MasterKeySource): Promise<MasterKeys> {
  if (masterKey.text !== undefined) return parse(masterKey.text, 'RAPPORT_MASTER_KEY');
  if (masterKey.command !== undefined)
    return parse(await output(masterKey.command), 'what RAPPORT_MASTER_KEY_COMMAND prints');
  const own = join(dataDir, fileName);
  const file = masterKey.file ?? own;
  const text = (await read(file)) ?? (file === own ? await make(dataDir, own) : undefined);
  if (text === undefined) {
    throw new StartupError(
      `There is no master key in ${file}.`,
      'Bring the file back, or correct RAPPORT_MASTER_KEY_FILE.',
    );
  }
  return parse(text, file);
}

/** A new key in the form in which the sources hold it. */
export const newMasterKey = (): string => randomBytes(keyBytes).toString('base64url');

function parse(text: string, source: string): MasterKeys {
  const keys = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((part) => ({ key: Buffer.from(part, 'base64url') }));
  const [current] = keys;
  if (!current || keys.some(({ key }) => key.length !== keyBytes)) {
    throw new StartupError(
      `${source} does not hold a key of ${keyBytes} bytes.`,
      'Restore it from a backup; a new one is 32 random bytes as base64url, but opens nothing that was stored before.',
    );
  }
  const named = keys.map(({ key }) => ({ id: fingerprint(key), key: createSecretKey(key) }));
  return { current: named[0] as MasterKey, find: (id) => named.find((one) => one.id === id) };
}

const fingerprint = (key: Buffer): string =>
  createHash('sha256').update('rapport master key').update(key).digest('hex').slice(0, 16);

async function output(command: string): Promise<string> {
  try {
    const shell = process.platform === 'win32' ? ['cmd.exe', '/c'] : ['/bin/sh', '-c'];
    const { stdout } = await promisify(execFile)(shell[0] as string, [shell[1] as string, command], {
      timeout: commandMs,
    });
    return stdout;
  } catch (error) {
    const { code, killed } = error as { code?: number; killed?: boolean };
    throw new StartupError(
      `RAPPORT_MASTER_KEY_COMMAND ${killed ? `did not end within ${commandMs / 1000} s` : `failed (exit code ${code})`}.`,
      'Run it by hand as this user and see what it says.',
    );
  }
}

async function read(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new StartupError(`${file} can be read by other users of this machine.`, `Run: chmod 600 ${file}`);
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written beside its place and linked there: another server that starts at the same moment reads a whole key or none. */
async function make(dataDir: string, file: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, `${newMasterKey()}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  const text = await read(file);
  if (text === undefined) throw new Error(`${file} could not be made`);
  return text;
}
