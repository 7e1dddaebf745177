import type { ErrorCode } from '@rapport/protocol/errors';
import { AppError } from '../../platform/errors.ts';

/** What the library calls its refusals, in our words. */
const known: Record<string, [ErrorCode, string?]> = {
  INVALID_EMAIL_OR_PASSWORD: ['wrong-password'],
  INVALID_PASSWORD: ['wrong-password', 'The password is not right.'],
  INVALID_CODE: ['wrong-code'],
  CODE_USED: ['wrong-code', 'This code was used already. Sign in again with the next one that the app shows.'],
  INVALID_BACKUP_CODE: ['wrong-code'],
  INVALID_TWO_FACTOR_COOKIE: [
    'sign-in-required',
    'The sign-in took too long, or too many codes were wrong. Start again.',
  ],
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: ['sign-in-required', 'Too many wrong codes. Start the sign-in again.'],
  ACCOUNT_TEMPORARILY_LOCKED: ['rate-limited', 'Too many wrong codes. Wait a quarter of an hour.'],
  SESSION_NOT_FRESH: [
    'sign-in-required',
    'Sign out and in again first: this needs a sign-in of the last quarter of an hour.',
  ],
  INVALID_TOKEN: ['link-gone'],
  TOKEN_EXPIRED: ['link-gone'],
  NO_MEMBER: ['forbidden', 'You belong to no organisation here. Ask for an invitation.'],
  new_user_signup_disabled: ['link-gone'],
  BOUND_TO_ORGANISATION: [
    'forbidden',
    'You signed in through your organisation. Sign in with a password, passkey or link to change this.',
  ],
  USER_NOT_VERIFIED: ['wrong-code', 'The passkey did not ask for a fingerprint, a face or a PIN.'],
  PASSKEY_NOT_FOUND: ['wrong-code', 'This passkey is not known here.'],
  AUTHENTICATION_FAILED: ['wrong-code', 'The passkey was not accepted.'],
  CHALLENGE_NOT_FOUND: ['sign-in-required', 'This took too long. Start again.'],
  PREVIOUSLY_REGISTERED: ['conflict', 'This passkey is registered already.'],
  TOTP_ALREADY_ENABLED: ['wrong-state', 'The second factor is on already.'],
  TOTP_NOT_ENABLED: ['wrong-state', 'Set up the second factor first.'],
  PROVIDER_NOT_FOUND: ['provider-failed', 'The provider does not answer, or its settings are not right.'],
};

const byStatus: Record<number, ErrorCode> = {
  401: 'sign-in-required',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  429: 'rate-limited',
};

export function refusalOf(status: number, code: string): AppError {
  const [ours, detail] = known[code] ?? [byStatus[status] ?? (status >= 500 ? 'internal' : 'bad-request')];
  return new AppError(ours, {
    ...(detail === undefined ? {} : { detail }),
    ...(ours === 'rate-limited' ? { retryAfterSeconds: 60 } : {}),
  });
}
