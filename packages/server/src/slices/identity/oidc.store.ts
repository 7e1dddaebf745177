import type { Db } from '../../platform/db/db.ts';
import type { IdentityProviderRow } from './schema.ts';

const columns = `org_id, id, label, issuer, client_id, client_secret, checks_second_factor, updated_at`;

/** Of one organisation, as its sign-in page shows them. */
export const listProviders = (db: Db, orgId: string) =>
  db.many<IdentityProviderRow>(
    `select ${columns} from identity_provider where org_id = $1 order by lower(label), id limit 100`,
    [orgId],
  );

/** Before anybody is signed in the id is what tells the organisation: it is unique over all of them. */
export const findProvider = (db: Db, id: string) =>
  db.maybe<IdentityProviderRow>(`select ${columns} from identity_provider where id = $1`, [id]);

export const insertProvider = (db: Db, orgId: string, row: Omit<IdentityProviderRow, 'org_id' | 'updated_at'>) =>
  db.one<IdentityProviderRow>(
    `insert into identity_provider (org_id, id, label, issuer, client_id, client_secret, checks_second_factor)
     values ($1, $2, $3, $4, $5, $6, $7) returning ${columns}`,
    [orgId, row.id, row.label, row.issuer, row.client_id, row.client_secret, row.checks_second_factor],
  );

/** The links of members to it go as well: another provider that came under its id would be somebody else. */
export const deleteProvider = async (db: Db, orgId: string, id: string): Promise<number> => {
  const gone = await db.exec('delete from identity_provider where org_id = $1 and id = $2', [orgId, id]);
  if (gone > 0) await db.exec('delete from login_account where provider_id = $1', [id]);
  return gone;
};
