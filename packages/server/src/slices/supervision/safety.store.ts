import type { NoticeKind, SafetySettings, SafetyWording } from '@rapport/protocol/safety';
import type { Db, Tx } from '../../platform/db/db.ts';

export const findSettings = (db: Db, orgId: string): Promise<SafetySettings | undefined> =>
  db.maybe<SafetySettings>(
    `select ack_seconds as "ackSeconds", page_seconds as "pageSeconds", max_pages as "maxPages",
       fallback_email as "fallbackEmail", disclosure_minutes as "disclosureMinutes", language,
       second_opinion as "secondOpinion", emotion_inference as "emotionInference"
     from safety_setting where org_id = $1`,
    [orgId],
  );

export const putSettings = (db: Db, orgId: string, s: SafetySettings, by: string): Promise<number> =>
  db.exec(
    `insert into safety_setting (org_id, ack_seconds, page_seconds, max_pages, fallback_email, disclosure_minutes, language,
       second_opinion, emotion_inference, updated_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (org_id) do update set ack_seconds = excluded.ack_seconds, page_seconds = excluded.page_seconds,
       max_pages = excluded.max_pages, fallback_email = excluded.fallback_email,
       disclosure_minutes = excluded.disclosure_minutes, language = excluded.language,
       second_opinion = excluded.second_opinion, emotion_inference = excluded.emotion_inference, updated_by = excluded.updated_by, updated_at = now()`,
    [
      orgId,
      s.ackSeconds,
      s.pageSeconds,
      s.maxPages,
      s.fallbackEmail,
      s.disclosureMinutes,
      s.language,
      s.secondOpinion,
      s.emotionInference,
      by,
    ],
  );

export interface TextRow extends SafetyWording {
  kind: NoticeKind;
  version: number;
}

/** The newest version of each kind, or of one. */
export const listTexts = (db: Db, orgId: string, kind: NoticeKind | null): Promise<TextRow[]> =>
  db.many<TextRow>(
    `select kind, version, language, body as text from safety_text t
     where org_id = $1 and ($2::text is null or kind = $2)
       and version = (select max(version) from safety_text n where n.org_id = $1 and n.kind = t.kind)
     order by kind, language`,
    [orgId, kind],
  );

/** Two who publish at once get different versions. */
export const lockTexts = (tx: Tx, orgId: string) =>
  tx.exec('select id from org where id = $1 for no key update', [orgId]);

export const insertTexts = (tx: Tx, orgId: string, kind: NoticeKind, texts: SafetyWording[], by: string) =>
  tx.exec(
    `insert into safety_text (org_id, kind, version, language, body, created_by)
     select $1, $2, (select coalesce(max(version), 0) + 1 from safety_text where org_id = $1 and kind = $2), x.language, x.body, $5
     from unnest($3::text[], $4::text[]) as x(language, body)`,
    [orgId, kind, texts.map((one) => one.language), texts.map((one) => one.text), by],
  );
