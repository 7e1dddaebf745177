import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Five bytes of the SHA-256 of each, sorted; where they come from: scripts/passwords.mjs. */
const hashes = readFileSync(new URL('./knownPasswords.bin', import.meta.url));
const size = 5;

export const knownPasswords = hashes.length / size;

/** Whether the password, in lower case, is among those that leaked most often and are long enough to be chosen here. */
export function isKnownPassword(plain: string): boolean {
  const hash = createHash('sha256').update(plain).digest().subarray(0, size);
  let [low, high] = [0, knownPasswords];
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = hashes.compare(hash, 0, size, middle * size, (middle + 1) * size);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}
