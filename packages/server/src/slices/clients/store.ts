import type { Client } from '@rapport/protocol/clients';
import type { Rung } from '@rapport/protocol/supervision';
import type { Db } from '../../platform/db/db.ts';
import { emptyProfile, tagHashes, type ClientProfile, type ClientRow } from './schema.ts';

const place = (orgId: string, rowId: string) => ({ orgId, table: 'client', column: 'profile', rowId });
const columns = 'id, name, profile, policy, created_at, updated_at';

async function toClient(db: Db, orgId: string, row: ClientRow): Promise<Client> {
  const profile = JSON.parse(await db.codec.open(place(orgId, row.id), row.profile)) as Partial<ClientProfile>;
  return {
    id: row.id,
    name: row.name,
    ...emptyProfile,
    ...profile,
    policy: row.policy,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export async function insertClient(
  db: Db,
  orgId: string,
  id: string,
  name: string,
  { policy, ...profile }: ClientProfile & { policy: Rung },
): Promise<Client> {
  const row = await db.one<ClientRow>(
    `insert into client (org_id, id, name, profile, tag_hashes, policy) values ($1, $2, $3, $4, $5, $6)
     returning ${columns}`,
    [
      orgId,
      id,
      name,
      await db.codec.seal(place(orgId, id), JSON.stringify(profile), { holder: id }),
      await tagHashes(db, orgId, profile.tags),
      policy,
    ],
  );
  return toClient(db, orgId, row);
}

export async function updateClient(db: Db, orgId: string, client: Client): Promise<Client> {
  const { language, about, contact, tags, riskFactors, personaKnows } = client;
  const profile: ClientProfile = { language, about, contact, tags, riskFactors, personaKnows };
  const row = await db.one<ClientRow>(
    `update client set name = $3, profile = $4, policy = $5, tag_hashes = $6, updated_at = now()
     where org_id = $1 and id = $2 returning ${columns}`,
    [
      orgId,
      client.id,
      client.name,
      await db.codec.seal(place(orgId, client.id), JSON.stringify(profile), { holder: client.id }),
      client.policy,
      await tagHashes(db, orgId, tags),
    ],
  );
  return toClient(db, orgId, row);
}

/** `viewer`: see `viewerOf`; null sees every client. */
export async function findClient(
  db: Db,
  orgId: string,
  id: string,
  viewer: string | null,
): Promise<Client | undefined> {
  const row = await db.maybe<ClientRow>(
    `select ${columns} from client where org_id = $1 and id = $2
       and ($3::uuid is null or id in (select client_id from caseload_of($1, $3)))`,
    [orgId, id, viewer],
  );
  return row && toClient(db, orgId, row);
}

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/** Newest first, of whom the viewer may see; `q` is a part of the name, `tag` a whole one, `before` the id the page starts below. */
export async function listClients(
  db: Db,
  orgId: string,
  viewer: string | null,
  { q, tag }: { q?: string | undefined; tag?: string | undefined },
  before: string | null,
  limit: number,
): Promise<Client[]> {
  const rows = await db.many<ClientRow>(
    `select ${columns} from client
     where org_id = $1 and ($2::text is null or name ilike $2) and ($3::uuid is null or id < $3)
       and ($5::uuid is null or id in (select client_id from caseload_of($1, $5)))
       and ($6::bytea[] is null or tag_hashes @> $6)
     order by id desc limit $4`,
    [orgId, q ? `%${escapeLike(q)}%` : null, before, limit, viewer, tag ? await tagHashes(db, orgId, [tag]) : null],
  );
  return Promise.all(rows.map((row) => toClient(db, orgId, row)));
}
