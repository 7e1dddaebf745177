import type {
  KnowledgeAudience,
  KnowledgeBase,
  KnowledgeBaseCreate,
  KnowledgeBaseDetail,
} from '@rapport/protocol/knowledge';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { KnowledgeBaseRow } from './schema.ts';

const descriptionPlace = (orgId: string, rowId: string) => ({
  orgId,
  table: 'knowledge_base',
  column: 'description',
  rowId,
});

async function toBase(db: Db, orgId: string, row: KnowledgeBaseRow): Promise<KnowledgeBase> {
  return {
    id: row.id,
    name: row.name,
    description: row.description ? await db.codec.open(descriptionPlace(orgId, row.id), row.description) : '',
    language: row.language,
    audience:
      row.audience === 'organisation'
        ? { kind: 'organisation' }
        : { kind: 'chosen', userIds: row.user_ids, teamIds: row.team_ids },
    roomId: row.room_id,
    documentCount: row.document_count,
    publishUnlessLost: row.publish_unless_lost,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

const columns = `k.id, k.name, k.description, k.language, k.audience, k.room_id, k.publish_unless_lost, k.created_at, k.updated_at,
  array(select r.user_id from knowledge_reader r
    where r.org_id = k.org_id and r.knowledge_base_id = k.id and r.user_id is not null order by r.user_id) as user_ids,
  array(select r.team_id from knowledge_reader r
    where r.org_id = k.org_id and r.knowledge_base_id = k.id and r.team_id is not null order by r.team_id) as team_ids,
  (select count(*) from document d where d.org_id = k.org_id and d.knowledge_base_id = k.id) as document_count`;

const sealDescription = (db: Db, orgId: string, id: string, text: string): Promise<Buffer> | null =>
  text === '' ? null : db.codec.seal(descriptionPlace(orgId, id), text);

export async function insertBase(
  tx: Tx,
  orgId: string,
  base: { id: string; roomId: string } & KnowledgeBaseCreate,
): Promise<void> {
  const { id, roomId, name, description, language, audience, publishUnlessLost } = base;
  await tx.exec(
    `insert into knowledge_base (org_id, id, name, description, language, audience, publish_unless_lost, room_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      orgId,
      id,
      name,
      await sealDescription(tx, orgId, id, description),
      language,
      audience.kind,
      publishUnlessLost,
      roomId,
    ],
  );
}

export const updateBase = async (tx: Tx, orgId: string, id: string, base: KnowledgeBaseCreate): Promise<number> =>
  tx.exec(
    `update knowledge_base set name = $3, description = $4, language = $5, audience = $6, publish_unless_lost = $7,
       updated_at = now()
     where org_id = $1 and id = $2`,
    [
      orgId,
      id,
      base.name,
      await sealDescription(tx, orgId, id, base.description),
      base.language,
      base.audience.kind,
      base.publishUnlessLost,
    ],
  );

/** Replaces who is named. False: one of them is nobody of this organisation. */
export async function putReaders(tx: Tx, orgId: string, id: string, audience: KnowledgeAudience): Promise<boolean> {
  await tx.exec(`delete from knowledge_reader where org_id = $1 and knowledge_base_id = $2`, [orgId, id]);
  if (audience.kind === 'organisation') return true;
  const [users, teams] = [new Set(audience.userIds), new Set(audience.teamIds)];
  const put = await tx.exec(
    `insert into knowledge_reader (org_id, knowledge_base_id, user_id, team_id)
     select $1::uuid, $2::uuid, u.id, null::uuid from app_user u where u.org_id = $1 and u.id = any($3::uuid[])
     union all
     select $1, $2, null, t.id from team t where t.org_id = $1 and t.id = any($4::uuid[])`,
    [orgId, id, [...users], [...teams]],
  );
  return put === users.size + teams.size;
}

/** `viewer`: who has to be among its readers; null sees all. */
export async function findBase(
  db: Db,
  orgId: string,
  id: string,
  viewer: string | null,
): Promise<KnowledgeBase | undefined> {
  const row = await db.maybe<KnowledgeBaseRow>(
    `select ${columns} from knowledge_base k
     where k.org_id = $1 and k.id = $2 and ($3::uuid is null or k.id in (select knowledge_base_id from knowledge_of($1, $3)))`,
    [orgId, id, viewer],
  );
  return row && toBase(db, orgId, row);
}

export type BaseContents = Pick<KnowledgeBaseDetail, 'cursor' | 'states' | 'folders' | 'tags'>;

/** What is in it, counted, and the newest event of its room, as of one moment. */
export const findContents = async (
  db: Db,
  orgId: string,
  { id, roomId, publisher }: { id: string; roomId: string; publisher: boolean },
): Promise<BaseContents> => {
  const row = await db.maybe<BaseContents>(
    `with held as (
       select d.folder, d.tags, v.state
       from document d
       join document_version v on v.org_id = d.org_id and v.document_id = d.id
         and v.version = case when $4 then d.version else coalesce(d.ready_version, d.version) end
       where d.org_id = $1 and d.knowledge_base_id = $2)
     select r.seq as cursor,
       coalesce((select json_object_agg(state, n) from (select state, count(*) n from held group by 1) s), '{}') as states,
       coalesce((select json_agg(json_build_object('path', folder, 'count', n) order by folder)
         from (select folder, count(*) n from held where folder <> '' group by 1) f), '[]') as folders,
       coalesce((select json_agg(json_build_object('name', tag, 'count', n) order by tag)
         from (select tag, count(*) n from held, unnest(tags) tag group by 1) t), '[]') as tags
     from room r where r.org_id = $1 and r.id = $3`,
    [orgId, id, roomId, publisher],
  );
  return row ?? { cursor: 0, states: {}, folders: [], tags: [] };
};

/** Whose room this is. */
export const findBaseOfRoom = (db: Db, orgId: string, roomId: string, viewer: string | null) =>
  db.maybe<{ id: string }>(
    `select k.id from knowledge_base k
     where k.org_id = $1 and k.room_id = $2
       and ($3::uuid is null or k.id in (select knowledge_base_id from knowledge_of($1, $3)))`,
    [orgId, roomId, viewer],
  );

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/** Newest first. */
export async function listBases(
  db: Db,
  orgId: string,
  { q, viewer }: { q: string | undefined; viewer: string | null },
  before: string | null,
  limit: number,
): Promise<KnowledgeBase[]> {
  const rows = await db.many<KnowledgeBaseRow>(
    `select ${columns} from knowledge_base k where k.org_id = $1 and ($2::uuid is null or k.id < $2)
       and ($4::text is null or k.name ilike $4)
       and ($5::uuid is null or k.id in (select knowledge_base_id from knowledge_of($1, $5)))
     order by k.id desc limit $3`,
    [orgId, before, limit, q ? `%${escapeLike(q)}%` : null, viewer],
  );
  return Promise.all(rows.map((row) => toBase(db, orgId, row)));
}

/** Its documents with their passages and files, and its room, go with it. */
export async function deleteBase(tx: Tx, orgId: string, id: string, roomId: string): Promise<number> {
  const gone = await tx.exec(`delete from knowledge_base where org_id = $1 and id = $2`, [orgId, id]);
  await tx.exec(`delete from room where org_id = $1 and id = $2`, [orgId, roomId]);
  return gone;
}
