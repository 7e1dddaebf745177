import type pg from 'pg';
import { encryptingCodec } from '../keys/codec.ts';
import { ensureKeys } from '../keys/ensure.ts';
import { createKeyring, type Keyring } from '../keys/keyring.ts';
import { loadMasterKeys, type MasterKeySource } from '../keys/masterKeys.ts';
import { openDatabase, type Database } from './db.ts';
import { prepareDatabase, type Prepared } from './prepare.ts';

export interface Connected extends Prepared {
  db: Database;
  keyring: Keyring;
}

/**
 * The database, in this version's form, with the keys that open its content.
 * @throws {StartupError} for a master key that is missing or another one.
 */
export async function connectDatabase(
  config: MasterKeySource & { readPlain: boolean },
  owner: pg.PoolConfig,
): Promise<Connected> {
  const load = () => loadMasterKeys(config);
  const keyring = createKeyring(await load(), load);
  const prepared = await prepareDatabase(owner);
  const db = openDatabase(prepared.app, encryptingCodec(keyring, config));
  try {
    await ensureKeys(db, keyring);
  } catch (error) {
    await db.close();
    throw error;
  }
  return { ...prepared, db, keyring };
}
