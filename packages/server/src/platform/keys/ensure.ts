import type { Database } from '../db/db.ts';
import { StartupError } from '../startupError.ts';
import { Unreadable, type Keyring } from './keyring.ts';
import * as store from './store.ts';

/**
 * Gives a key to whoever was stored before there were keys, and sees that the master key at hand is the right one.
 * @throws {StartupError} when it is not.
 */
export async function ensureKeys(db: Database, keyring: Keyring): Promise<void> {
  for (const { orgId, holder } of await store.holdersWithoutKey(db.everywhere)) {
    await db.in(orgId).tx((tx) => keyring.create(tx, orgId, holder));
  }
  const [orgId] = await store.orgsWithKey(db.everywhere);
  if (!orgId) return;
  try {
    await keyring.current(db.in(orgId), orgId, orgId);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new StartupError(
      'The master key at hand is not the one this database was sealed under.',
      'Bring back the secret.key of this installation (or RAPPORT_MASTER_KEY, its file or its command). Without it nothing that people said can be read.',
    );
  }
}
