import type { ConsentRecord, ConsentState, Purpose } from '@rapport/protocol/consents';
import type { Db, Tx } from '../../platform/db/db.ts';
import { columnsOf, type Subject } from './schema.ts';
import type { Wording } from './wordings.ts';

export interface SettingRow {
  purpose: Purpose;
  asked: boolean;
  validFrom: number;
}

const textPlace = (orgId: string, purpose: Purpose, version: number, language: string) => ({
  orgId,
  table: 'consent_text',
  column: 'body',
  rowId: `${purpose}/${version}/${language}`,
});
const notePlace = (orgId: string, rowId: string) => ({ orgId, table: 'consent_record', column: 'note', rowId });

export const listSettings = (db: Db, orgId: string): Promise<SettingRow[]> =>
  db.many(`select purpose, asked, valid_from as "validFrom" from consent_setting where org_id = $1`, [orgId]);

export const putAsked = (db: Db, orgId: string, purpose: Purpose, asked: boolean, by: string) =>
  db.exec(
    `insert into consent_setting (org_id, purpose, asked, updated_by) values ($1, $2, $3, $4)
     on conflict (org_id, purpose) do update set asked = excluded.asked, updated_by = excluded.updated_by, updated_at = now()`,
    [orgId, purpose, asked, by],
  );

export const putValidFrom = (tx: Tx, orgId: string, purpose: Purpose, version: number, by: string) =>
  tx.exec(
    `insert into consent_setting (org_id, purpose, asked, valid_from, updated_by) values ($1, $2, false, $3, $4)
     on conflict (org_id, purpose) do update set valid_from = excluded.valid_from, updated_by = excluded.updated_by, updated_at = now()`,
    [orgId, purpose, version, by],
  );

/** Two who publish at once get different versions. */
export const lockTexts = (tx: Tx, orgId: string) =>
  tx.exec('select id from org where id = $1 for no key update', [orgId]);

export const newestVersion = async (db: Db, orgId: string, purpose: Purpose): Promise<number> =>
  (
    await db.one<{ version: number }>(
      'select coalesce(max(version), 0) as version from consent_text where org_id = $1 and purpose = $2',
      [orgId, purpose],
    )
  ).version;

export const insertText = async (
  tx: Tx,
  orgId: string,
  text: Wording & { purpose: Purpose; version: number; createdBy: string },
) =>
  tx.exec(
    `insert into consent_text (org_id, purpose, version, language, body, created_by) values ($1, $2, $3, $4, $5, $6)`,
    [
      orgId,
      text.purpose,
      text.version,
      text.language,
      await tx.codec.seal(textPlace(orgId, text.purpose, text.version, text.language), text.text),
      text.createdBy,
    ],
  );

export interface TextRow extends Wording {
  purpose: Purpose;
  version: number;
  createdAt: string;
}

/** By purpose and version, the newest first. `newestOnly`: of each purpose what is asked now. */
export async function listTexts(
  db: Db,
  orgId: string,
  purpose: Purpose | null,
  newestOnly: boolean,
): Promise<TextRow[]> {
  const rows = await db.many<Omit<TextRow, 'text'> & { body: Buffer }>(
    `select purpose, version, language, body, created_at as "createdAt" from consent_text t
     where org_id = $1 and ($2::text is null or purpose = $2)
       and (not $3 or version = (select max(version) from consent_text n where n.org_id = $1 and n.purpose = t.purpose))
     order by purpose, version desc, language`,
    [orgId, purpose, newestOnly],
  );
  return Promise.all(
    rows.map(async ({ body, ...row }) => ({
      ...row,
      text: await db.codec.open(textPlace(orgId, row.purpose, row.version, row.language), body),
    })),
  );
}

/** Which of these are asked for and not agreed to. */
export const missingOf = async (
  db: Db,
  orgId: string,
  subject: Subject,
  wanted: readonly Purpose[],
): Promise<Purpose[]> =>
  (
    await db.many<{ purpose: Purpose }>(
      `select s.purpose from consent_setting s
       left join lateral (
         select r.given and r.text_version >= s.valid_from as holds from consent_record r
         where r.org_id = $1 and r.purpose = s.purpose and (r.client_id = $2 or r.session_id = $3)
         order by r.number desc limit 1) last on true
       where s.org_id = $1 and s.asked and s.purpose = any($4::text[]) and last.holds is not true`,
      [orgId, ...columnsOf(subject), wanted],
    )
  ).map((row) => row.purpose);

