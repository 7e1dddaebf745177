import type { Db, Tx } from '../../platform/db/db.ts';

export interface SigningKey {
  id: string;
  publicKey: string;
  privateKey: string;
}

const place = (orgId: string, rowId: string) => ({ orgId, table: 'signing_key', column: 'private_key', rowId });

export async function newestSigningKey(db: Db, orgId: string): Promise<SigningKey | undefined> {
  const row = await db.maybe<{ id: string; public_key: string; private_key: Buffer }>(
    `select id, public_key, private_key from signing_key where org_id = $1 order by id desc limit 1`,
    [orgId],
  );
  if (!row) return undefined;
  return {
    id: row.id,
    publicKey: row.public_key,
    privateKey: await db.codec.open(place(orgId, row.id), row.private_key),
  };
}

export async function insertSigningKey(tx: Tx, orgId: string, key: SigningKey): Promise<void> {
  await tx.one(`select id from org where id = $1 for no key update`, [orgId]);
  await tx.exec(
    `insert into signing_key (org_id, id, public_key, private_key)
     select $1, $2, $3, $4 where not exists (select 1 from signing_key where org_id = $1)`,
    [orgId, key.id, key.publicKey, await tx.codec.seal(place(orgId, key.id), key.privateKey)],
  );
}
