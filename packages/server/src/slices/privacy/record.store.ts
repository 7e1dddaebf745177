import type { PrivacyProfile } from '@rapport/protocol/processing';
import type { Db } from '../../platform/db/db.ts';

export const findProfile = (db: Db, orgId: string) =>
  db.maybe<PrivacyProfile>('select controller, contact, officer from privacy_profile where org_id = $1', [orgId]);

export const putProfile = (db: Db, orgId: string, profile: PrivacyProfile) =>
  db.exec(
    `insert into privacy_profile (org_id, controller, contact, officer) values ($1, $2, $3, $4)
     on conflict (org_id) do update set controller = excluded.controller, contact = excluded.contact,
       officer = excluded.officer`,
    [orgId, profile.controller, profile.contact, profile.officer],
  );
