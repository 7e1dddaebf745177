import type { Me, OrganisationPatch } from '@rapport/protocol/setup';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import * as store from './store.ts';

export type Organisation = NonNullable<Me['organisation']>;

/** The organisation, and who somebody is in it. */
export function createOrganisation({ db, audit }: { db: Database; audit: Audit }) {
  const organisationOf = async (orgId: string): Promise<Organisation> => {
    const row = await store.findOrg(db.in(orgId), orgId);
    if (!row) throw notFound();
    return { id: row.id, name: row.name, slug: row.slug, allowTitles: row.allow_titles };
  };

  /** Who is asking, as they may see it. */
  const me = async (actor: Actor): Promise<Me> =>
    actor.kind === 'client'
      ? {
          kind: 'client',
          userId: null,
          name: actor.name ?? '',
          organisation: null,
          roles: ['client'],
          permissions: [...actor.permissions],
        }
      : {
          kind: 'staff',
          userId: actor.userId,
          name: actor.name,
          organisation: await organisationOf(actor.orgId),
          roles: [...actor.roles],
          permissions: [...actor.permissions],
        };

  return {
    me,

    /** The actor's own organisation. */
    async organisation(actor: Actor): Promise<Organisation> {
      requireStaff(actor);
      return organisationOf(actor.orgId);
    },

    organisationName: async (orgId: string): Promise<string> => (await organisationOf(orgId)).name,

    /** Whether personas of this organisation may claim licences and titles. */
    allowsTitles: async (orgId: string): Promise<boolean> => (await organisationOf(orgId)).allowTitles,

    async patchOrganisation(actor: Actor, patch: z.output<typeof OrganisationPatch>): Promise<Me> {
      requireStaff(actor);
      await audit.acting(actor, 'organisation.changed', {}, (tx) =>
        store.updateOrg(tx, actor.orgId, patch.name ?? null, patch.allowTitles ?? null),
      );
      return me(actor);
    },
  };
}
