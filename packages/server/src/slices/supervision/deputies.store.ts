import type { Db } from '../../platform/db/db.ts';

export const deputyOf = (db: Db, orgId: string, userId: string): Promise<{ id: string; name: string } | undefined> =>
  db.maybe<{ id: string; name: string }>(
    `select u.id, u.name from review_deputy d join app_user u on u.org_id = d.org_id and u.id = d.deputy_id
     where d.org_id = $1 and d.user_id = $2`,
    [orgId, userId],
  );

export const setDeputy = (db: Db, orgId: string, userId: string, deputyId: string | null): Promise<number> =>
  deputyId === null
    ? db.exec(`delete from review_deputy where org_id = $1 and user_id = $2`, [orgId, userId])
    : db.exec(
        `insert into review_deputy (org_id, user_id, deputy_id)
         select $1, $2, u.id from app_user u where u.org_id = $1 and u.id = $3 and u.status = 'active'
         on conflict (org_id, user_id) do update set deputy_id = excluded.deputy_id`,
        [orgId, userId, deputyId],
      );
