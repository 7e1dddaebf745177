import type { Database } from '../db/db.ts';
import type { Keyring } from './keyring.ts';
import * as store from './store.ts';

/**
 * Gives every organisation a newer key for what is sealed from now on, and wraps all keys anew under the first of the
 * master keys. Running servers go on: they find a new master key where they found the old one.
 */
export async function rotateKeys({ db, keyring }: { db: Database; keyring: Keyring }) {
  const orgs = await store.orgsWithKey(db.everywhere);
  let keys = 0;
  for (const orgId of orgs) {
    await db.in(orgId).tx(async (tx) => {
      await keyring.create(tx, orgId, orgId);
      keys += await keyring.rewrap(tx, orgId);
    });
  }
  await keyring.rewrapSecrets(db.everywhere);
  return { organisations: orgs.length, keys };
}
