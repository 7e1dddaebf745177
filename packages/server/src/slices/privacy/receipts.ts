import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ErasureReceipt, SignedReceipt } from '@rapport/protocol/privacy';
import type { Database } from '../../platform/db/db.ts';
import { newId } from '../../platform/ids.ts';
import * as store from './receipts.store.ts';

const fingerprint = (publicKey: string): string =>
  createHash('sha256')
    .update(createPublicKey(publicKey).export({ type: 'spki', format: 'der' }))
    .digest('hex');

/** Signs receipts with the organisation's own Ed25519 key (RFC 8032), made when it is first needed. */
export function createReceipts({ db }: { db: Database }) {
  const keyOf = async (orgId: string): Promise<store.SigningKey> => {
    const known = await store.newestSigningKey(db.in(orgId), orgId);
    if (known) return known;
    const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    await db.in(orgId).tx((tx) => store.insertSigningKey(tx, orgId, { id: newId(), publicKey, privateKey }));
    // Another server may have been first.
    const kept = await store.newestSigningKey(db.in(orgId), orgId);
    if (!kept) throw new Error('the signing key was not stored');
    return kept;
  };

  return {
    async publicKey(orgId: string): Promise<{ publicKey: string; fingerprint: string }> {
      const { publicKey } = await keyOf(orgId);
      return { publicKey, fingerprint: fingerprint(publicKey) };
    },

    /** `signed` is the exact text the signature is over, so that openssl can check it without knowing JSON. */
    async sign(orgId: string, receipt: ErasureReceipt): Promise<SignedReceipt> {
      const { publicKey, privateKey } = await keyOf(orgId);
      const signed = JSON.stringify(receipt);
      return { receipt, signed, signature: sign(null, Buffer.from(signed), privateKey).toString('base64'), publicKey };
    },
  };
}

export interface Verified {
  receipt: ErasureReceipt;
  /** SHA-256 of the public key: who checks a receipt compares it with the one the organisation gave out. */
  fingerprint: string;
}

/** Throws an Error that says what is wrong. `publicKey`: the organisation's, from elsewhere than the receipt. */
export function verifyReceipt(text: string, publicKey?: string): Verified {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('This is not JSON.');
  }
  const parsed = SignedReceipt.safeParse(json);
  if (!parsed.success) throw new Error('This is not a receipt of an erasure.');
  const { receipt, signed, signature, publicKey: own } = parsed.data;
  if (publicKey !== undefined && fingerprint(publicKey) !== fingerprint(own)) {
    throw new Error('It was signed with another key than the given one.');
  }
  if (!verify(null, Buffer.from(signed), own, Buffer.from(signature, 'base64'))) {
    throw new Error('The signature does not fit: the receipt was changed.');
  }
  if (!isDeepStrictEqual(ErasureReceipt.parse(JSON.parse(signed)), receipt)) {
    throw new Error('What it shows is not what was signed.');
  }
  return { receipt, fingerprint: fingerprint(own) };
}
