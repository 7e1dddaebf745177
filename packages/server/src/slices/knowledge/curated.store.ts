import type { CuratedAnswer } from '@rapport/protocol/curated';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { Language } from './languages.ts';
import { within, type Bases } from './readers.ts';

interface CuratedRow {
  id: string;
  question: Buffer;
  answer: Buffer;
  origin: CuratedAnswer['origin'];
  approved_by: string;
  approved_name: string | null;
  approved_at: string;
  revoked_by: string | null;
  revoked_name: string | null;
  revoked_at: string | null;
}

const place = (orgId: string, rowId: string, column: 'question' | 'answer') => ({
  orgId,
  table: 'curated_answer',
  column,
  rowId,
});

const columns = `c.id, c.question, c.answer, c.origin, c.approved_by, a.name as approved_name, c.approved_at, c.revoked_by,
  r.name as revoked_name, c.revoked_at`;
const joined = `curated_answer c
  left join app_user a on a.org_id = c.org_id and a.id = c.approved_by
  left join app_user r on r.org_id = c.org_id and r.id = c.revoked_by`;

const toAnswer = async (db: Db, orgId: string, row: CuratedRow): Promise<CuratedAnswer> => ({
  id: row.id,
  question: await db.codec.open(place(orgId, row.id, 'question'), row.question),
  answer: await db.codec.open(place(orgId, row.id, 'answer'), row.answer),
  origin: row.origin,
  approvedBy: { id: row.approved_by, name: row.approved_name ?? '' },
  approvedAt: row.approved_at,
  revoked:
    row.revoked_by && row.revoked_at ? { by: row.revoked_by, name: row.revoked_name ?? '', at: row.revoked_at } : null,
});

export interface NewCurated {
  id: string;
  baseId: string;
  question: string;
  answer: string;
  terms: number[];
  language: Language;
  origin: CuratedAnswer['origin'];
  by: string;
}

export const insertCurated = async (tx: Tx, orgId: string, made: NewCurated): Promise<number> =>
  tx.exec(
    `insert into curated_answer (org_id, knowledge_base_id, id, question, answer, terms, language, origin, approved_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      orgId,
      made.baseId,
      made.id,
      await tx.codec.seal(place(orgId, made.id, 'question'), made.question),
      await tx.codec.seal(place(orgId, made.id, 'answer'), made.answer),
      made.terms,
      made.language,
      made.origin,
      made.by,
    ],
  );

export async function findCurated(db: Db, orgId: string, id: string): Promise<CuratedAnswer | undefined> {
  const row = await db.maybe<CuratedRow>(`select ${columns} from ${joined} where c.org_id = $1 and c.id = $2`, [
    orgId,
    id,
  ]);
  return row && toAnswer(db, orgId, row);
}

/** Newest first. */
export async function listCurated(
  db: Db,
  orgId: string,
  baseId: string,
  filter: { revoked: boolean; before: string | null; limit: number },
): Promise<CuratedAnswer[]> {
  const rows = await db.many<CuratedRow>(
    `select ${columns} from ${joined}
     where c.org_id = $1 and c.knowledge_base_id = $2 and ($3::boolean or c.revoked_at is null)
       and ($4::uuid is null or c.id < $4)
     order by c.id desc limit $5`,
    [orgId, baseId, filter.revoked, filter.before, filter.limit],
  );
  return Promise.all(rows.map((row) => toAnswer(db, orgId, row)));
}

/** 0: there is none, or it was revoked already. */
export const revokeCurated = (tx: Tx, orgId: string, baseId: string, id: string, by: string): Promise<number> =>
  tx.exec(
    `update curated_answer set revoked_by = $4, revoked_at = now()
     where org_id = $1 and knowledge_base_id = $2 and id = $3 and revoked_at is null`,
    [orgId, baseId, id, by],
  );

export interface Candidate {
  id: string;
  language: Language;
  question: string;
  answer: string;
}

/** Those with at least so many of these terms, with most of them first. */
export async function curatedWith(
  db: Db,
  orgId: string,
  bases: Bases,
  hashes: number[],
  limit: number,
): Promise<Candidate[]> {
  const rows = await db.many<{ id: string; language: Language; question: Buffer; answer: Buffer }>(
    `select c.id, c.language, c.question, c.answer from curated_answer c
     where c.org_id = $1 and c.knowledge_base_id = ${within} and c.revoked_at is null and c.terms && $4::bigint[]
     order by (select count(*) from unnest(c.terms) t where t = any ($4::bigint[])) desc, c.id desc limit $5`,
    [orgId, bases.ids, bases.reader, hashes, limit],
  );
  return Promise.all(
    rows.map(async ({ id, language, question, answer }) => ({
      id,
      language,
      question: await db.codec.open(place(orgId, id, 'question'), question),
      answer: await db.codec.open(place(orgId, id, 'answer'), answer),
    })),
  );
}
