import { createOTP } from '@better-auth/utils/otp';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const periodMs = 30_000;

/** The code that an authenticator app with this key (base32, as it is shown) shows now, or `later` half minutes later. */
export function totpOf(key: string, later = 0): Promise<string> {
  const bits = [...key].map((each) => alphabet.indexOf(each).toString(2).padStart(5, '0')).join('');
  const bytes = bits.match(/.{8}/g) ?? [];
  const otp = createOTP(bytes.map((each) => String.fromCharCode(parseInt(each, 2))).join(''));
  return otp.hotp(Math.floor(Date.now() / periodMs) + later);
}
