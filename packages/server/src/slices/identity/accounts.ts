import type { Me, OwnerPassword, SignIn } from '@rapport/protocol/setup';
import type { z } from 'zod';
import type { Config } from '../../config/config.ts';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Recorded } from '../../platform/audit/recorder.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { hashToken, newId, newToken } from '../../platform/ids.ts';
import { StartupError } from '../../platform/startupError.ts';
import { asStaff, ownerNeedsNoSignIn } from './authenticator.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import * as store from './store.ts';
import { createSignInThrottle } from './throttle.ts';

export const signInSeconds = 30 * 86_400;

interface Deps {
  db: Database;
  audit: Audit;
  clock: Clock;
  forget(): void;
  me(actor: Actor): Promise<Me>;
}

export interface SignedIn {
  /** The cookie's value. */
  token: string;
  me: Me;
}

export function createSignIn({ db, audit, clock, forget, me }: Deps) {
  const throttle = createSignInThrottle(clock);

  const failed = (orgId: string, user: string | null): Promise<void> =>
    audit.note({ kind: 'nobody', orgId }, 'login.sign-in', { user }, 'wrong-password');

  const open = async (actor: StaffActor): Promise<string> => {
    const token = newToken();
    const expiresAt = new Date(clock.now() + signInSeconds * 1000).toISOString();
    await store.deleteExpiredAuthSessions(db.in(actor.orgId), actor.orgId);
    await audit.acting(actor, 'login.sign-in', { user: actor.userId }, (tx) =>
      store.insertAuthSession(tx, actor.orgId, {
        id: newId(),
        userId: actor.userId,
        tokenHash: hashToken(token),
        expiresAt,
      }),
    );
    return token;
  };

  /** Throws `invalid-body` where there are several and none is named. Undefined for one that does not exist. */
  const organisationOf = async (slug: string | undefined) => {
    if (slug !== undefined) return store.findOrgBySlug(db.everywhere, slug);
    if ((await store.countOrgs(db.everywhere)) <= 1) return store.findFirstOrg(db.everywhere);
    throw new AppError('invalid-body', {
      errors: [{ pointer: '/organisation', message: 'Name the organisation as well.' }],
    });
  };

  return {
    /**
     * By name or e-mail address. Throws `wrong-password`, after the same time for a name that does not exist, and `rate-limited` after five
     * failures under one name within a minute.
     */
    async signIn(body: z.output<typeof SignIn>): Promise<SignedIn> {
      const key = `${body.organisation?.toLowerCase() ?? ''}/${body.name.toLowerCase()}`;
      throttle.begin(key);
      const org = await organisationOf(body.organisation);
      const user = org && (await store.findCredentialByLogin(db.in(org.id), org.id, body.name));
      const right = await verifyPassword(user?.password_hash ?? null, body.password);
      if (!user || !right) {
        // Of a name nobody has, nothing is known that may be written down.
        if (org) await failed(org.id, user?.id ?? null);
        throw new AppError('wrong-password');
      }
      throttle.succeeded(key);
      const actor = asStaff(user);
      return { token: await open(actor), me: await me(actor) };
    },

    /** Ends the login of this cookie; one that is not known is no error. */
    async signOut(token: string | undefined): Promise<void> {
      if (!token) return;
      await db.everywhere.tx(async (tx) => {
        const ended = await store.deleteAuthSession(tx, hashToken(token));
        if (!ended) return;
        const by = { kind: 'staff' as const, orgId: ended.org_id, userId: ended.id, keyId: null };
        audit.record(tx, by, 'login.sign-out', { user: ended.id });
      });
      forget();
    },
  };
}

export function createPasswords({ db, audit, clock, forget }: Omit<Deps, 'me'>) {
  const throttle = createSignInThrottle(clock);

  const replace = async (by: Recorded, userId: string, password: string, keep: Buffer | null): Promise<void> => {
    const { orgId } = by;
    const hash = await hashPassword(password);
    await db.in(orgId).tx(async (tx) => {
      audit.record(tx, by, 'login.password-set', { user: userId });
      await store.updatePassword(tx, orgId, userId, hash);
      await store.deleteAuthSessionsOf(tx, orgId, userId, keep);
      tx.afterCommit(forget);
    });
  };

  return {
    /**
     * Sets one's own password and signs one out on every other device than the one with this `cookie`. Throws
     * `wrong-password` when there is a password already and `current` is not it, `rate-limited` like signing in.
     */
    async setPassword(actor: Actor, body: z.output<typeof OwnerPassword>, cookie?: string): Promise<void> {
      requireStaff(actor);
      const user = await store.findCredential(db.in(actor.orgId), actor.orgId, actor.userId);
      if (user?.password_hash) {
        throttle.begin(user.id);
        if (!(await verifyPassword(user.password_hash, body.current ?? ''))) {
          await audit.note(actor, 'login.password-set', { user: user.id }, 'wrong-password');
          throw new AppError('wrong-password', { detail: 'The current password is not right.' });
        }
        throttle.succeeded(user.id);
      }
      await replace(actor, actor.userId, body.password, cookie ? hashToken(cookie) : null);
    },

    /**
     * For the command line on the machine itself, where the password was forgotten: of the owner of longest standing of the
     * first organisation, or of the one with this short name. Throws `set-up-first`, StartupError for an unknown name.
     */
    async setOwnerPassword(password: string, slug?: string): Promise<void> {
      const org =
        slug === undefined ? await store.findFirstOrg(db.everywhere) : await store.findOrgBySlug(db.everywhere, slug);
      if (!org && slug !== undefined)
        throw new StartupError(`There is no organisation ${slug}.`, '`npm run rapport -- organisations` lists them.');
      const owner = org && (await store.findOwner(db.in(org.id), org.id));
      if (!owner) throw new AppError('set-up-first');
      await replace({ kind: 'system', orgId: owner.org_id }, owner.id, password, null);
    },
  };
}

/** Throws StartupError when others than this machine could reach a server whose owner has no password. */
export async function requireOwnerPassword(db: Database, config: Pick<Config, 'host' | 'localMode' | 'publicUrl'>) {
  if (ownerNeedsNoSignIn(config)) return;
  if ((await store.findFirstOwner(db.everywhere))?.password_hash) return;
  const reach = config.localMode ? `is published as ${config.publicUrl}` : `would listen on ${config.host}`;
  throw new StartupError(
    `Rapport ${reach}, but no owner password is set, so anybody could take it over.`,
    'Start it once on 127.0.0.1 (without RAPPORT_PUBLIC_URL) and set a password in Settings, or run `npm run rapport -- set-password`.',
  );
}
