import {
  startAuthentication,
  startRegistration,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import { i18next } from '../../i18n/index.ts';
import { api } from '../../lib/api.ts';

/** What a browser or the library says of a passkey, for a person. */
export function passkeyReason(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  if (code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED') return i18next.t('passkey.known');
  if (code === 'ERROR_INVALID_DOMAIN' || code === 'ERROR_INVALID_RP_ID') return i18next.t('passkey.address');
  if (code?.endsWith('_SUPPORT')) return i18next.t('passkey.unfit');
  return i18next.t(name === 'NotAllowedError' || name === 'AbortError' ? 'passkey.cancelled' : 'passkey.failed');
}

const asked = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw new Error(passkeyReason(error));
  });

/** Throws a sentence for a person, e.g. where they cancel. */
export async function signInWithPasskey(): Promise<void> {
  const optionsJSON = await api.get<PublicKeyCredentialRequestOptionsJSON>(
    '/auth/passkey/generate-authenticate-options',
  );
  // What the server asks for otherwise, "preferred", lets an authenticator skip the fingerprint or PIN, which it then refuses.
  const response = await asked(startAuthentication({ optionsJSON: { ...optionsJSON, userVerification: 'required' } }));
  await api.post('/auth/passkey/verify-authentication', { response });
}

/** Throws as signing in does. */
export async function makePasskey(name: string): Promise<void> {
  const optionsJSON = await api.get<PublicKeyCredentialCreationOptionsJSON>('/auth/passkey/generate-register-options');
  const response = await asked(startRegistration({ optionsJSON }));
  await api.post('/auth/passkey/verify-registration', { response, ...(name ? { name } : {}) });
}
