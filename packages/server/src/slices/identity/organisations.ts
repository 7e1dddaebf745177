import type { Database } from '../../platform/db/db.ts';
import { hashToken, newId, newToken } from '../../platform/ids.ts';
import type { Keyring } from '../../platform/keys/keyring.ts';
import { StartupError } from '../../platform/startupError.ts';
import { insertInvitation } from './memberInvitations.store.ts';
import * as store from './store.ts';

const invitationSeconds = 7 * 86_400;

export interface AddedOrganisation {
  id: string;
  slug: string;
  /** Of the invitation by which its first owner gets in; given this one time. */
  token: string;
}

/** A short name for addresses and the sign-in, from the name people read. */
export const slugOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40) || 'org';

/** What only whoever runs the server does, on its command line. */
export function createOrganisations({ db, keyring }: { db: Database; keyring: Keyring }) {
  return {
    /** A further organisation, without anybody in it, and an invitation for its first owner. Throws StartupError before the set-up. */
    async addOrganisation(name: string, ownerEmail: string | null): Promise<AddedOrganisation> {
      return db.everywhere.tx(async (tx) => {
        await store.lockSetup(tx);
        if (!(await store.findFirstOrg(tx)))
          throw new StartupError('This server is not set up yet.', 'Start it on 127.0.0.1 and set it up first.');
        const [id, token] = [newId(), newToken()];
        const base = slugOf(name);
        const slug = (await store.findOrgBySlug(tx, base)) ? `${base}-${id.slice(-6)}` : base;
        await store.insertOrg(tx, id, name, slug);
        await keyring.create(tx, id, id);
        await insertInvitation(tx, id, {
          id: newId(),
          tokenHash: hashToken(token),
          email: ownerEmail,
          name: null,
          roles: ['owner'],
          invitedBy: null,
          expiresInSeconds: invitationSeconds,
        });
        return { id, slug, token };
      });
    },

    /** Every organisation of this server, the first one first. */
    listOrganisations: () => store.listOrgs(db.everywhere),
  };
}
