import type { Pack } from '@rapport/protocol/packs';
import type { Rung } from '@rapport/protocol/supervision';
import type { Db, Tx } from '../../platform/db/db.ts';

/** A pack as its file was when it was chosen. */
export type ChosenPack = Pick<Pack, 'id' | 'version' | 'title' | 'rules'>;

export interface ChoiceRow {
  id: string;
  packs: ChosenPack[];
  chosen_at: string;
  chosen_name: string | null;
}

export const listChoices = (db: Db, orgId: string, limit: number): Promise<ChoiceRow[]> =>
  db.many<ChoiceRow>(
    `select p.id, p.packs, p.chosen_at, u.name as chosen_name
     from pack_choice p left join app_user u on u.org_id = p.org_id and u.id = p.chosen_by
     where p.org_id = $1 order by p.id desc limit $2`,
    [orgId, limit],
  );

/** What is in force: the newest choice. */
export const findChosen = async (db: Db, orgId: string): Promise<ChosenPack[]> =>
  (await listChoices(db, orgId, 1))[0]?.packs ?? [];

/** Two who choose at once do it one after the other. */
export const lockChoice = (tx: Tx, orgId: string) =>
  tx.exec('select id from org where id = $1 for no key update', [orgId]);

export const insertChoice = (
  tx: Tx,
  orgId: string,
  choice: { id: string; packs: ChosenPack[]; rungs: Rung[]; remindMinutes: number | null; by: string | null },
): Promise<number> =>
  tx.exec(
    `insert into pack_choice (org_id, id, packs, rungs, remind_minutes, chosen_by) values ($1, $2, $3, $4, $5, $6)`,
    [orgId, choice.id, JSON.stringify(choice.packs), choice.rungs, choice.remindMinutes, choice.by],
  );

/** Above all organisations: those that have chosen any. */
export const organisationsWithPacks = async (db: Db): Promise<string[]> =>
  (
    await db.many<{ orgId: string }>(
      `select distinct on (org_id) org_id as "orgId", packs from pack_choice order by org_id, id desc`,
    )
  ).map((row) => row.orgId);
