import type { Database, Tx } from '../../platform/db/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { findReading } from './documents.store.ts';
import { indexDocument, indexVersion } from './indexing.ts';
import * as store from './index.store.ts';

/** The version that is searched, and the one that waits, as their texts, the title and the rules are now. */
export async function indexAnew(tx: Tx, orgId: string, id: string): Promise<void> {
  const place = await store.findIndexed(tx, orgId, id);
  if (!place) return;
  const { baseId, title, version, waitingVersion } = place;
  const index = async (at: number | null, waiting: boolean) => {
    const reading = at === null ? undefined : await findReading(tx, orgId, id, at);
    const language = reading?.language ?? place.language;
    if (reading) await indexDocument(tx, orgId, baseId, id, { ...reading, title, language }, waiting);
  };
  await index(waitingVersion, true);
  await index(version, false);
}

/**
 * After an update that changed how documents are indexed: does so with those there are, one by one, in the background.
 * Until its turn has come a document is found as before, or, where the old index went, not at all.
 */
export function createReindexer({ db, log }: { db: Database; log: Logger }) {
  let stopping = false;
  let working: Promise<void> | undefined;

  const indexOne = (orgId: string, id: string): Promise<void> =>
    db.in(orgId).tx(async (tx) => {
      if (await store.lockOutdated(tx, orgId, id, indexVersion)) await indexAnew(tx, orgId, id);
    });

  const run = async (): Promise<void> => {
    let done = 0;
    let next = await store.nextOutdated(db.everywhere, null, indexVersion);
    for (; next && !stopping; next = await store.nextOutdated(db.everywhere, next, indexVersion)) {
      const { org_id: orgId, id } = next;
      await indexOne(orgId, id).then(
        () => (done += 1),
        (error: Error) => log.warn({ err: error.message, document: id }, 'a document could not be indexed anew'),
      );
    }
    if (done > 0) log.info({ documents: done }, 'documents were indexed anew');
  };

  return {
    start(): void {
      working = run().catch((error: Error) => log.warn({ err: error.message }, 'indexing anew ended early'));
    },
    async stop(): Promise<void> {
      stopping = true;
      await working;
    },
  };
}
