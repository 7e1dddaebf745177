import type {
  Memory,
  MemoryChange,
  MemoryEvidence,
  MemoryOrigin,
  MemoryReference,
  MemoryRevision,
} from '@rapport/protocol/memory';
import type { Db, Tx } from '../../platform/db/db.ts';
import {
  columnsOf,
  sealedFor,
  statementPlace,
  type MemoryRow,
  type MemorySubject,
  type NamedSubject,
  type RevisionRow,
  type State,
} from './schema.ts';
import { keepVector } from './vectors.store.ts';

const tagsPlace = (orgId: string, id: string, revision: number) => ({
  orgId,
  table: 'memory_revision',
  column: 'tags',
  rowId: `${id}/${revision}`,
});
const quotePlace = (orgId: string, id: string, ordinal: number) => ({
  orgId,
  table: 'memory_quote',
  column: 'quote',
  rowId: `${id}/${ordinal}`,
});

/** Each with where it leads: a page shows it under its session or its knowledge base. */
const placed = `coalesce((
  select jsonb_agg(x.ref || jsonb_build_object('within', coalesce(s.session_id, d.knowledge_base_id)) order by x.n)
  from jsonb_array_elements(m.references_to) with ordinality as x(ref, n)
  left join message s on x.ref ->> 'kind' = 'message' and s.org_id = m.org_id and s.id = (x.ref ->> 'id')::uuid
  left join document d on x.ref ->> 'kind' = 'document' and d.org_id = m.org_id and d.id = (x.ref ->> 'id')::uuid), '[]')`;

const columns = `m.id, m.client_id, m.persona_id, m.thread_id, m.statement, m.origin, ${placed} as references_to, m.created_at, r.revision, r.change,
  r.status, r.tags, r.sensitivity, r.salience, r.valid_from, r.valid_to, r.approved_by, r.approved_at, r.by_kind, r.user_id, r.at`;
const newest = `from memory m join memory_revision r on r.org_id = m.org_id and r.memory_id = m.id and r.revision = m.revision`;
const seen = `(m.client_id is null or $3::uuid is null or m.client_id in (select c.client_id from caseload_of($1, $3) c))`;

function subjectOfRow(row: MemoryRow): Memory['subject'] {
  if (row.thread_id) return { kind: 'thread', id: row.thread_id };
  return row.client_id ? { kind: 'client', id: row.client_id } : { kind: 'persona', id: row.persona_id ?? '' };
}

async function toMemory(db: Db, orgId: string, row: MemoryRow, evidence: MemoryEvidence[]): Promise<Memory> {
  return {
    id: row.id,
    subject: subjectOfRow(row),
    clientId: row.client_id,
    statement: await db.codec.open(statementPlace(orgId, row.id), row.statement),
    origin: row.origin,
    status: row.status,
    revision: row.revision,
    tags: await openTags(db, orgId, row.id, row),
    sensitivity: row.sensitivity,
    salience: row.salience,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    evidence,
    references: row.references_to,
    approvedBy: row.approved_by,
    approvedAt: row.approved_at,
    createdAt: row.created_at,
    changedAt: row.at,
  };
}

const openTags = async (db: Db, orgId: string, id: string, { tags, revision }: RevisionRow): Promise<string[]> =>
  JSON.parse(await db.codec.open(tagsPlace(orgId, id, revision), tags)) as string[];

interface QuoteRow {
  memory_id: string;
  ordinal: number;
  session_id: string;
  message_id: string;
  start_at: number;
  end_at: number;
  quote: Buffer;
}

async function withEvidence(db: Db, orgId: string, rows: MemoryRow[]): Promise<Memory[]> {
  if (rows.length === 0) return [];
  const quotes = await db.many<QuoteRow>(
    `select memory_id, ordinal, session_id, message_id, start_at, end_at, quote from memory_quote
     where org_id = $1 and memory_id = any($2::uuid[]) order by memory_id, ordinal`,
    [orgId, rows.map(({ id }) => id)],
  );
  const byMemory = Map.groupBy(quotes, (quote) => quote.memory_id);
  const open = async (quote: QuoteRow): Promise<MemoryEvidence> => ({
    sessionId: quote.session_id,
    messageId: quote.message_id,
    start: quote.start_at,
    end: quote.end_at,
    quote: await db.codec.open(quotePlace(orgId, quote.memory_id, quote.ordinal), quote.quote),
  });
  return Promise.all(
    rows.map(async (row) => toMemory(db, orgId, row, await Promise.all((byMemory.get(row.id) ?? []).map(open)))),
  );
}

