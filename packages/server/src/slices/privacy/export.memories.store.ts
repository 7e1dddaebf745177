import type { PersonMemory } from '@rapport/protocol/person';
import type { Db } from '../../platform/db/db.ts';

const place = (orgId: string, table: string, column: string, rowId: string) => ({ orgId, table, column, rowId });

type Row = Omit<PersonMemory, 'statement' | 'tags' | 'evidence' | 'revisions'> & {
  id: string;
  revision: number;
  statement: Buffer;
  tags: Buffer;
};
type Quote = Omit<PersonMemory['evidence'][number], 'quote'> & { memoryId: string; ordinal: number; quote: Buffer };
type Revision = PersonMemory['revisions'][number] & { memoryId: string };

/** What is remembered of clients, as it stands and how it came to be; oldest first. */
export async function readMemories(db: Db, orgId: string, clientIds: string[]): Promise<PersonMemory[]> {
  const [rows, quotes, revisions] = await Promise.all([
    db.many<Row>(
      `select m.id, m.revision, m.statement, m.origin, r.status, r.tags, r.sensitivity, r.salience,
         m.thread_id as "threadId", r.valid_from as "validFrom", r.valid_to as "validTo", m.created_at as "createdAt"
       from memory m join memory_revision r on r.org_id = m.org_id and r.memory_id = m.id and r.revision = m.revision
       where m.org_id = $1 and m.client_id = any($2::uuid[]) order by m.id`,
      [orgId, clientIds],
    ),
    db.many<Quote>(
      `select memory_id as "memoryId", ordinal, session_id as "sessionId", message_id as "messageId", start_at as start,
         end_at as end, quote
       from memory_quote where org_id = $1 and client_id = any($2::uuid[]) order by memory_id, ordinal`,
      [orgId, clientIds],
    ),
    db.many<Revision>(
      `select memory_id as "memoryId", change, status, at from memory_revision
       where org_id = $1 and client_id = any($2::uuid[]) order by memory_id, revision`,
      [orgId, clientIds],
    ),
  ]);
  const quotesOf = Map.groupBy(quotes, ({ memoryId }) => memoryId);
  const revisionsOf = Map.groupBy(revisions, ({ memoryId }) => memoryId);
  const openQuote = async ({ memoryId, ordinal, quote, ...rest }: Quote) => ({
    ...rest,
    quote: await db.codec.open(place(orgId, 'memory_quote', 'quote', `${memoryId}/${ordinal}`), quote),
  });
  return Promise.all(
    rows.map(async ({ id, revision, statement, tags, ...row }) => ({
      ...row,
      statement: await db.codec.open(place(orgId, 'memory', 'statement', id), statement),
      tags: JSON.parse(
        await db.codec.open(place(orgId, 'memory_revision', 'tags', `${id}/${revision}`), tags),
      ) as string[],
      evidence: await Promise.all((quotesOf.get(id) ?? []).map(openQuote)),
      revisions: (revisionsOf.get(id) ?? []).map(({ memoryId: _, ...one }) => one),
    })),
  );
}
