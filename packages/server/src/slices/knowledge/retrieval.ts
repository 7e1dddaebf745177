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
import type { Asked as AskedVector, VectorChannel } from './vectors/channel.ts';

/** A longer question says itself what it is about. */
const shortQuestion = 4;

/** What a reply has to answer: the questions of a conversation, and the last one without its need of the others. */
export interface Questions {
  questions: string[];
  inFull: string | null;
}

interface Wanted {
  query: string;
  /** Of the question before, or of one that was said in full. */
  carried: string;
  limit: number;
  meaning: Meaning;
}

function queryOf({ questions, inFull }: Questions): Pick<Wanted, 'query' | 'carried'> {
  const question = questions.at(-1) ?? '';
  return inFull === null
    ? { query: question, carried: carriedFrom(questions.at(-2), question) }
    : { query: inFull, carried: question };
}

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

/** The vector of a question, asked for by whoever wants it first. */
export type Meaning = () => Promise<AskedVector>;

/** Finds passages of bases, as far as their reader may read them. */
export function createRetrieval({ db, vectors }: { db: Database; vectors: VectorChannel }) {
  const searchMeaning = async (orgId: string, bases: Bases, meaning: Meaning, { hidden }: Searched, most: number) =>
    vectors.near(orgId, bases, await meaning(), hidden, most);

  const meaningOf = (orgId: string, question: string, carried = ''): Meaning => {
    let asked: Promise<AskedVector> | undefined;
    return () => (asked ??= vectors.vectorOf(orgId, `${carried} ${question}`.trim()));
  };

  const find = async (orgId: string, bases: Bases, asking: Wanted) => {
    const { query, carried, limit, meaning } = asking;
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
      asked.phrases.length > 0 ? quoted : searchMeaning(orgId, bases, meaning, collection, most),
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
      const { query, limit } = asking;
      const meaning = meaningOf(orgId, query);
      const { found, asked, embeddings } = await find(orgId, bases, { query, carried: '', limit, meaning });
      const results = found.map((passage) => {
        const plain = toPassage(passage);
        const { channels } = passage;
        return asking.explain ? { ...plain, channels, highlights: highlightsOf(passage, asked) } : plain;
      });
      return { results, embeddings };
    },

    /** Of the last of some questions, with what it carries of the one before: one call, whoever searches with it. */
    meaningOf(orgId: string, asked: Questions): Meaning {
      const { query, carried } = queryOf(asked);
      return meaningOf(orgId, query, carried);
    },

    /**
     * What a reply to the last of some questions is given: neighbours joined, copies left out, within a budget. A short
     * question that leans on the one before is searched with its words; one that was said `inFull`, with both.
     */
    async searchForPrompt(
      orgId: string,
      bases: Bases,
      asked: Questions,
      limit: number,
      meaning: Meaning,
    ): Promise<Passage[]> {
      const { found } = await find(orgId, bases, { ...queryOf(asked), limit: limit * promptCandidates, meaning });
      return contextOf(found, limit, promptTokens).map(toPassage);
    },
  };
}
