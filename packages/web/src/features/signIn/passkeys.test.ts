import { WebAuthnError } from '@simplewebauthn/browser';
import { expect, test } from 'vitest';
import '../../i18n/staff.ts';
import { passkeyReason } from './passkeys.ts';

const from = (code: ConstructorParameters<typeof WebAuthnError>[0]['code'], name = 'InvalidStateError') => {
  const cause = new Error('said by the browser');
  cause.name = name;
  return new WebAuthnError({ message: 'said by the library', code, cause });
};

test.each([
  [from('ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED'), 'This device already has a passkey for your sign-in.'],
  [from('ERROR_PASSTHROUGH_SEE_CAUSE_PROPERTY', 'NotAllowedError'), 'it was cancelled, or it took too long'],
  [from('ERROR_CEREMONY_ABORTED', 'AbortError'), 'it was cancelled, or it took too long'],
  [from('ERROR_INVALID_DOMAIN', 'SecurityError'), 'Passkeys do not work under this address'],
  [from('ERROR_AUTHENTICATOR_MISSING_USER_VERIFICATION_SUPPORT', 'ConstraintError'), 'cannot ask for a fingerprint'],
  [new Error('WebAuthn is not supported in this browser'), 'This device could not use a passkey.'],
])('%s is told in words for people', (error, told) => {
  expect(passkeyReason(error)).toContain(told);
  expect(passkeyReason(error)).not.toContain('said by');
});
