import { isDeepStrictEqual } from 'node:util';
import type { Tx } from '../../platform/db/db.ts';
import * as store from './reports.store.ts';
import { withoutSessions } from './resting.ts';

/**
 * Takes what was said in these sessions out of the reports on their clients and threads, approved ones too. To be called
 * in the transaction that deletes them, and before it does.
 */
export async function forgetInReports(tx: Tx, orgId: string, sessionIds: string[]): Promise<void> {
  for (const { id, clientId, body: sealed } of await store.lockReportsOver(tx, orgId, sessionIds)) {
    const body = await store.openBody(tx, orgId, { id, body: sealed });
    const left = withoutSessions(body, sessionIds);
    if (isDeepStrictEqual(body, left)) continue;
    await store.rewriteReport(tx, orgId, { id, clientId, body: left });
  }
}
