import type { Goal, GoalPut } from '@rapport/protocol/goals';
import type { Db, Tx } from '../../platform/db/db.ts';

const place = (orgId: string, rowId: string) => ({ orgId, table: 'client_goal', column: 'body', rowId });

interface GoalRow {
  id: string;
  body: Buffer;
  created_at: string;
  updated_at: string;
}

const columns = 'id, body, created_at, updated_at';

async function toGoal(db: Db, orgId: string, row: GoalRow): Promise<Goal> {
  const body = JSON.parse(await db.codec.open(place(orgId, row.id), row.body)) as GoalPut & Goal;
  return { ...body, id: row.id, createdAt: row.created_at, updatedAt: row.updated_at };
}

const sealGoal = (db: Db, orgId: string, clientId: string, id: string, goal: GoalPut): Promise<Buffer> =>
  db.codec.seal(place(orgId, id), JSON.stringify(goal), { holder: clientId });

export async function insertGoal(
  tx: Tx,
  orgId: string,
  goal: { id: string; clientId: string; createdBy: string; put: GoalPut },
): Promise<Goal> {
  const row = await tx.one<GoalRow>(
    `insert into client_goal (org_id, id, client_id, body, created_by) values ($1, $2, $3, $4, $5) returning ${columns}`,
    [orgId, goal.id, goal.clientId, await sealGoal(tx, orgId, goal.clientId, goal.id, goal.put), goal.createdBy],
  );
  return toGoal(tx, orgId, row);
}

/** Undefined: the client has no such goal. */
export async function updateGoal(
  tx: Tx,
  orgId: string,
  goal: { id: string; clientId: string; put: GoalPut },
): Promise<Goal | undefined> {
  const row = await tx.maybe<GoalRow>(
    `update client_goal set body = $4, updated_at = now() where org_id = $1 and id = $2 and client_id = $3
     returning ${columns}`,
    [orgId, goal.id, goal.clientId, await sealGoal(tx, orgId, goal.clientId, goal.id, goal.put)],
  );
  return row && toGoal(tx, orgId, row);
}

/** Those of the client among these, in this order. */
export async function findGoals(db: Db, orgId: string, clientId: string, ids: readonly string[]): Promise<Goal[]> {
  const rows = await db.many<GoalRow>(
    `select ${columns} from client_goal where org_id = $1 and client_id = $2 and id = any($3::uuid[])
     order by array_position($3::uuid[], id)`,
    [orgId, clientId, ids],
  );
  return Promise.all(rows.map((row) => toGoal(db, orgId, row)));
}

/** Newest first; `before` is the id the page starts below. */
export async function listGoals(
  db: Db,
  orgId: string,
  clientId: string,
  before: string | null,
  limit: number,
): Promise<Goal[]> {
  const rows = await db.many<GoalRow>(
    `select ${columns} from client_goal where org_id = $1 and client_id = $2 and ($3::uuid is null or id < $3)
     order by id desc limit $4`,
    [orgId, clientId, before, limit],
  );
  return Promise.all(rows.map((row) => toGoal(db, orgId, row)));
}
