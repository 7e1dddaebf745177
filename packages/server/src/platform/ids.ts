import { createHash, randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';

/** Time-ordered, so that rows of one time lie together in the index. */
export const newId = (): string => uuidv7();

/** 256 bits, URL-safe. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** Tokens are random, so a plain hash is enough for storing them. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();
