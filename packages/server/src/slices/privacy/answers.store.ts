import type { Db } from '../../platform/db/db.ts';
import { Unreadable } from '../../platform/keys/keyring.ts';

const pageSize = 500;

interface Answer {
  actor: string;
  route: string;
  key: string;
  answer: Buffer | null;
}

/** Requests that name one of the ids in their address or that one of the tokens made. */
const deleteByName = (db: Db, orgId: string, ids: string[], tokens: string[]) =>
  db.exec(
    `delete from idempotency i where i.org_id = $1 and (
       exists (select 1 from unnest($2::text[]) as x(id) where position(x.id in i.route) > 0)
       or i.actor = any(select 'client/' || t from unnest($3::text[]) t))`,
    [orgId, ids, tokens],
  );

const listAnswers = (db: Db, orgId: string, after: Answer | undefined) =>
  db.many<Answer>(
    `select actor, route, key, answer from idempotency
     where org_id = $1 and ($2::text is null or (actor, route, key) > ($2, $3, $4))
     order by actor, route, key limit ${pageSize}`,
    [orgId, after?.actor ?? null, after?.route ?? '', after?.key ?? ''],
  );

const deleteAnswer = (db: Db, orgId: string, { actor, route, key }: Answer) =>
  db.exec(`delete from idempotency where org_id = $1 and actor = $2 and route = $3 and key = $4`, [
    orgId,
    actor,
    route,
    key,
  ]);

async function names(db: Db, orgId: string, { actor, route, key, answer }: Answer, ids: string[]): Promise<boolean> {
  if (!answer) return false;
  try {
    const place = { orgId, table: 'idempotency', column: 'answer', rowId: `${actor} ${route} ${key}` };
    const text = await db.codec.open(place, answer);
    return ids.some((id) => text.includes(id));
  } catch (error) {
    // What opens nowhere answers nobody either.
    if (error instanceof Unreadable) return true;
    throw error;
  }
}

/** Removes what was answered to or about somebody: what made them or their sessions names them in its answer alone. */
export async function deleteAnswers(db: Db, orgId: string, ids: string[], tokens: string[]): Promise<number> {
  let removed = await deleteByName(db, orgId, ids, tokens);
  for (let last: Answer | undefined; ;) {
    const page = await listAnswers(db, orgId, last);
    for (const one of page) if (await names(db, orgId, one, ids)) removed += await deleteAnswer(db, orgId, one);
    last = page.at(-1);
    if (page.length < pageSize) return removed;
  }
}
