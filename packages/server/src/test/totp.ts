import { createOTP } from '@better-auth/utils/otp';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The code that an authenticator app with this key (base32, as it is shown) shows now. */
export function totpOf(key: string): Promise<string> {
  const bits = [...key].map((each) => alphabet.indexOf(each).toString(2).padStart(5, '0')).join('');
  const bytes = bits.match(/.{8}/g) ?? [];
  return createOTP(bytes.map((each) => String.fromCharCode(parseInt(each, 2))).join('')).totp();
}
