import type { EmbeddingReport, KnowledgeSearch, Passage } from '@rapport/protocol/knowledge';
import type { z } from 'zod';
import type { Database, Db } from '../../platform/db/db.ts';
import { termHasher } from './indexing.ts';
import { fuse } from './fusion.ts';
import { contextOf } from './context.ts';
import { ask, carriedFrom, type Asked } from './question.ts';
import type { Bases } from './readers.ts';
import { rank, type List, type Question, type Ranked } from './ranking.ts';
import { expand, feedbackPassages, feedbackTerms, mostExpanded } from './feedback.ts';
import {
  collectionOf,
  occurrencesOf,
  passagesAt,
  rareOccurrencesOf,
  type Found,
  type Searched,
} from './search.store.ts';
import { termOf, words } from './terms.ts';
import type { VectorChannel } from './vectors/channel.ts';

/** A longer question says itself what it is about. */
const shortQuestion = 4;

interface Search {
  db: Db;
  orgId: string;
  bases: Bases;
  collection: Searched;
  hash: (term: string) => number;
}

/** The best places by their words. */
async function searchWords(search: Search, asked: Asked, limit: number): Promise<Ranked[]> {
  const { db, orgId, bases, collection, hash } = search;
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
    bases,
    collection.chunks,
    [...hashes.values()],
    question.phrases.flat(2),
  );
  const again = asked.words <= shortQuestion && question.phrases.length === 0;
  const first = rank(lists, question, collection, again ? Math.max(limit, feedbackPassages) : limit);
  if (!again || first.length === 0) return first;
  return searchAgain(search, { ...question, words: asked.words }, lists, first.slice(0, feedbackPassages), limit);
}

/** With the words of the first passages found, after Lavrenko and Croft. */
async function searchAgain(
  search: Search,
  question: Question & { words: number },
  lists: List[],
  first: Ranked[],
  limit: number,
): Promise<Ranked[]> {
  const { db, orgId, bases, collection, hash } = search;
  const told = feedbackTerms(await passagesAt(db, orgId, bases, first)).map(({ term, weight }) => ({
    hash: hash(term),
    weight,
  }));
  const rare = await rareOccurrencesOf(db, orgId, bases, collection.chunks, told, mostExpanded);
  const weights = expand(question.weights, question.words, told, new Set(rare.map((list) => list.term)));
  const known = new Set(lists.map((list) => list.term));
  const all = [...lists, ...rare.filter((list) => !known.has(list.term))];
  return rank(all, { ...question, weights }, collection, limit);
}

/** The words of a passage that the question asks for. */
function highlightsOf({ text, language }: Found, asked: Set<string>): { start: number; end: number }[] {
  return [...words(text)].flatMap((word) => {
    const term = termOf(word.text, language);
    return term !== null && asked.has(term) ? [{ start: word.start, end: word.end }] : [];
  });
}

const toPassage = ({ language: _, channels: _channels, ordinals: _ordinals, ...passage }: Found): Passage => passage;

/** What a reply is given: so many passages at most, in so many tokens, from so many found. */
const promptTokens = 2000;
const promptCandidates = 3;

const quoted = { near: [], report: { used: false, reason: 'quoted' as const, model: null, search: null } };

/** Of each channel, before the two become one. */
const candidates = 100;

/** Finds passages of bases, as far as their reader may read them. */
export function createRetrieval({ db, vectors }: { db: Database; vectors: VectorChannel }) {
  const searchMeaning = async (orgId: string, bases: Bases, text: string, { hidden }: Searched, most: number) =>
    vectors.near(orgId, bases, await vectors.vectorOf(orgId, text), hidden, most);

  const find = async (orgId: string, bases: Bases, query: string, limit: number, carried = '') => {
    const scope = db.in(orgId);
    const collection = await collectionOf(scope, orgId, bases);
    const none = { used: false, reason: null, model: null, search: null };
    if (collection.chunks === 0) return { found: [], asked: new Set<string>(), embeddings: none };
    const hash = await termHasher(scope.codec, orgId);
    const asked = ask(query, collection.languages, carried);
    const most = Math.max(limit, candidates);
    const [ranked, { near, report }] = await Promise.all([
      searchWords({ db: scope, orgId, bases, collection, hash }, asked, most),
      // Who puts words into quotation marks wants these words.
      asked.phrases.length > 0 ? quoted : searchMeaning(orgId, bases, `${carried} ${query}`.trim(), collection, most),
    ]);
    const places = near.length > 0 ? fuse(ranked, near, limit) : ranked.slice(0, limit);
    const found = await passagesAt(scope, orgId, bases, places);
    return { found, asked: new Set(asked.terms.keys()), embeddings: report };
  };

  return {
    /** Best first. `explain`: with what each channel gave a passage, and where the words asked for stand in it. */
    async search(
      orgId: string,
      bases: Bases,
      asking: z.output<typeof KnowledgeSearch>,
    ): Promise<{ results: Passage[]; embeddings: EmbeddingReport }> {
      const { found, asked, embeddings } = await find(orgId, bases, asking.query, asking.limit);
      const results = found.map((passage) => {
        const plain = toPassage(passage);
        const { channels } = passage;
        return asking.explain ? { ...plain, channels, highlights: highlightsOf(passage, asked) } : plain;
      });
      return { results, embeddings };
    },

    /**
     * What a reply to the last of some questions is given: neighbours joined, copies left out, within a budget. A short
     * question that leans on the one before is searched with its words.
     */
    async searchForPrompt(orgId: string, bases: Bases, questions: string[], limit: number): Promise<Passage[]> {
      const question = questions.at(-1) ?? '';
      const carried = carriedFrom(questions.at(-2), question);
      const { found } = await find(orgId, bases, question, limit * promptCandidates, carried);
      return contextOf(found, limit, promptTokens).map(toPassage);
    },
  };
}
