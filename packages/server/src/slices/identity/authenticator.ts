import { clientPermissions } from '@rapport/protocol/permissions';
import type { Config } from '../../config/config.ts';
import type { Actor, StaffActor } from '../../platform/actor.ts';
import { createBatch } from '../../platform/batch.ts';
import { createBriefCache } from '../../platform/briefCache.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { hashToken } from '../../platform/ids.ts';
import { actorOfKey, isApiKey } from './apiKeys.service.ts';
import { hashLoginToken, sessionDays } from './logins.shared.ts';
import * as logins from './logins.store.ts';
import { permissionsOfMember } from './permissions.ts';
import type { SignedInRow, UserRow } from './schema.ts';
import * as store from './store.ts';

export type Cookies = Readonly<Record<string, string | undefined>>;

/** Over https a browser takes the name with the prefix only from this server itself. */
export const sessionCookies = ['__Host-rapport_session', 'rapport_session'] as const;

/**
 * How the database knows the login of these cookies; null without one. What follows the point is the library's signature:
 * it need not be looked at, as the token itself cannot be guessed and the database does not hold it.
 */
export function tokenHashOf(cookies: Cookies): string | null {
  const value = sessionCookies.map((name) => cookies[name]).find((each) => each !== undefined);
  const token = value?.split('.')[0];
  return token ? hashLoginToken(token) : null;
}

const strong = new Set(['totp', 'recovery-code', 'passkey', 'oidc-strong']);

export const secondFactorMissing = (row: Pick<SignedInRow, 'second_factor_required' | 'method'>): boolean =>
  row.second_factor_required && !strong.has(row.method);

export interface Credentials {
  authorization?: string | undefined;
  cookies: Cookies;
  remoteAddress?: string | undefined;
  /** Also for somebody who still has to set up the second factor that the organisation requires. */
  beforeSecondFactor?: boolean;
  /** Asked without a person behind it, e.g. by the patrol of the live connections: the login counts as unused, and the answer is of now. */
  unattended?: boolean;
}

export const asStaff = (row: UserRow): StaffActor => ({
  kind: 'staff',
  orgId: row.org_id,
  userId: row.id,
  name: row.name,
  roles: row.roles,
  permissions: permissionsOfMember(row.roles, row.custom_permissions),
  keyId: null,
});

interface Member {
  actor: StaffActor;
  /** The second factor that the organisation requires is missing. */
  incomplete: boolean;
}

// So long may what ended on another server go on here, if no news of it comes.
const rememberedMs = 450;
/** How often it is written down that a login is used; the least idle time is five minutes. */
const notedEveryMs = 60_000;

const loopback = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const loopbackHost = /^(localhost|\[::1\]|127(\.\d+){3})$/;

/**
 * Whether a request without any sign-in may act as the owner. A public address on a server bound to loopback means a
 * proxy stands in front: then everybody seems to come from this machine.
 */
export const ownerNeedsNoSignIn = (config: Pick<Config, 'localMode' | 'publicUrl'>): boolean =>
  config.localMode && (config.publicUrl === null || loopbackHost.test(new URL(config.publicUrl).hostname));

export function createAuthenticator({ db, config, clock }: { db: Database; config: Config; clock: Clock }) {
  const cache = createBriefCache<Actor>(clock, { ttlMs: rememberedMs, max: 5000 });
  const members = createBriefCache<Member>(clock, { ttlMs: rememberedMs, max: 5000 });
  const local = ownerNeedsNoSignIn(config);
  const usedAt = new Map<string, number>();
  let owner: Promise<StaffActor | null> | undefined;

  // The patrols of the live connections ask for everybody at one moment: one question, however many are connected.
  const signedIn = createBatch(async (hashes) => {
    const rows = await logins.listSignedIn(db.everywhere, hashes);
    return new Map(rows.map((row) => [row.token, row]));
  });
  const clientTokens = createBatch(async (hashes) => {
    const rows = await store.listClientTokens(
      db.everywhere,
      hashes.map((hash) => Buffer.from(hash, 'base64url')),
    );
    return new Map(rows.map((row) => [row.token_hash.toString('base64url'), row]));
  });

  const keys = createBatch(async (tokens) => {
    const actors = await Promise.all(tokens.map((token) => actorOfKey(db, token)));
    return new Map(tokens.map((token, at) => [token, actors[at]]));
  });

  /** At most one statement a minute and login; one that is lost is made up for by the next. */
  const noteUse = (hash: string): void => {
    const now = clock.now();
    if (now - (usedAt.get(hash) ?? -Infinity) < notedEveryMs) return;
    if (usedAt.size >= 5000) usedAt.clear();
    usedAt.set(hash, now);
    const most = { days: sessionDays, idleMinutes: config.idleMinutes };
    logins.markSessionUsed(db.everywhere, hash, most).catch(() => usedAt.delete(hash));
  };

  const bearer = async (token: string): Promise<Actor | undefined> => {
    if (isApiKey(token)) return keys(token);
    const row = await clientTokens(hashToken(token).toString('base64url'));
    return (
      row && {
        kind: 'client',
        orgId: row.org_id,
        sessionId: row.session_id,
        tokenId: row.id,
        name: row.alias,
        permissions: clientPermissions,
      }
    );
  };

  const cookie = async (hash: string): Promise<Member | undefined> => {
    const row = await signedIn(hash);
    return row && { actor: asStaff(row), incomplete: secondFactorMissing(row) };
  };

  // Kept until somebody's access changes: `forget` is called for that on every server.
  const localOwner = (): Promise<StaffActor | null> => {
    if (owner) return owner;
    const asked = store.findFirstOwner(db.everywhere).then((row) => (row ? asStaff(row) : null));
    const forget = () => {
      if (owner === asked) owner = undefined;
    };
    asked.then((found) => found ?? forget(), forget);
    return (owner = asked);
  };

  return {
    /**
     * Whose request this is: a client by Bearer token, a member by API key or cookie, in local mode the owner; else null, also before
     * the set-up. A local owner costs no query, a token at most one. Throws `sign-in-required` for a Bearer token that
     * is unknown, or whose invitation or key was withdrawn, `second-factor-required` for a member who has yet to set one up.
     */
    async authenticate(credentials: Credentials): Promise<Actor | null> {
      const { authorization, cookies, remoteAddress, unattended = false } = credentials;
      if (authorization !== undefined) {
        const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
        const actor = token && (await (unattended ? bearer(token) : cache.get(`bearer ${token}`, () => bearer(token))));
        if (!actor) throw new AppError('sign-in-required', { detail: 'This access token is not valid, or no longer.' });
        return actor;
      }
      const hash = tokenHashOf(cookies);
      const member =
        hash === null ? undefined : await (unattended ? cookie(hash) : members.get(hash, () => cookie(hash)));
      if (member?.incomplete && !credentials.beforeSecondFactor) throw new AppError('second-factor-required');
      if (member && hash !== null && !unattended) noteUse(hash);
      if (member) return member.actor;
      return local && loopback.test(remoteAddress ?? '') ? localOwner() : null;
    },

    /** Whoever holds these cookies did something that is no request, e.g. over a live socket. */
    noteUse(cookies: Cookies): void {
      const hash = tokenHashOf(cookies);
      if (hash !== null) noteUse(hash);
    },

    /** Drops what is remembered of tokens and the owner, after a change made on this server. */
    forget(): void {
      cache.clear();
      members.clear();
      usedAt.clear();
      owner = undefined;
    },
  };
}
