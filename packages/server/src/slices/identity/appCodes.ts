import { createOTP } from '@better-auth/utils/otp';
import type { Database } from '../../platform/db/db.ts';
import * as store from './logins.store.ts';

const periodMs = 30_000;
/** The library takes codes of the half minute before and after this one: clocks of telephones differ. */
const near = [-1, 0, 1];

/**
 * Takes a code that the library found right, so that it is good once, on all servers, and none before it is good any more.
 * False where it was taken before. `open` opens the sealed key of the app.
 */
export async function takeAppCode(
  db: Database,
  loginId: string,
  code: string,
  open: (sealed: string) => Promise<string>,
): Promise<boolean> {
  const factor = await store.findSecondFactor(db.everywhere, loginId);
  if (!factor) return false;
  const otp = createOTP(await open(factor.secret));
  const now = Math.floor(Date.now() / periodMs);
  for (const step of near.map((each) => now + each))
    if ((await otp.hotp(step)) === code) return store.takeStep(db.everywhere, loginId, step);
  return false;
}
