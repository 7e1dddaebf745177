import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import * as store from './logins.store.ts';
import { requireGoodPassword } from './passwordRules.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import type { SignInThrottle } from './throttle.ts';

/**
 * The login of somebody who comes into an organisation: a new one, or, where their address has one already, that one, if they
 * know its password. An invitation alone must not be enough: whoever wrote it holds its link as well.
 *
 * The address of a new login counts as unproved until a letter to it came back; what was set before goes with that.
 */
export function createNewLogins(db: Database, throttle: SignInThrottle) {
  return async (email: string | null, given: { name: string; password: string }, organisation: string[]) => {
    const known = email === null ? undefined : await store.findLoginByEmail(db.everywhere, email);
    if (known) {
      await throttle.begin(known.id);
      const hash = await store.findPassword(db.everywhere, known.id);
      if (!(await verifyPassword(hash, given.password))) {
        throw new AppError('wrong-password', { detail: 'This address has a sign-in here already. Give its password.' });
      }
      throttle.succeeded(known.id);
      return async (_tx: Tx, _member: { id: string; name: string; email: string | null }) => known.id;
    }
    requireGoodPassword(given.password, [given.name, ...(email?.split(/[@.]/) ?? []), ...organisation]);
    const hash = await hashPassword(given.password);
    return async (tx: Tx, member: { id: string; name: string; email: string | null }): Promise<string> => {
      await store.insertLogin(tx, { ...member, verified: false });
      await store.setPassword(tx, newId(), member.id, hash);
      return member.id;
    };
  };
}
