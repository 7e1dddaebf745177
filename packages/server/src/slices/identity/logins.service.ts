import type { Letters, OwnOrganisation, OwnSignIn } from '@rapport/protocol/signIn';
import type { Config } from '../../config/config.ts';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import type { Keyring } from '../../platform/keys/keyring.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Outgoing } from '../../platform/net/outgoing.ts';
import type { Mail } from '../../platform/mail/mail.ts';
import { ownerNeedsNoSignIn, secondFactorMissing, tokenHashOf, type Cookies } from './authenticator.ts';
import { refusalOf } from './logins.answers.ts';
import { createLoginAudit } from './logins.audit.ts';
import type { createLoginLibrary, LoginHooks } from './logins.library.ts';
import { authPath, orgHeader, linkMinutes } from './logins.shared.ts';
import * as store from './logins.store.ts';
import { openProvider, requireOwnMetadata } from './oidc.service.ts';
import { requireGoodPassword } from './passwordRules.ts';
import type { IdentityProvider } from './schema.ts';

export interface LoginDeps {
  db: Database;
  audit: Audit;
  keyring: Keyring;
  config: Pick<Config, 'publicUrl' | 'localMode' | 'idleMinutes'>;
  mail: Mail;
  log: Logger;
  /** What the library asks of OpenID providers goes through it. */
  outgoing: Outgoing;
  forget(): void;
}

/** Where a request came from, as far as signing in needs it. */
export interface Caller {
  /** Scheme, host and port the person sees. */
  origin: string;
  address: string;
  cookie?: string | undefined;
  userAgent?: string | undefined;
}

export interface LoginQuestion {
  method: 'GET' | 'POST';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** The OpenID provider it is about. */
  provider?: string;
  /** Where the person wants to be signed in. */
  orgId?: string;
}

export interface LoginAnswer {
  cookies: string[];
  /** Where a browser is to go on. */
  location: string | null;
  body: unknown;
}

export type LoginService = ReturnType<typeof createLoginService>;
type Library = ReturnType<typeof createLoginLibrary>;

const keptLibraries = 20;
const sweepMs = 600_000;

const texts = {
  'sign-in': ['Your sign-in link', 'sign-in#link', 'Open this link to sign in. It is good once, for ten minutes.'],
  reset: ['Set a new password', 'sign-in#reset', 'Open this link to set a new password. It is good for ten minutes.'],
  confirm: ['Confirm your e-mail address', 'sign-in#confirm', 'Open this link to confirm that this address is yours.'],
} as const;

const noLetters = {
  'no-mail-server': 'This server sends no letters. Use another way, or ask your administrators.',
  'no-public-address': 'This server sends no links yet: it was not told its own address. Ask your administrators.',
} as const;

