import type { IdentityProvider as Shown, IdentityProviderCreate, SignInPolicy } from '@rapport/protocol/signIn';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Db } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Outgoing } from '../../platform/net/outgoing.ts';
import { authPath, discoveryOf } from './logins.shared.ts';
import * as logins from './logins.store.ts';
import * as store from './oidc.store.ts';
import type { IdentityProvider, IdentityProviderRow } from './schema.ts';

const secretPlace = (orgId: string, id: string) => ({
  orgId,
  table: 'identity_provider',
  column: 'client_secret',
  rowId: id,
});

const slashless = (issuer: string): string => issuer.replace(/\/$/, '');

/**
 * What a provider publishes about itself must name the issuer that the organisation entered (OpenID Connect Discovery 4.3): else
 * one provider could pass for another. One that does not answer is told about where it is asked. Throws `provider-failed`.
 */
export async function requireOwnMetadata(
  outgoing: Pick<Outgoing, 'fetch'>,
  { issuer }: IdentityProvider,
): Promise<void> {
  const metadata: unknown = await outgoing
    .fetch(discoveryOf(issuer))
    .then((answer) => (answer.ok ? answer.json() : null))
    .catch(() => null);
  if (metadata === null || typeof metadata !== 'object') return;
  const named = 'issuer' in metadata ? String(metadata.issuer) : '';
  if (slashless(named) !== slashless(issuer))
    throw new AppError('provider-failed', {
      detail: 'The provider calls itself by another address than the one entered.',
    });
}

/** Before anybody is signed in. Throws `not-found`. */
export async function openProvider(db: Database, id: string): Promise<IdentityProvider> {
  const row = await store.findProvider(db.everywhere, id);
  if (!row) throw notFound();
  return {
    orgId: row.org_id,
    id: row.id,
    issuer: row.issuer,
    clientId: row.client_id,
    clientSecret: await openSecret(db.in(row.org_id), row),
    checksSecondFactor: row.checks_second_factor,
    updatedAt: row.updated_at,
  };
}

const openSecret = (db: Db, row: IdentityProviderRow): Promise<string | null> =>
  row.client_secret === null
    ? Promise.resolve(null)
    : db.codec.open(secretPlace(row.org_id, row.id), row.client_secret);

const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** How an organisation lets its members in. */
export function createSignInPolicy({ db, audit, forget }: { db: Database; audit: Audit; forget(): void }) {
  const shown = (row: IdentityProviderRow, origin: string): Shown => ({
    id: row.id,
    label: row.label,
    issuer: row.issuer,
    clientId: row.client_id,
    hasSecret: row.client_secret !== null,
    checksSecondFactor: row.checks_second_factor,
    redirectUrl: `${origin}${authPath}/callback/${row.id}`,
  });

  return {
    async listProviders(actor: Actor, origin: string): Promise<{ items: Shown[] }> {
      requireStaff(actor);
      const rows = await store.listProviders(db.in(actor.orgId), actor.orgId);
      return { items: rows.map((row) => shown(row, origin)) };
    },

    /** Throws `invalid-body` for an issuer that is asked over an open line. */
    async addProvider(actor: Actor, body: z.output<typeof IdentityProviderCreate>, origin: string): Promise<Shown> {
      requireStaff(actor);
      const issuer = new URL(body.issuer);
      if (issuer.protocol !== 'https:' && !loopback.test(issuer.hostname)) {
        throw new AppError('invalid-body', {
          errors: [{ pointer: '/issuer', message: 'The address must begin with https.' }],
        });
      }
      const id = newId();
      const { orgId } = actor;
      return audit.acting(actor, 'organisation.changed', {}, async (tx) => {
        const secret =
          body.clientSecret === undefined ? null : await tx.codec.seal(secretPlace(orgId, id), body.clientSecret);
        const row = await store.insertProvider(tx, orgId, {
          id,
          label: body.label,
          issuer: body.issuer,
          client_id: body.clientId,
          client_secret: secret,
          checks_second_factor: body.checksSecondFactor,
        });
        return shown(row, origin);
      });
    },

    async removeProvider(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      // The links lie above organisations, so the provider's own row tells first whether it is this one's.
      await db.everywhere.tx(async (tx) => {
        if ((await store.deleteProvider(tx, actor.orgId, id)) === 0) throw notFound();
        audit.record(tx, actor, 'organisation.changed', {});
      });
      forget();
    },

    /** What the sign-in page offers, before anybody is signed in. */
    async offered(orgId: string | null): Promise<{ id: string; label: string }[]> {
      if (orgId === null) return [];
      const rows = await store.listProviders(db.in(orgId), orgId);
      return rows.map(({ id, label }) => ({ id, label }));
    },

    async policy(actor: Actor): Promise<SignInPolicy> {
      requireStaff(actor);
      const { required, idle } = await logins.signInPolicy(db.in(actor.orgId), actor.orgId);
      return { secondFactorRequired: required, idleMinutes: idle };
    },

    /** Asking for less idle time shortens the logins there are. */
    async setPolicy(actor: Actor, asked: SignInPolicy): Promise<SignInPolicy> {
      requireStaff(actor);
      const { orgId } = actor;
      const known = await logins.signInPolicy(db.in(orgId), orgId);
      const idle = asked.idleMinutes === undefined ? known.idle : asked.idleMinutes;
      // Logins stand above organisations; the predicates name this one.
      await db.everywhere.tx(async (tx) => {
        audit.record(tx, actor, 'organisation.changed', {});
        await logins.setSignInPolicy(tx, orgId, asked.secondFactorRequired, idle);
        if (idle !== null) await logins.shortenSessions(tx, orgId, idle);
        tx.afterCommit(forget);
      });
      return { secondFactorRequired: asked.secondFactorRequired, idleMinutes: idle };
    },
  };
}
