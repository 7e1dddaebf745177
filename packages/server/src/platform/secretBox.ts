import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const version = 'v1';
const fileName = 'secret.key';

/** Seals what this server must be able to read again but nobody else: AES-256-GCM under a key that is not in the database. */
export interface SecretBox {
  /** `aad` names the place of the secret, so that a sealed text copied elsewhere does not open there. */
  seal(aad: string, plain: string): Promise<string>;
  /** Throws SecretUnreadable for a text sealed under another key or for another place, or changed since. */
  open(aad: string, sealed: string): Promise<string>;
}

export class SecretUnreadable extends Error {
  constructor(cause?: unknown) {
    super(`a stored secret does not open with this server's ${fileName}`, { cause });
    this.name = 'SecretUnreadable';
  }
}

/** The key lies in `dataDir`, readable by this user alone, and is made when it is first needed. */
export function createSecretBox(dataDir: string): SecretBox {
  let loading: Promise<Buffer> | undefined;
  const key = () => {
    // A failure, e.g. a full disk, is not remembered: the next call tries again.
    loading ??= loadKey(dataDir).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };

  return {
    async seal(aad, plain) {
      const iv = randomBytes(12);
      const cipher = createCipheriv(algorithm, await key(), iv).setAAD(Buffer.from(aad));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return [version, iv, cipher.getAuthTag(), body]
        .map((p) => (typeof p === 'string' ? p : p.toString('base64url')))
        .join('.');
    },
    async open(aad, sealed) {
      const [form, iv = '', tag = '', body = ''] = sealed.split('.');
      if (form !== version) throw new SecretUnreadable();
      const secret = await key();
      try {
        const decipher = createDecipheriv(algorithm, secret, Buffer.from(iv, 'base64url'), { authTagLength: 16 });
        decipher.setAAD(Buffer.from(aad)).setAuthTag(Buffer.from(tag, 'base64url'));
        return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]).toString('utf8');
      } catch (error) {
        throw new SecretUnreadable(error);
      }
    },
  };
}

async function loadKey(dataDir: string): Promise<Buffer> {
  const file = join(dataDir, fileName);
  return (await readKey(file)) ?? makeKey(dataDir, file);
}

async function readKey(file: string): Promise<Buffer | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = Buffer.from(text.trim(), 'base64url');
  if (key.length !== keyBytes)
    throw new Error(`${file} does not hold a key of ${keyBytes} bytes; restore it from a backup`);
  return key;
}

/** Written beside its place and linked there: another server that starts at the same moment reads a whole key or none. */
async function makeKey(dataDir: string, file: string): Promise<Buffer> {
  await mkdir(dataDir, { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, `${randomBytes(keyBytes).toString('base64url')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  const key = await readKey(file);
  if (!key) throw new Error(`${file} could not be made`);
  return key;
}
