import type { Passage } from '@rapport/protocol/knowledge';
import type { Database } from '../../platform/db/db.ts';
import { searchChunks } from './search.store.ts';
import { terms } from './terms.ts';

/** What a search costs grows with the words it is asked; a message of 32,000 characters asks no more than a paragraph. */
const mostTerms = 100;
const queryTerms = (query: string): string[] => [...new Set(terms(query))].slice(0, mostTerms);

/** Finds passages; who may ask was checked by the caller. */
export function createRetrieval({ db }: { db: Database }) {
  return {
    /** Best first. */
    search: (orgId: string, baseId: string, query: string, limit: number): Promise<Passage[]> =>
      searchChunks(db.in(orgId), orgId, baseId, queryTerms(query), limit),
  };
}
