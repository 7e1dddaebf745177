import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import type { AuditCheckpoint } from '@rapport/protocol/audit';
import type { Db } from '../db/db.ts';
import { canonicalJson, sha256 } from './chain.ts';
import * as store from './checkpoints.store.ts';

export interface SigningKey {
  id: string;
  publicKey: Buffer;
  privateKey: KeyObject;
}

const place = (orgId: string, rowId: string) => ({ orgId, table: 'audit_key', column: 'private_key', rowId });

export const keyIdOf = (publicKey: Buffer): string => sha256(publicKey).toString('hex').slice(0, 16);

/** The organisation's signing key, made when it is first needed; its private half is sealed under the organisation's key. */
export async function signingKey(db: Db, orgId: string): Promise<SigningKey> {
  const row = (await store.newestKey(db, orgId)) ?? (await makeKey(db, orgId));
  const der = Buffer.from(await db.codec.open(place(orgId, row.id), row.private_key), 'base64url');
  return {
    id: row.id,
    publicKey: row.public_key,
    privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
  };
}

async function makeKey(db: Db, orgId: string): Promise<store.KeyRow> {
  const pair = generateKeyPairSync('ed25519');
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' });
  const privateKey = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
  const id = keyIdOf(publicKey);
  const sealed = await db.codec.seal(place(orgId, id), privateKey.toString('base64url'));
  const row = { id, public_key: publicKey, private_key: sealed };
  await store.insertKey(db, orgId, row);
  return row;
}

/** Whether the private half opens and belongs to the public one: who can only write to the database cannot make such a row. */
export async function keyIsOurs(db: Db, orgId: string, row: store.KeyRow): Promise<boolean> {
  try {
    const der = Buffer.from(await db.codec.open(place(orgId, row.id), row.private_key), 'base64url');
    const made = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    return keyIdOf(row.public_key) === row.id && made.export({ format: 'der', type: 'spki' }).equals(row.public_key);
  } catch {
    // Sealed under another key, or no key at all.
    return false;
  }
}

type Unsigned = Omit<AuditCheckpoint, 'signature'>;

const bytesOf = ({ v, org, n, at, from, to, head, root, prev, key, publicKey }: Unsigned): Buffer =>
  Buffer.from(canonicalJson({ v, org, n, at, from, to, head, root, prev, key, publicKey }));

/** What the next checkpoint goes on from. */
export const checkpointHash = (checkpoint: Unsigned): Buffer => sha256(bytesOf(checkpoint));

export const signCheckpoint = (key: SigningKey, unsigned: Unsigned): AuditCheckpoint => ({
  ...unsigned,
  signature: sign(null, bytesOf(unsigned), key.privateKey).toString('base64url'),
});

function holds(publicKey: Buffer, bytes: Buffer, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
    return verify(null, bytes, key, signature);
  } catch {
    // Bytes that are no key sign nothing.
    return false;
  }
}

/** Whether the key that it names has signed it; whose key that is, is another question. */
export const checkpointHolds = (checkpoint: AuditCheckpoint): boolean => {
  const publicKey = Buffer.from(checkpoint.publicKey, 'base64url');
  const signature = Buffer.from(checkpoint.signature, 'base64url');
  return keyIdOf(publicKey) === checkpoint.key && holds(publicKey, bytesOf(checkpoint), signature);
};

const stubBytes = (orgId: string, through: number, at: string, hash: Buffer): Buffer =>
  Buffer.from(canonicalJson({ v: 1, org: orgId, removedThrough: through, at, hash: hash.toString('hex') }));

export const signStub = (key: SigningKey, orgId: string, through: number, at: string, hash: Buffer): Buffer =>
  sign(null, stubBytes(orgId, through, at, hash), key.privateKey);

export const stubHolds = (orgId: string, stub: store.StubRow): boolean =>
  keyIdOf(stub.public_key) === stub.key_id &&
  holds(stub.public_key, stubBytes(orgId, stub.through_seq, stub.at, stub.hash), stub.signature);