export interface NewMemory {
  id: string;
  subject: MemorySubject;
  statement: string;
  origin: MemoryOrigin;
  references: MemoryReference[];
  evidence: MemoryEvidence[];
}

export interface Author {
  kind: 'staff' | 'client' | 'system';
  userId: string | null;
}

export async function insertMemory(
  tx: Tx,
  orgId: string,
  made: NewMemory,
  change: MemoryChange,
  state: State,
  by: Author,
): Promise<void> {
  const { clientId } = made.subject;
  const [, personaId, threadId] = columnsOf(made.subject);
  await tx.exec(
    `insert into memory (org_id, id, client_id, persona_id, thread_id, statement, origin, references_to, revision)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
    [
      orgId,
      made.id,
      clientId,
      personaId,
      threadId,
      await tx.codec.seal(statementPlace(orgId, made.id), made.statement, sealedFor(clientId)),
      made.origin,
      JSON.stringify(made.references),
    ],
  );
  for (const [ordinal, one] of made.evidence.entries()) {
    await tx.exec(
      `insert into memory_quote (org_id, memory_id, ordinal, client_id, session_id, message_id, start_at, end_at, quote)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        orgId,
        made.id,
        ordinal,
        clientId,
        one.sessionId,
        one.messageId,
        one.start,
        one.end,
        await tx.codec.seal(quotePlace(orgId, made.id, ordinal), one.quote, sealedFor(clientId)),
      ],
    );
  }
  await revise(tx, orgId, { id: made.id, clientId, revision: 0 }, change, state, by);
}

