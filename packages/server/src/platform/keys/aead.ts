import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;
export const overhead = ivBytes + tagBytes;

/**
 * AES-256-GCM (NIST SP 800-38D): nonce, tag, ciphertext. `bound` is authenticated and not stored. A key may seal 2^32
 * values before two random nonces may meet; a key of one client stays far below. Node takes a KeyObject three times as
 * fast as the bytes of a key.
 */
export function sealBytes(key: KeyObject, bound: string, plain: Buffer): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key, iv).setAAD(Buffer.from(bound));
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

/** Throws for another key, another `bound`, or a changed byte. */
export function openBytes(key: KeyObject, bound: string, sealed: Buffer): Buffer {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(bound)).setAuthTag(sealed.subarray(ivBytes, overhead));
  const plain = decipher.update(sealed.subarray(overhead));
  decipher.final();
  return plain;
}
