import type { InstrumentId, Questionnaire, QuestionnaireState } from '@rapport/protocol/questionnaires';
import type { Db, Tx } from '../../platform/db/db.ts';
import { instrumentOf, riskIn, scoreOf } from './instruments.ts';
import type { NoteSubject } from './notes.store.ts';

const place = (orgId: string, rowId: string) => ({ orgId, table: 'questionnaire', column: 'body', rowId });

interface QuestionnaireRow {
  id: string;
  instrument: InstrumentId;
  state: QuestionnaireState;
  session_id: string | null;
  filled_by: Questionnaire['filledBy'];
  created_at: string;
  answered_at: string | null;
  body: Buffer | null;
}

const columns = 'id, instrument, state, session_id, filled_by, created_at, answered_at, body';

async function resultOf(
  db: Db,
  orgId: string,
  { id, instrument, body }: QuestionnaireRow,
): Promise<Questionnaire['result']> {
  if (!body) return null;
  const answers = JSON.parse(await db.codec.open(place(orgId, id), body)) as number[];
  const form = instrumentOf(instrument);
  return { ...scoreOf(form, answers), answers, risk: riskIn(form, answers) !== null };
}

const toQuestionnaire = async (db: Db, orgId: string, row: QuestionnaireRow): Promise<Questionnaire> => ({
  id: row.id,
  instrument: row.instrument,
  state: row.state,
  sessionId: row.session_id,
  filledBy: row.filled_by,
  createdAt: row.created_at,
  answeredAt: row.answered_at,
  result: await resultOf(db, orgId, row),
});

export async function insertAsked(
  tx: Tx,
  orgId: string,
  q: { id: string; instrument: InstrumentId; createdBy: string; of: NoteSubject },
): Promise<Questionnaire> {
  const row = await tx.one<QuestionnaireRow>(
    `insert into questionnaire (org_id, id, client_id, session_id, instrument, state, created_by)
     values ($1, $2, $3, $4, $5, 'asked', $6) returning ${columns}`,
    [orgId, q.id, q.of.clientId, q.of.session?.id ?? null, q.instrument, q.createdBy],
  );
  return toQuestionnaire(tx, orgId, row);
}

export async function insertEntered(
  tx: Tx,
  orgId: string,
  q: {
    id: string;
    instrument: InstrumentId;
    createdBy: string;
    clientId: string;
    answers: number[];
    answeredAt: string | undefined;
  },
): Promise<Questionnaire> {
  const row = await tx.one<QuestionnaireRow>(
    `insert into questionnaire (org_id, id, client_id, instrument, state, created_by, filled_by, answered_at, body)
     values ($1, $2, $3, $4, 'answered', $5, 'staff', coalesce($6::timestamptz, now()), $7) returning ${columns}`,
    [
      orgId,
      q.id,
      q.clientId,
      q.instrument,
      q.createdBy,
      q.answeredAt ?? null,
      await tx.codec.seal(place(orgId, q.id), JSON.stringify(q.answers), { holder: q.clientId }),
    ],
  );
  return toQuestionnaire(tx, orgId, row);
}

/** What was asked for is filled in; undefined: it was already, or nobody asks for it any more. */
export async function answer(
  tx: Tx,
  orgId: string,
  q: { id: string; answers: number[]; filledBy: 'client' | 'staff'; roomId: string },
): Promise<Questionnaire | undefined> {
  const row = await tx.maybe<QuestionnaireRow>(
    `update questionnaire set state = 'answered', filled_by = $3, answered_at = now(), body = $4
     where org_id = $1 and id = $2 and state = 'asked' returning ${columns}`,
    [orgId, q.id, q.filledBy, await tx.codec.seal(place(orgId, q.id), JSON.stringify(q.answers), { room: q.roomId })],
  );
  return row && toQuestionnaire(tx, orgId, row);
}

export const withdraw = async (tx: Tx, orgId: string, sessionId: string, id: string): Promise<boolean> =>
  (await tx.exec(
    `update questionnaire set state = 'withdrawn' where org_id = $1 and session_id = $2 and id = $3 and state = 'asked'`,
    [orgId, sessionId, id],
  )) === 1;

export const findOfSession = (db: Db, orgId: string, sessionId: string, id: string) =>
  db.maybe<Pick<QuestionnaireRow, 'id' | 'instrument' | 'state'>>(
    `select id, instrument, state from questionnaire where org_id = $1 and session_id = $2 and id = $3`,
    [orgId, sessionId, id],
  );

/** The newest that the client is asked to fill in. */
export const findAsked = async (db: Db, orgId: string, sessionId: string): Promise<string | null> =>
  (
    await db.maybe<{ id: string }>(
      `select id from questionnaire where org_id = $1 and session_id = $2 and state = 'asked' order by id desc limit 1`,
      [orgId, sessionId],
    )
  )?.id ?? null;

/** Newest first, of a client or of a session; `before` is the id the page starts below. */
export async function list(
  db: Db,
  orgId: string,
  of: { clientId: string | null; sessionId: string | null },
  before: string | null,
  limit: number,
): Promise<Questionnaire[]> {
  const rows = await db.many<QuestionnaireRow>(
    `select ${columns} from questionnaire
     where org_id = $1 and (client_id = $2 or session_id = $3) and ($4::uuid is null or id < $4)
     order by id desc limit $5`,
    [orgId, of.clientId, of.sessionId, before, limit],
  );
  return Promise.all(rows.map((row) => toQuestionnaire(db, orgId, row)));
}