/** Signing in, and what a login is made of; the work itself is the library's. */
export function createLoginService({ db, audit, keyring, config, mail, log, outgoing, forget }: LoginDeps) {
  const audited = createLoginAudit({ db, audit });
  const libraries = new Map<string, Library>();
  let secret: Promise<Buffer> | undefined;
  let swept = 0;

  const theSecret = () => (secret ??= keyring.serverSecret(db.everywhere, 'sign-in'));

  const hooksFor = (origin: string): LoginHooks => ({
    isMember: (loginId, orgId) => store.isMember(db.everywhere, loginId, orgId),
    idleMinutes: (loginId, orgId) => store.idleMinutesOf(db.everywhere, loginId, orgId, config.idleMinutes),
    takeCode: async (loginId, code, open) => (await import('./appCodes.ts')).takeAppCode(db, loginId, code, open),
    wrongCode: (loginId, act) => audited.note(loginId, act, 'wrong-code'),
    logError: (message) => log.debug({ err: message.slice(0, 200) }, 'a sign-in was refused'),
    sendLink(kind, email, token) {
      const [subject, path, text] = texts[kind];
      void store.findLoginByEmail(db.everywhere, email).then(
        (login) => {
          // A link for confirming goes to an address that is nobody's yet.
          if (!store.hasAddress(email) || (!login && kind !== 'confirm')) return;
          mail.post({
            to: email,
            subject,
            goodForMinutes: linkMinutes,
            text: `${text}\n\n${origin}/${path}=${encodeURIComponent(token)}\n\nIf you did not ask for this, leave it: nothing happens.\n`,
          });
        },
        (error: Error) => log.error({ err: error.message }, 'a letter could not be written'),
      );
    },
  });

  const libraryFor = async (origin: string, provider: IdentityProvider | null): Promise<[Library, () => void]> => {
    const key = `${origin} ${provider?.id ?? ''} ${provider?.updatedAt ?? ''}`;
    const drop = () => void libraries.delete(key);
    const found = libraries.get(key);
    if (found) return [found, drop];
    const secretNow = await theSecret();
    if (provider) await requireOwnMetadata(outgoing, provider);
    // A server on which nobody signs in starts sooner and smaller without it.
    const { createLoginLibrary } = await import('./logins.library.ts');
    // The library asks the provider for its addresses as soon as it is made.
    const made = await outgoing.within(async () =>
      createLoginLibrary({ origin, secret: secretNow, db, hooks: hooksFor(origin), provider }),
    );
    libraries.set(key, made);
    if (libraries.size > keptLibraries) libraries.delete(libraries.keys().next().value ?? '');
    return [made, drop];
  };

  const sweep = () => {
    if (Date.now() - swept < sweepMs) return;
    swept = Date.now();
    store.deleteExpired(db.everywhere).catch((error: Error) => log.debug({ err: error.message }, 'swept another time'));
  };

  const ask = async (caller: Caller, asked: LoginQuestion): Promise<LoginAnswer> => {
    const { body: told } = asked;
    if (told && typeof told === 'object' && 'newPassword' in told) {
      const about = 'token' in told ? await store.wordsAboutReset(db.everywhere, String(told.token)) : [];
      requireGoodPassword(String(told.newPassword), about);
    }
    const provider = asked.provider === undefined ? null : await openProvider(db, asked.provider);
    const [library, drop] = await libraryFor(caller.origin, provider);
    const query = asked.query ? `?${new URLSearchParams(asked.query).toString()}` : '';
    const response = await outgoing.within(() =>
      library.handler(
        new Request(`${caller.origin}${authPath}${asked.path}${query}`, {
          method: asked.method,
          headers: {
            // Our own check of where a request came from has passed; programs send none.
            origin: caller.origin,
            'x-rapport-address': caller.address,
            ...(asked.orgId === undefined ? {} : { [orgHeader]: asked.orgId }),
            ...(caller.cookie === undefined ? {} : { cookie: caller.cookie }),
            ...(caller.userAgent === undefined ? {} : { 'user-agent': caller.userAgent.slice(0, 300) }),
            ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
        }),
      ),
    );
    const text = await response.text();
    const body = response.headers.get('content-type')?.includes('json') && text ? (JSON.parse(text) as unknown) : null;
    if (response.status >= 400) {
      // A provider that did not answer when it was first asked is asked anew.
      if (provider) drop();
      const code = body && typeof body === 'object' && 'code' in body ? String(body.code) : '';
      throw refusalOf(response.status, code);
    }
    const cookies = response.headers.getSetCookie();
    await audited.answered(asked.path, caller.cookie, cookies);
    forget();
    sweep();
    return { cookies, location: response.headers.get('location'), body };
  };

  const own = async (actor: Actor) => {
    requireStaff(actor);
    const login = await store.findLoginOf(db.everywhere, actor.orgId, actor.userId);
    if (!login) throw notFound();
    return login;
  };

  /**
   * Without a mail server letters are kept for the machine itself, which nobody else may read. Where others reach this server,
   * somebody has to say under which address: a link made of what a stranger claims could lead a token to them.
   */
  const letters = (): Letters => {
    if (!mail.leaves) return ownerNeedsNoSignIn(config) ? 'kept' : 'no-mail-server';
    return config.localMode || config.publicUrl !== null ? 'sent' : 'no-public-address';
  };

  return {
    ask,

    letters,

    /** For what sends a letter with a link. Throws `wrong-state` where it could reach nobody. */
    requireLetters(): void {
      const why = letters();
      if (why === 'no-mail-server' || why === 'no-public-address')
        throw new AppError('wrong-state', { detail: noLetters[why] });
    },

    /** Throws `not-found` for a passkey of somebody else as for one that does not exist. */
    async requireOwnPasskey(actor: Actor, id: string): Promise<void> {
      const { id: loginId } = await own(actor);
      const passkeys = await store.listPasskeys(db.everywhere, loginId);
      if (!passkeys.some((one) => one.id === id)) throw notFound();
    },

    /** How the asker signs in, and where they are signed in. */
    async ownSignIn(actor: Actor, cookies: Cookies): Promise<OwnSignIn> {
      const login = await own(actor);
      const hash = tokenHashOf(cookies);
      const here = hash === null ? undefined : await store.findSignedIn(db.everywhere, hash);
      requireStaff(actor);
      const [password, passkeys, sessions, required] = await Promise.all([
        store.findPassword(db.everywhere, login.id),
        store.listPasskeys(db.everywhere, login.id),
        store.listSessions(db.everywhere, login.id),
        store.signInPolicy(db.everywhere, actor.orgId),
      ]);
      return {
        email: store.hasAddress(login.email) ? login.email : null,
        emailVerified: login.email_verified,
        hasPassword: password !== null,
        secondFactor: login.two_factor_enabled,
        secondFactorRequired: required.required,
        secondFactorMissing: here !== undefined && secondFactorMissing(here),
        signedIn: here !== undefined,
        bound: here?.bound ?? false,
        passkeys: passkeys.map((p) => ({ id: p.id, name: p.name, synced: p.backed_up, createdAt: p.created_at })),
        sessions: sessions.map((s) => ({
          id: s.id,
          here: s.id === here?.session_id,
          method: s.method,
          address: s.ip_address,
          device: s.user_agent,
          createdAt: s.created_at,
          expiresAt: s.expires_at,
        })),
      };
    },

    /** Where else one belongs. A sign-in that an organisation's provider vouched for knows that organisation alone. */
    async ownOrganisations(actor: Actor, cookies: Cookies): Promise<OwnOrganisation[]> {
      const login = await own(actor);
      const hash = tokenHashOf(cookies);
      const here = hash === null ? undefined : await store.findSignedIn(db.everywhere, hash);
      const all = await store.listOrganisations(db.everywhere, login.id);
      return all
        .map((each) => ({ ...each, here: each.id === actor.orgId }))
        .filter((each) => each.here || (here !== undefined && !here.bound));
    },

    /**
     * Goes on in another organisation, as who one is there, on this device. Throws `not-found` for one that the sign-in does not
     * belong to, and where nobody is signed in or a provider vouched for the sign-in.
     */
    async switchOrganisation(actor: Actor, cookies: Cookies, orgId: string): Promise<void> {
      const login = await own(actor);
      const hash = tokenHashOf(cookies);
      if (hash === null) throw notFound();
      await db.everywhere.tx(async (tx) => {
        const here = await store.findSignedIn(tx, hash);
        if (here?.login_id !== login.id || (await store.switchSession(tx, hash, orgId)) === 0) throw notFound();
        await audited.record(tx, login.id, 'login.switched');
      });
      forget();
    },

    /** Signs out on one other device. Throws `not-found`. */
    async revokeSession(actor: Actor, id: string): Promise<void> {
      const login = await own(actor);
      await db.everywhere.tx(async (tx) => {
        if ((await store.deleteSession(tx, login.id, id)) === 0) throw notFound();
        await audited.record(tx, login.id, 'login.ended');
      });
      forget();
    },

    /** Signs out everywhere but here. */
    async revokeOthers(actor: Actor, cookies: Cookies): Promise<void> {
      const login = await own(actor);
      await db.everywhere.tx(async (tx) => {
        await store.deleteSessionsOf(tx, login.id, tokenHashOf(cookies));
        await audited.record(tx, login.id, 'login.ended');
      });
      forget();
    },

    /** Ends the login of this cookie; one that is not known is no error. */
    async signOut(cookies: Cookies): Promise<void> {
      const hash = tokenHashOf(cookies);
      if (hash === null) return;
      await db.everywhere.tx(async (tx) => {
        const login = await store.deleteSessionByToken(tx, hash);
        if (login) await audited.record(tx, login.login_id, 'login.sign-out');
      });
      forget();
    },
  };
}
