import type { ProviderKind } from '@rapport/protocol/inference';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { ProviderRow } from './schema.ts';

// xmin is the transaction that wrote the row: a version that nobody has to keep.
const columns = `id, kind, label, base_url, model, embedding_model, rerank_model, api_key, is_default, approval, agreement_note, agreed_on::text, decided_at,
  (select require_approval from org where org.id = org_id) as require_approval, created_at, xmin::text as version`;

const keyPlace = (orgId: string, id: string) => ({ orgId, table: 'provider', column: 'api_key', rowId: id });

export interface ProviderDraft {
  id: string;
  kind: ProviderKind;
  label: string;
  baseUrl: string | null;
  model: string | null;
  apiKey: string | null;
}

const valuesOf = async (db: Db, orgId: string, p: ProviderDraft) => [
  orgId,
  p.id,
  p.kind,
  p.label,
  p.baseUrl,
  p.model,
  p.apiKey === null ? null : await db.codec.seal(keyPlace(orgId, p.id), p.apiKey),
];

/** Throws Unreadable. */
export const apiKeyOf = async (db: Db, orgId: string, row: ProviderRow): Promise<string | null> =>
  row.api_key && db.codec.open(keyPlace(orgId, row.id), row.api_key);

export const insertProvider = async (db: Db, orgId: string, provider: ProviderDraft) =>
  db.one<ProviderRow>(
    `insert into provider (org_id, id, kind, label, base_url, model, api_key) values ($1, $2, $3, $4, $5, $6, $7)
     returning ${columns}`,
    await valuesOf(db, orgId, provider),
  );

/** Makes the provider, or makes the stored one like it; touches nothing when it is so already. */
export const putProvider = async (db: Db, orgId: string, provider: ProviderDraft) =>
  db.exec(
    `insert into provider as p (org_id, id, kind, label, base_url, model, api_key) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (org_id, id) do update set kind = excluded.kind, label = excluded.label,
       base_url = excluded.base_url, model = excluded.model, api_key = excluded.api_key, deleted_at = null,
       approval = case when p.base_url = excluded.base_url then p.approval else 'unanswered' end
     where p.deleted_at is not null or (p.kind, p.label, p.base_url, p.model, p.api_key)
       is distinct from (excluded.kind, excluded.label, excluded.base_url, excluded.model, excluded.api_key)`,
    await valuesOf(db, orgId, provider),
  );

export const findProvider = (db: Db, orgId: string, id: string) =>
  db.maybe<ProviderRow>(`select ${columns} from provider where org_id = $1 and id = $2 and deleted_at is null`, [
    orgId,
    id,
  ]);

export const findDefaultProvider = (db: Db, orgId: string) =>
  db.maybe<ProviderRow>(`select ${columns} from provider where org_id = $1 and is_default and deleted_at is null`, [
    orgId,
  ]);

/** Newest first; `before` is the id the page starts below. */
const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

export const listProviders = (db: Db, orgId: string, q: string | undefined, before: string | null, limit: number) =>
  db.many<ProviderRow>(
    `select ${columns} from provider
     where org_id = $1 and deleted_at is null and ($2::uuid is null or id < $2)
       and ($4::text is null or label ilike $4) order by id desc limit $3`,
    [orgId, before, limit, q ? `%${escapeLike(q)}%` : null],
  );

/** The key goes at once; the rest of the row stays for the replies that name it. */
export const deleteProvider = (db: Db, orgId: string, id: string) =>
  db.exec(
    `update provider set deleted_at = now(), is_default = false, embedding_model = null, rerank_model = null, api_key = null
     where org_id = $1 and id = $2 and deleted_at is null`,
    [orgId, id],
  );

export const findEmbedder = (db: Db, orgId: string) =>
  db.maybe<ProviderRow>(
    `select ${columns} from provider where org_id = $1 and embedding_model is not null and deleted_at is null`,
    [orgId],
  );

export const findReranker = (db: Db, orgId: string) =>
  db.maybe<ProviderRow>(
    `select ${columns} from provider where org_id = $1 and rerank_model is not null and deleted_at is null`,
    [orgId],
  );

/** Asked by the server for itself: whose reference material gets vectors. */
export const organisationsWithEmbedder = async (db: Db): Promise<string[]> =>
  (
    await db.many<{ org_id: string }>(
      'select org_id from provider where embedding_model is not null and deleted_at is null',
    )
  ).map((row) => row.org_id);

/** One provider makes all vectors of an organisation: those of two models cannot be compared. */
export const setEmbedder = async (tx: Tx, orgId: string, id: string, model: string | null) => {
  await lockProviders(tx, orgId);
  if (model !== null)
    await tx.exec(
      'update provider set embedding_model = null where org_id = $1 and id <> $2 and embedding_model is not null',
      [orgId, id],
    );
  return tx.maybe<ProviderRow>(
    `update provider set embedding_model = $3 where org_id = $1 and id = $2 and deleted_at is null returning ${columns}`,
    [orgId, id, model],
  );
};

/** One provider reranks for an organisation. */
export const setReranker = async (tx: Tx, orgId: string, id: string, model: string | null) => {
  await lockProviders(tx, orgId);
  if (model !== null)
    await tx.exec(
      'update provider set rerank_model = null where org_id = $1 and id <> $2 and rerank_model is not null',
      [orgId, id],
    );
  return tx.maybe<ProviderRow>(
    `update provider set rerank_model = $3 where org_id = $1 and id = $2 and deleted_at is null returning ${columns}`,
    [orgId, id, model],
  );
};

export const setProcessing = (
  db: Db,
  orgId: string,
  id: string,
  decision: { approved: boolean; note: string; agreedOn: string | null },
  by: string,
) =>
  db.maybe<ProviderRow>(
    `update provider set approval = case when $3 then 'approved' else 'refused' end, agreement_note = $4,
       agreed_on = $5::date, decided_by = $6, decided_at = now()
     where org_id = $1 and id = $2 and deleted_at is null returning ${columns}`,
    [orgId, id, decision.approved, decision.note, decision.agreedOn, by],
  );

export const approvalRequired = async (db: Db, orgId: string): Promise<boolean> =>
  (await db.one<{ required: boolean }>('select require_approval as required from org where id = $1', [orgId])).required;

export const setApprovalRequired = (db: Db, orgId: string, required: boolean) =>
  db.exec('update org set require_approval = $2 where id = $1', [orgId, required]);

/** Two who choose at once wait for each other here; otherwise one would meet the unique index. */
export const lockProviders = (db: Db, orgId: string) =>
  db.exec('select id from org where id = $1 for no key update', [orgId]);

export const clearDefault = (db: Db, orgId: string) =>
  db.exec('update provider set is_default = false where org_id = $1 and is_default', [orgId]);

export const setDefault = (db: Db, orgId: string, id: string) =>
  db.maybe<ProviderRow>(
    `update provider set is_default = true where org_id = $1 and id = $2 and deleted_at is null returning ${columns}`,
    [orgId, id],
  );

/** Asked before there is an actor: whether this server is set up. */
export const anyOrg = async (db: Db): Promise<boolean> => (await db.maybe('select id from org limit 1')) !== undefined;

/** Asked at the start of a server: whether any organisation has a provider of this kind. */
export const anyProviderOf = async (db: Db, kind: ProviderKind): Promise<boolean> =>
  (await db.maybe('select id from provider where kind = $1 and deleted_at is null limit 1', [kind])) !== undefined;