/** Of these clients, those who have not agreed to all of `wanted` that is asked for. */
export const clientsMissing = async (
  db: Db,
  orgId: string,
  clientIds: string[],
  wanted: readonly Purpose[],
): Promise<string[]> =>
  (
    await db.many<{ id: string }>(
      `select c.id from unnest($2::uuid[]) c (id) where exists (
         select 1 from consent_setting s
         left join lateral (
           select r.given and r.text_version >= s.valid_from as holds from consent_record r
           where r.org_id = $1 and r.purpose = s.purpose and r.client_id = c.id
           order by r.number desc limit 1) last on true
         where s.org_id = $1 and s.asked and s.purpose = any($3::text[]) and last.holds is not true)`,
      [orgId, clientIds, wanted],
    )
  ).map((row) => row.id);

/** Every purpose that is asked for or was ever answered, with the newest answer that still counts. */
export const statesOf = (db: Db, orgId: string, subject: Subject): Promise<ConsentState[]> =>
  db.many(
    `with last as (
       select distinct on (purpose) purpose, given, text_version, said_at from consent_record
       where org_id = $1 and (client_id = $2 or session_id = $3) order by purpose, number desc),
     setting as (select purpose, asked, valid_from from consent_setting where org_id = $1)
     select coalesce(s.purpose, l.purpose) as purpose, coalesce(s.asked, false) as asked,
       case when not l.given or l.text_version >= coalesce(s.valid_from, 0) then l.given end as given, l.said_at as at
     from last l full join setting s on s.purpose = l.purpose
     where s.asked or l.purpose is not null order by 1`,
    [orgId, ...columnsOf(subject)],
  );

/** The newest answer to each purpose, with the version of the text that it was given to. */
export const newestAnswers = (
  db: Db,
  orgId: string,
  subject: Subject,
): Promise<{ purpose: Purpose; given: boolean; version: number }[]> =>
  db.many(
    `select distinct on (purpose) purpose, given, text_version as version from consent_record
     where org_id = $1 and (client_id = $2 or session_id = $3) order by purpose, number desc`,
    [orgId, ...columnsOf(subject)],
  );

export interface NewRecord {
  id: string;
  purpose: Purpose;
  given: boolean;
  version: number;
  language: string;
  method: 'chat' | 'paper' | 'import';
  recordedBy: string | null;
  note: string;
  saidAt: string;
}

export async function insertRecord(tx: Tx, orgId: string, subject: Subject, record: NewRecord): Promise<void> {
  const holder = subject.kind === 'client' ? { holder: subject.id } : {};
  await tx.exec(
    `insert into consent_record (org_id, id, client_id, session_id, purpose, given, text_version, language, method,
       recorded_by, note, said_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      orgId,
      record.id,
      ...columnsOf(subject),
      record.purpose,
      record.given,
      record.version,
      record.language,
      record.method,
      record.recordedBy,
      record.note === '' ? null : await tx.codec.seal(notePlace(orgId, record.id), record.note, holder),
      record.saidAt,
    ],
  );
}

/** Newest first; `before` is the id the page starts below. */
export async function listRecords(
  db: Db,
  orgId: string,
  subject: Subject,
  before: string | null,
  limit: number,
): Promise<ConsentRecord[]> {
  const rows = await db.many<Omit<ConsentRecord, 'note'> & { note: Buffer | null }>(
    `select id, purpose, given, text_version as version, language, method, recorded_by as "recordedBy", note,
       said_at as "saidAt", created_at as "createdAt"
     from consent_record where org_id = $1 and (client_id = $2 or session_id = $3) and ($4::uuid is null or id < $4)
     order by id desc limit $5`,
    [orgId, ...columnsOf(subject), before, limit],
  );
  return Promise.all(
    rows.map(async (row) => ({
      ...row,
      note: row.note ? await db.codec.open(notePlace(orgId, row.id), row.note) : '',
    })),
  );
}

/** What a model guessed of how somebody feels goes with their yes. */
export async function deleteGuesses(tx: Tx, orgId: string, subject: Subject): Promise<void> {
  // Whoever stores one holds its session first, and looks for the yes after that.
  const sessions = await tx.many<{ id: string }>(
    `select id from session where org_id = $1 and (client_id = $2 or id = $3) order by id for update`,
    [orgId, ...columnsOf(subject)],
  );
  await tx.exec(`delete from ai_insight where org_id = $1 and kind = 'tone' and session_id = any($2::uuid[])`, [
    orgId,
    sessions.map(({ id }) => id),
  ]);
}
