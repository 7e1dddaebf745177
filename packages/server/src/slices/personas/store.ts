import type { Persona, PersonaSpec, PersonaVersion } from '@rapport/protocol/personas';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { PersonaRow, PersonaVersionRow } from './schema.ts';

const columns = 'id, draft, draft_changed, published_version, archived, created_at, updated_at';
const versionColumns = 'persona_id, version, spec, published_at';

const draftPlace = (orgId: string, rowId: string) => ({ orgId, table: 'persona', column: 'draft', rowId });
const specPlace = (orgId: string, id: string, version: number) => ({
  orgId,
  table: 'persona_version',
  column: 'spec',
  rowId: `${id}/${version}`,
});

/** Older ones say nothing of what was added since. */
const readSpec = (stored: string): PersonaSpec => {
  type Added = 'onlyMaterial' | 'rewriteQuestions';
  const spec = JSON.parse(stored) as Omit<PersonaSpec, Added> & Pick<Partial<PersonaSpec>, Added>;
  return { ...spec, onlyMaterial: spec.onlyMaterial ?? false, rewriteQuestions: spec.rewriteQuestions ?? false };
};

async function toPersona(db: Db, orgId: string, row: PersonaRow): Promise<Persona> {
  const spec = readSpec(await db.codec.open(draftPlace(orgId, row.id), row.draft));
  return {
    ...spec,
    id: row.id,
    publishedVersion: row.published_version,
    draftChanged: row.draft_changed,
    archived: row.archived,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

async function toVersion(db: Db, orgId: string, row: PersonaVersionRow): Promise<PersonaVersion> {
  const spec = await db.codec.open(specPlace(orgId, row.persona_id, row.version), row.spec);
  return {
    personaId: row.persona_id,
    version: row.version,
    publishedAt: row.published_at,
    spec: readSpec(spec),
  };
}

export async function insertPersona(db: Db, orgId: string, id: string, spec: PersonaSpec): Promise<Persona> {
  const row = await db.one<PersonaRow>(
    `insert into persona (org_id, id, name, draft) values ($1, $2, $3, $4) returning ${columns}`,
    [orgId, id, spec.name, await db.codec.seal(draftPlace(orgId, id), JSON.stringify(spec))],
  );
  return toPersona(db, orgId, row);
}

export async function findPersona(db: Db, orgId: string, id: string): Promise<Persona | undefined> {
  const row = await db.maybe<PersonaRow>(`select ${columns} from persona where org_id = $1 and id = $2`, [orgId, id]);
  return row && toPersona(db, orgId, row);
}

/** Two who edit or publish at once come one after the other. */
export async function lockPersona(tx: Tx, orgId: string, id: string): Promise<Persona | undefined> {
  const row = await tx.maybe<PersonaRow>(`select ${columns} from persona where org_id = $1 and id = $2 for update`, [
    orgId,
    id,
  ]);
  return row && toPersona(tx, orgId, row);
}

export interface PersonaChange {
  spec: PersonaSpec;
  archived: boolean;
  draftChanged: boolean;
}

export async function updatePersona(tx: Tx, orgId: string, id: string, change: PersonaChange): Promise<Persona> {
  const { spec, archived, draftChanged } = change;
  const row = await tx.one<PersonaRow>(
    `update persona set name = $3, draft = $4, archived = $5, draft_changed = $6, updated_at = now()
     where org_id = $1 and id = $2 returning ${columns}`,
    [orgId, id, spec.name, await tx.codec.seal(draftPlace(orgId, id), JSON.stringify(spec)), archived, draftChanged],
  );
  return toPersona(tx, orgId, row);
}

export interface PersonaFilter {
  /** Part of the name. */
  q?: string | undefined;
  /** Those that were archived too; default false. */
  archived?: boolean | undefined;
  /** Only those with a published version; default false. */
  published?: boolean | undefined;
}

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/** Newest first; `before` is the id the page starts below. */
export async function listPersonas(
  db: Db,
  orgId: string,
  filter: PersonaFilter,
  before: string | null,
  limit: number,
): Promise<Persona[]> {
  const rows = await db.many<PersonaRow>(
    `select ${columns} from persona
     where org_id = $1 and (not archived or $2::boolean) and ($3::text is null or name ilike $3)
       and ($4::uuid is null or id < $4) and (published_version is not null or not $6::boolean)
     order by id desc limit $5`,
    [
      orgId,
      filter.archived ?? false,
      filter.q ? `%${escapeLike(filter.q)}%` : null,
      before,
      limit,
      filter.published ?? false,
    ],
  );
  return Promise.all(rows.map((row) => toPersona(db, orgId, row)));
}

export async function insertVersion(
  tx: Tx,
  orgId: string,
  id: string,
  version: number,
  spec: PersonaSpec,
  by: string,
): Promise<PersonaVersion> {
  const row = await tx.one<PersonaVersionRow>(
    `with p as (
       update persona set published_version = $3, draft_changed = false, updated_at = now() where org_id = $1 and id = $2)
     insert into persona_version (org_id, persona_id, version, spec, published_by) values ($1, $2, $3, $4, $5)
     returning ${versionColumns}`,
    [orgId, id, version, await tx.codec.seal(specPlace(orgId, id, version), JSON.stringify(spec)), by],
  );
  return toVersion(tx, orgId, row);
}

export async function findVersion(
  db: Db,
  orgId: string,
  id: string,
  version: number,
): Promise<PersonaVersion | undefined> {
  const row = await db.maybe<PersonaVersionRow>(
    `select ${versionColumns} from persona_version where org_id = $1 and persona_id = $2 and version = $3`,
    [orgId, id, version],
  );
  return row && toVersion(db, orgId, row);
}

/** Newest first. */
export async function listVersions(db: Db, orgId: string, id: string, before: number | null, limit: number) {
  const rows = await db.many<PersonaVersionRow>(
    `select ${versionColumns} from persona_version
     where org_id = $1 and persona_id = $2 and ($3::int is null or version < $3) order by version desc limit $4`,
    [orgId, id, before, limit],
  );
  return Promise.all(rows.map((row) => toVersion(db, orgId, row)));
}
