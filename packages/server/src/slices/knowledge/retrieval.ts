import type { Passage } from '@rapport/protocol/knowledge';
import type { Database, Db } from '../../platform/db/db.ts';
import { termHasher } from './indexing.ts';
import { ask } from './question.ts';
import { rank, type List, type Question } from './ranking.ts';
import { expand, feedbackPassages, feedbackTerms, mostExpanded } from './feedback.ts';
import { collectionOf, occurrencesOf, passagesAt, rareOccurrencesOf, type Searched } from './search.store.ts';

/** A longer question says itself what it is about. */
const shortQuestion = 4;

interface Search {
  db: Db;
  orgId: string;
  baseIds: string[];
  collection: Searched;
  hash: (term: string) => number;
}

/** The best passages by their words. */
async function searchWords(search: Search, query: string, limit: number): Promise<Passage[]> {
  const { db, orgId, baseIds, collection, hash } = search;
  const asked = ask(query, collection.languages);
  if (asked.terms.size === 0) return [];
  const hashes = new Map([...asked.terms.keys()].map((term) => [term, hash(term)]));
  const hashOf = (term: string): number => hashes.get(term) ?? hash(term);
  const question: Question = {
    weights: new Map([...asked.terms].map(([term, weight]) => [hashOf(term), weight])),
    pairs: asked.pairs.map(([first, second]) => [hashOf(first), hashOf(second)]),
    phrases: asked.phrases.map((ways) => ways.map((way) => way.map(hashOf))),
  };
  const lists = await occurrencesOf(
    db,
    orgId,
    baseIds,
    collection.chunks,
    [...hashes.values()],
    question.phrases.flat(2),
  );
  const again = asked.words <= shortQuestion && question.phrases.length === 0;
  const first = rank(lists, question, collection, again ? Math.max(limit, feedbackPassages) : limit);
  if (!again || first.length === 0) return passagesAt(db, orgId, first);
  return searchAgain(search, { ...question, words: asked.words }, lists, first.slice(0, feedbackPassages), limit);
}

/** With the words of the first passages found, after Lavrenko and Croft. */
async function searchAgain(
  search: Search,
  question: Question & { words: number },
  lists: List[],
  first: ReturnType<typeof rank>,
  limit: number,
): Promise<Passage[]> {
  const { db, orgId, baseIds, collection, hash } = search;
  const told = feedbackTerms(await passagesAt(db, orgId, first)).map(({ term, weight }) => ({
    hash: hash(term),
    weight,
  }));
  const rare = await rareOccurrencesOf(db, orgId, baseIds, collection.chunks, told, mostExpanded);
  const weights = expand(question.weights, question.words, told, new Set(rare.map((list) => list.term)));
  const known = new Set(lists.map((list) => list.term));
  const all = [...lists, ...rare.filter((list) => !known.has(list.term))];
  return passagesAt(db, orgId, rank(all, { ...question, weights }, collection, limit));
}

/** Finds passages; who may ask was checked by the caller. */
export function createRetrieval({ db }: { db: Database }) {
  return {
    /** Best first. */
    async search(orgId: string, baseIds: string[], query: string, limit: number): Promise<Passage[]> {
      const scope = db.in(orgId);
      const collection = await collectionOf(scope, orgId, baseIds);
      if (collection.chunks === 0) return [];
      const hash = await termHasher(scope.codec, orgId);
      return searchWords({ db: scope, orgId, baseIds, collection, hash }, query, limit);
    },
  };
}
