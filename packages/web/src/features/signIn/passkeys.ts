import {
  startAuthentication,
  startRegistration,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import { api } from '../../lib/api.ts';

/** Throws what the browser says where the person cancels. */
export async function signInWithPasskey(): Promise<void> {
  const optionsJSON = await api.get<PublicKeyCredentialRequestOptionsJSON>(
    '/auth/passkey/generate-authenticate-options',
  );
  // What the server asks for otherwise, "preferred", lets an authenticator skip the fingerprint or PIN, which it then refuses.
  const response = await startAuthentication({ optionsJSON: { ...optionsJSON, userVerification: 'required' } });
  await api.post('/auth/passkey/verify-authentication', { response });
}

export async function makePasskey(name: string): Promise<void> {
  const optionsJSON = await api.get<PublicKeyCredentialCreationOptionsJSON>('/auth/passkey/generate-register-options');
  const response = await startRegistration({ optionsJSON });
  await api.post('/auth/passkey/verify-registration', { response, ...(name ? { name } : {}) });
}