/** Appends what the memory is from now on. */
export async function revise(
  tx: Tx,
  orgId: string,
  of: { id: string; clientId: string | null; revision: number },
  change: MemoryChange,
  state: State,
  by: Author,
): Promise<void> {
  const revision = of.revision + 1;
  const tags = await tx.codec.seal(
    tagsPlace(orgId, of.id, revision),
    JSON.stringify(state.tags),
    sealedFor(of.clientId),
  );
  await tx.exec(
    `insert into memory_revision (org_id, memory_id, revision, client_id, change, status, tags, sensitivity, salience,
       valid_from, valid_to, approved_by, approved_at, by_kind, user_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      orgId,
      of.id,
      revision,
      of.clientId,
      change,
      state.status,
      tags,
      state.sensitivity,
      state.salience,
      state.validFrom,
      state.validTo,
      state.approvedBy,
      state.approvedAt,
      by.kind,
      by.userId,
    ],
  );
  await tx.exec('update memory set revision = $3 where org_id = $1 and id = $2', [orgId, of.id, revision]);
  await keepVector(tx, orgId, of, state);
}

/** `viewer`: the member who sees only whom they look after; null sees all. */
export async function findMemory(
  db: Db,
  orgId: string,
  id: string,
  viewer: string | null,
): Promise<Memory | undefined> {
  const rows = await db.many<MemoryRow>(`select ${columns} ${newest} where m.org_id = $1 and m.id = $2 and ${seen}`, [
    orgId,
    id,
    viewer,
  ]);
  return (await withEvidence(db, orgId, rows))[0];
}

/** As `findMemory`, and nobody else changes it until the commit. */
export async function lockMemory(
  tx: Tx,
  orgId: string,
  id: string,
  viewer: string | null,
): Promise<Memory | undefined> {
  await tx.exec('select 1 from memory where org_id = $1 and id = $2 for update', [orgId, id]);
  return findMemory(tx, orgId, id, viewer);
}

/**
 * Newest first: as they stand, or with `at` as they stood then. Of a client with what is about their threads; of a thread with
 * what it refers to.
 */
export async function listMemories(
  db: Db,
  orgId: string,
  subject: NamedSubject,
  wanted: { status?: string | undefined; at?: string | undefined; before: string | null; limit: number },
): Promise<Memory[]> {
  const [clientId, personaId, threadId] = columnsOf(subject);
  const rows = await db.many<MemoryRow>(
    `select ${columns} from memory m join lateral (
       select * from memory_revision v where v.org_id = m.org_id and v.memory_id = m.id
         and ($5::timestamptz is null or v.at <= $5) order by v.revision desc limit 1) r on true
     where m.org_id = $1 and (m.client_id = $2 or m.persona_id = $3 or m.thread_id = $8 or m.id in (
         select l.memory_id from thread_memory l where l.org_id = $1 and l.thread_id = $8))
       and ($4::text is null or r.status = $4)
       and ($5::timestamptz is null or $4 is distinct from 'approved'
         or (coalesce(r.valid_from <= $5, true) and coalesce(r.valid_to > $5, true)))
       and ($6::uuid is null or m.id < $6) order by m.id desc limit $7`,
    [orgId, clientId, personaId, wanted.status ?? null, wanted.at ?? null, wanted.before, wanted.limit, threadId],
  );
  return withEvidence(db, orgId, rows);
}

/** Another subject of the same client, for what nobody has decided on; the database knows no thread of somebody else's here. */
export const moveMemory = (tx: Tx, orgId: string, id: string, threadId: string | null): Promise<number> =>
  tx.exec('update memory set thread_id = $3 where org_id = $1 and id = $2', [orgId, id, threadId]);

export async function historyOf(db: Db, orgId: string, id: string): Promise<MemoryRevision[]> {
  const rows = await db.many<RevisionRow>(
    `select revision, change, status, tags, sensitivity, salience, valid_from, valid_to, approved_by, approved_at, by_kind,
       user_id, at
     from memory_revision where org_id = $1 and memory_id = $2 order by revision desc`,
    [orgId, id],
  );
  return Promise.all(
    rows.map(async (row) => ({
      revision: row.revision,
      change: row.change,
      status: row.status,
      tags: await openTags(db, orgId, id, row),
      sensitivity: row.sensitivity,
      salience: row.salience,
      validFrom: row.valid_from,
      validTo: row.valid_to,
      by: row.by_kind,
      userId: row.user_id,
      at: row.at,
    })),
  );
}

/** What holds now and may be told, of a client, of the thread at hand, and of the persona that answers; the newest of them. */
export async function recallable(
  db: Db,
  orgId: string,
  of: { clientId: string | null; threadId: string | null; personaId: string },
  sensitive: boolean,
  limit: number,
): Promise<Memory[]> {
  const rows = await db.many<MemoryRow>(
    `select ${columns} ${newest}
     where m.org_id = $1 and ((m.client_id = $2 and (m.thread_id is null or m.thread_id = $6)) or m.persona_id = $3)
       and r.status = 'approved'
       and (r.valid_from is null or r.valid_from <= now()) and (r.valid_to is null or r.valid_to > now())
       and ($4 or r.sensitivity = 'normal')
     order by m.id desc limit $5`,
    [orgId, of.clientId, of.personaId, sensitive, limit, of.threadId],
  );
  return withEvidence(db, orgId, rows);
}

/** With its revisions, its quotes, and the record of which replies were given it. */
export const deleteMemory = (tx: Tx, orgId: string, id: string): Promise<number> =>
  tx.exec('delete from memory where org_id = $1 and id = $2', [orgId, id]);

/** As `viewer` sees it: a client outside their caseload is none. */
export async function findSubject(
  db: Db,
  orgId: string,
  { kind, id }: NamedSubject,
  viewer: string | null,
): Promise<MemorySubject | undefined> {
  if (kind === 'persona') {
    const found = await db.maybe('select 1 from persona where org_id = $1 and id = $2', [orgId, id]);
    return found === undefined ? undefined : { kind, id, clientId: null };
  }
  const [clientId, , threadId] = columnsOf({ kind, id });
  const row = await db.maybe<{ client_id: string }>(
    `select o.client_id from (
       select c.id as client_id from client c where c.org_id = $1 and c.id = $2
       union all select t.client_id from thread t where t.org_id = $1 and t.id = $3) o
     where $4::uuid is null or o.client_id in (select s.client_id from caseload_of($1, $4) s)`,
    [orgId, clientId, threadId, viewer],
  );
  return row && { kind, id, clientId: row.client_id };
}

/** A thread of its client that is still there stays until the commit. */
export const keepSubject = async (tx: Tx, orgId: string, { kind, id, clientId }: MemorySubject): Promise<boolean> =>
  kind !== 'thread' ||
  (await tx.maybe('select 1 from thread where org_id = $1 and id = $2 and client_id = $3 for key share', [
    orgId,
    id,
    clientId,
  ])) !== undefined;

/** In a knowledge base that `reader` may read; null reads all. */
export const documentExists = async (db: Db, orgId: string, id: string, reader: string | null): Promise<boolean> =>
  (await db.maybe(
    `select 1 from document where org_id = $1 and id = $2
       and ($3::uuid is null or knowledge_base_id in (select k.knowledge_base_id from knowledge_of($1, $3) k))`,
    [orgId, id, reader],
  )) !== undefined;
