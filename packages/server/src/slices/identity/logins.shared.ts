/** What is needed of signing in before anybody signs in: the library itself is loaded with the first who does. */
import { createHash } from 'node:crypto';

export const authPath = '/api/v1/auth';
/** Between the service and the library, never from outside: which organisation was named. */
export const orgHeader = 'x-rapport-org';
/** So long is a link in a letter good. */
export const linkMinutes = 10;
/** What a login is made of is changed within so long after signing in. */
export const freshMinutes = 15;
/** So long is a login good at most, however much it is used. */
export const sessionDays = 30;

/** Where an OpenID provider says what it is. */
export const discoveryOf = (issuer: string): string => `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

/** The database holds the hash only: who reads it cannot sign in with what they read. */
export const hashLoginToken = (token: string): string => createHash('sha256').update(token).digest('base64url');
