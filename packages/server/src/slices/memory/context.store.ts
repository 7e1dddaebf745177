import type { MemoryChannel, ReplyContext } from '@rapport/protocol/memory';
import type { Db } from '../../platform/db/db.ts';
import type { Recalled } from './recall.ts';
import { statementPlace } from './schema.ts';

export type GivenPassage = ReplyContext['passages'][number];

const passagePlace = (orgId: string, replyId: string, ordinal: number) => ({
  orgId,
  table: 'reply_context',
  column: 'passage',
  rowId: `${replyId}/${ordinal}`,
});

export interface Given {
  replyId: string;
  sessionId: string;
  roomId: string;
  memories: Pick<Recalled, 'id' | 'score' | 'by'>[];
  passages: GivenPassage[];
}

/** A reply that is begun anew is given what it is given then. */
export async function putContext(db: Db, orgId: string, given: Given): Promise<void> {
  const { replyId, sessionId, roomId, memories, passages } = given;
  const sealed = await Promise.all(
    passages.map((passage, i) =>
      db.codec.seal(passagePlace(orgId, replyId, memories.length + i), JSON.stringify(passage), { room: roomId }),
    ),
  );
  // What is being deleted at this moment is waited for, and not named any more.
  await db.exec(
    `with before as (delete from reply_context where org_id = $1 and generation_id = $2 and ordinal >= $7),
     alive as (select id from memory where org_id = $1 and id = any($4::uuid[]) for key share)
     insert into reply_context (org_id, generation_id, ordinal, session_id, memory_id, passage, score, found_by)
     select $1, $2, g.n - 1, $3, g.memory_id, g.passage, g.score, g.found_by
     from unnest($4::uuid[], $5::bytea[], $6::real[], $8::text[])
       with ordinality g (memory_id, passage, score, found_by, n)
     where g.memory_id is null or g.memory_id in (select id from alive)
     on conflict (org_id, generation_id, ordinal)
       do update set memory_id = excluded.memory_id, passage = excluded.passage, score = excluded.score,
         found_by = excluded.found_by`,
    [
      orgId,
      replyId,
      sessionId,
      [...memories.map(({ id }) => id), ...passages.map(() => null)],
      [...memories.map(() => null), ...sealed],
      [...memories.map(({ score }) => score), ...passages.map(() => 0)],
      memories.length + passages.length,
      [...memories.map(({ by }) => by), ...passages.map(() => null)],
    ],
  );
}

interface ContextRow {
  ordinal: number;
  memory_id: string | null;
  statement: Buffer | null;
  passage: Buffer | null;
  score: number;
  found_by: MemoryChannel | null;
}

export async function readContext(db: Db, orgId: string, sessionId: string, replyId: string): Promise<ReplyContext> {
  const rows = await db.many<ContextRow>(
    `select c.ordinal, c.memory_id, m.statement, c.passage, c.score, c.found_by
     from reply_context c left join memory m on m.org_id = c.org_id and m.id = c.memory_id
     where c.org_id = $1 and c.session_id = $2 and c.generation_id = $3 order by c.ordinal`,
    [orgId, sessionId, replyId],
  );
  const context: ReplyContext = { memories: [], passages: [] };
  for (const { ordinal, memory_id: id, statement, passage, score, found_by: by } of rows) {
    if (id && statement)
      context.memories.push({ id, score, by, statement: await db.codec.open(statementPlace(orgId, id), statement) });
    if (passage)
      context.passages.push(
        JSON.parse(await db.codec.open(passagePlace(orgId, replyId, ordinal), passage)) as GivenPassage,
      );
  }
  return context;
}
