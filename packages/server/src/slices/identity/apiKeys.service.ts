import type { Page } from '@rapport/protocol/common';
import type { ApiKey, ApiKeyCreate, ApiKeyCreated } from '@rapport/protocol/members';
import { keyPermissions, type Permission } from '@rapport/protocol/permissions';
import type { z } from 'zod';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { hashToken, newId, newToken } from '../../platform/ids.ts';
import type { AccessNews } from './accessNews.ts';
import * as store from './apiKeys.store.ts';
import { requireAll } from './granting.ts';
import { permissionsOfRoles } from './permissions.ts';
import type { ApiKeyRow } from './schema.ts';

export type ApiKeyService = ReturnType<typeof createApiKeyService>;

/** Tells a key from the token of a client. */
const keyPrefix = 'rk_';
const shownOfKey = keyPrefix.length + 6;
const possible: ReadonlySet<string> = new Set(keyPermissions);

export const isApiKey = (token: string): boolean => token.startsWith(keyPrefix);

const toKey = (row: ApiKeyRow): ApiKey => ({
  id: row.id,
  name: row.name,
  hint: row.hint,
  member: { id: row.user_id, name: row.user_name },
  scopes: row.scopes,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  createdAt: row.created_at,
});

/**
 * Whom a key acts for: its maker, with those of its scopes that its maker has at this moment and only while they may have
 * keys at all. Undefined for a key that is unknown, expired or revoked.
 */
export async function actorOfKey(db: Database, key: string): Promise<StaffActor | undefined> {
  const row = await store.findUserByKey(db.everywhere, hashToken(key));
  if (!row) return undefined;
  const own = new Set(permissionsOfRoles(row.roles, row.custom_permissions));
  if (!own.has('api-keys.own')) return undefined;
  if (row.unseen) await store.markUsed(db.in(row.org_id), row.org_id, row.key_id);
  const scopes = row.scopes.filter((name): name is Permission => possible.has(name) && own.has(name as Permission));
  return {
    kind: 'staff',
    orgId: row.org_id,
    userId: row.id,
    name: row.name,
    roles: row.roles,
    permissions: new Set<Permission>(['signed-in', ...scopes]),
    keyId: row.key_id,
  };
}

/** Keys with which a program acts for a member. */
export function createApiKeyService({ db, audit, news }: { db: Database; audit: Audit; news: AccessNews }) {
  /** Null: everybody's keys. */
  const reach = (actor: StaffActor): string | null => (actor.permissions.has('api-keys.manage') ? null : actor.userId);

  return {
    /** Newest first; what was revoked is not among it. Throws `forbidden` for everybody's without api-keys.manage. */
    async list(actor: Actor, page: Page, of: 'me' | 'everybody'): Promise<{ items: ApiKey[]; next: string | null }> {
      requireStaff(actor);
      if (of === 'everybody') requireAll(actor, ['api-keys.manage']);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const userId = of === 'me' ? actor.userId : null;
      const rows = await store.listKeys(db.in(actor.orgId), actor.orgId, userId, before, page.limit + 1);
      return toPage(rows, page.limit, toKey, (row) => encodeCursor(row.id));
    },

    /**
     * The key is given this one time. Throws `invalid-body` for a scope that no key can have, `forbidden` for one that the
     * actor lacks.
     */
    async create(actor: Actor, body: z.output<typeof ApiKeyCreate>): Promise<ApiKeyCreated> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      const scopes = [...new Set(body.scopes)];
      const wrong = scopes.find((name) => !possible.has(name));
      if (wrong !== undefined)
        throw new AppError('invalid-body', { errors: [{ pointer: '/scopes', message: `No key can have ${wrong}.` }] });
      requireAll(actor, scopes);
      const [id, key] = [newId(), `${keyPrefix}${newToken()}`];
      return audit.acting(actor, 'key.created', { key: id, user: userId }, async (tx) => {
        await store.insertKey(tx, orgId, {
          id,
          userId,
          name: body.name,
          hint: key.slice(0, shownOfKey),
          tokenHash: hashToken(key),
          scopes,
          expiresInDays: body.expiresInDays,
        });
        const row = await store.findKey(tx, orgId, id);
        if (!row) throw notFound();
        return { ...toKey(row), key };
      });
    },

    /** At once, on every server. Throws `not-found`, also for somebody else's without api-keys.manage. */
    async revoke(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      await audit.acting(actor, 'key.revoked', { key: id }, async (tx) => {
        if ((await store.revokeKey(tx, actor.orgId, id, reach(actor))) === 0) throw notFound();
      });
      news.changed(actor.orgId);
    },
  };
}
