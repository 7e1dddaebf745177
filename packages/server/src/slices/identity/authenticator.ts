import { clientPermissions } from '@rapport/protocol/permissions';
import type { Config } from '../../config/config.ts';
import type { Actor, StaffActor } from '../../platform/actor.ts';
import { createBriefCache } from '../../platform/briefCache.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { hashToken } from '../../platform/ids.ts';
import { actorOfKey, isApiKey } from './apiKeys.service.ts';
import { permissionsOfMember } from './permissions.ts';
import type { UserRow } from './schema.ts';
import * as store from './store.ts';

export const sessionCookie = 'rapport_session';

export interface Credentials {
  authorization?: string | undefined;
  cookies: Readonly<Record<string, string | undefined>>;
  remoteAddress?: string | undefined;
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

const loopback = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const loopbackHost = /^(localhost|\[::1\]|127(\.\d+){3})$/;

/**
 * Whether a request without any sign-in may act as the owner. A public address on a server bound to loopback means a
 * proxy stands in front: then everybody seems to come from this machine.
 */
export const ownerNeedsNoSignIn = (config: Pick<Config, 'localMode' | 'publicUrl'>): boolean =>
  config.localMode && (config.publicUrl === null || loopbackHost.test(new URL(config.publicUrl).hostname));

export function createAuthenticator({ db, config, clock }: { db: Database; config: Config; clock: Clock }) {
  // Below a second: a withdrawn invitation or a sign-out on another server bites within one.
  const cache = createBriefCache<Actor>(clock, { ttlMs: 900, max: 5000 });
  const local = ownerNeedsNoSignIn(config);
  let owner: Promise<StaffActor | null> | undefined;

  const bearer = async (token: string): Promise<Actor | undefined> => {
    if (isApiKey(token)) return actorOfKey(db, token);
    const row = await store.findClientToken(db.everywhere, hashToken(token));
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

  const cookie = async (token: string): Promise<StaffActor | undefined> => {
    const row = await store.findUserByAuthToken(db.everywhere, hashToken(token));
    return row && asStaff(row);
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
     * is unknown, or whose invitation or key was withdrawn.
     */
    async authenticate(credentials: Credentials): Promise<Actor | null> {
      const { authorization, cookies, remoteAddress } = credentials;
      if (authorization !== undefined) {
        const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
        const actor = token && (await cache.get(`bearer ${token}`, () => bearer(token)));
        if (!actor) throw new AppError('sign-in-required', { detail: 'This access token is not valid, or no longer.' });
        return actor;
      }
      const login = cookies[sessionCookie];
      const staff = login ? await cache.get(`cookie ${login}`, () => cookie(login)) : undefined;
      if (staff) return staff;
      return local && loopback.test(remoteAddress ?? '') ? localOwner() : null;
    },

    /** Drops what is remembered of tokens and the owner, after a change made on this server. */
    forget(): void {
      cache.clear();
      owner = undefined;
    },
  };
}
