import type { OwnerPassword, SignIn } from '@rapport/protocol/setup';
import type { z } from 'zod';
import type { Config } from '../../config/config.ts';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { StartupError } from '../../platform/startupError.ts';
import { ownerNeedsNoSignIn, tokenHashOf, type Cookies } from './authenticator.ts';
import type { LoginAudit } from './logins.audit.ts';
import type { Caller, LoginAnswer, LoginService } from './logins.service.ts';
import * as logins from './logins.store.ts';
import { requireGoodPassword } from './passwordRules.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import * as store from './store.ts';
import type { SignInThrottle } from './throttle.ts';

interface Deps {
  db: Database;
  audit: LoginAudit;
  throttle: SignInThrottle;
  forget(): void;
}

export function createPasswordSignIn(parts: Omit<Deps, 'forget'> & { logins: LoginService }) {
  const { db, audit, throttle, logins: service } = parts;

  const loginOf = async (name: string, orgId: string | null) =>
    (name.includes('@') ? await logins.findLoginByEmail(db.everywhere, name) : undefined) ??
    (orgId === null ? undefined : await logins.findLoginInOrg(db.everywhere, orgId, name));

  /** Throws `invalid-body` where there are several and a mere name needs one. Null for one that does not exist. */
  const organisationOf = async ({ name, organisation }: z.output<typeof SignIn>): Promise<string | null> => {
    if (organisation !== undefined) return (await store.findOrgBySlug(db.everywhere, organisation))?.id ?? null;
    if ((await store.countOrgs(db.everywhere)) <= 1) return (await store.findFirstOrg(db.everywhere))?.id ?? null;
    if (name.includes('@')) return null;
    throw new AppError('invalid-body', {
      errors: [{ pointer: '/organisation', message: 'Name the organisation as well, or give your e-mail address.' }],
    });
  };

  return {
    /**
     * By e-mail address, or by a name with its organisation where there are several. Throws `wrong-password`, after the same time for one that does not exist, and
     * `rate-limited` after five failures under one name within a minute.
     */
    async signIn(body: z.output<typeof SignIn>, caller: Caller): Promise<LoginAnswer & { secondFactor: boolean }> {
      const key = `${body.organisation?.toLowerCase() ?? ''}/${body.name.toLowerCase()}`;
      await throttle.begin(key);
      const orgId = await organisationOf(body);
      const login = await loginOf(body.name, orgId);
      const answer = await service
        .ask(caller, {
          method: 'POST',
          path: '/sign-in/email',
          // A name that is nobody's goes to the library, too, which takes as long to refuse it.
          body: { email: login?.email ?? 'nobody@no-mail.invalid', password: body.password },
          ...(body.organisation === undefined || orgId === null ? {} : { orgId }),
        })
        .catch(async (error: unknown) => {
          if (!(error instanceof AppError) || error.status >= 500) throw error;
          await audit.refused(orgId, login?.id ?? null);
          // Text that is no address is nobody's; who belongs where is told to nobody.
          throw error.code === 'bad-request' || error.code === 'forbidden' ? new AppError('wrong-password') : error;
        });
      throttle.succeeded(key);
      const { body: told } = answer;
      return { ...answer, secondFactor: Boolean(told && typeof told === 'object' && 'twoFactorRedirect' in told) };
    },
  };
}

export function createPasswords({ db, audit, throttle, forget }: Deps) {
  const replace = async (loginId: string, password: string, keep: string | null, system: boolean): Promise<void> => {
    const hash = await hashPassword(password);
    await db.everywhere.tx(async (tx) => {
      await audit.record(tx, loginId, 'login.password-set', system);
      await logins.setPassword(tx, newId(), loginId, hash);
      await logins.deleteSessionsOf(tx, loginId, keep);
      tx.afterCommit(forget);
    });
  };

  return {
    /**
     * Sets one's own password and signs one out on every other device than the one with these cookies. Throws
     * `wrong-password` when there is a password already and `current` is not it, `rate-limited` like signing in,
     * `forbidden` for who was let in by an organisation's provider.
     */
    async setPassword(actor: Actor, body: z.output<typeof OwnerPassword>, cookies: Cookies): Promise<void> {
      requireStaff(actor);
      const login = await logins.findLoginOf(db.everywhere, actor.orgId, actor.userId);
      if (!login) throw new AppError('not-found');
      const hash = tokenHashOf(cookies);
      const here = hash === null ? undefined : await logins.findSignedIn(db.everywhere, hash);
      if (here?.bound)
        throw new AppError('forbidden', { detail: 'Sign in without your organisation’s provider first.' });
      requireGoodPassword(body.password, await logins.wordsAbout(db.everywhere, login.id));
      const known = await logins.findPassword(db.everywhere, login.id);
      if (known !== null) {
        await throttle.begin(login.id);
        if (!(await verifyPassword(known, body.current ?? ''))) {
          await audit.note(login.id, 'login.password-set', 'wrong-password');
          throw new AppError('wrong-password', { detail: 'The current password is not right.' });
        }
        throttle.succeeded(login.id);
      }
      await replace(login.id, body.password, hash, false);
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
      const login = await logins.findLoginOf(db.everywhere, owner.org_id, owner.id);
      if (!login) throw new AppError('set-up-first');
      requireGoodPassword(password, await logins.wordsAbout(db.everywhere, login.id));
      await replace(login.id, password, null, true);
    },
  };
}

/** Throws StartupError when others than this machine could reach a server whose owner has no password. */
export async function requireOwnerPassword(db: Database, config: Pick<Config, 'host' | 'localMode' | 'publicUrl'>) {
  if (ownerNeedsNoSignIn(config)) return;
  const owner = await store.findFirstOwner(db.everywhere);
  const login = owner && (await logins.findLoginOf(db.everywhere, owner.org_id, owner.id));
  if (login && (await logins.findPassword(db.everywhere, login.id)) !== null) return;
  const reach = config.localMode ? `is published as ${config.publicUrl}` : `would listen on ${config.host}`;
  throw new StartupError(
    `Rapport ${reach}, but no owner password is set, so anybody could take it over.`,
    'Start it once on 127.0.0.1 (without RAPPORT_PUBLIC_URL) and set a password in Settings, or run `npm run rapport -- set-password`.',
  );
}
