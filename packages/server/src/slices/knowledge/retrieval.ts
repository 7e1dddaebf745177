import type { EmbeddingReport, KnowledgeSearch, Passage, RerankReport } from '@rapport/protocol/knowledge';
import type { z } from 'zod';
import type { Database, Db } from '../../platform/db/db.ts';
import { termHasher } from './indexing.ts';
import { fuse } from './fusion.ts';
import { contextOf } from './context.ts';
import type { Account } from '../inference/asking.ts';
import { ask, carriedFrom, type Asked } from './question.ts';
import type { Bases } from './readers.ts';
import { rank, type List, type Question, type Ranked } from './ranking.ts';
import type { RerankChannel } from './reranking.ts';
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

/** With what is searched for them, and on whose account. */
export interface Prompting extends Questions {
  meaning: Meaning;
  asker: Account;
}

interface Finding {
  query: string;
  /** Words that count half. */
  carried: string;
  /** The question as a whole, for whoever reads more than words. */
  sentence: string;
  limit: number;
  meaning: Meaning;
  asker: Account;
}

function queryOf({ questions, inFull }: Questions): Pick<Finding, 'query' | 'carried' | 'sentence'> {
  const question = questions.at(-1) ?? '';
  if (inFull !== null) return { query: inFull, carried: question, sentence: inFull };
  const carried = carriedFrom(questions.at(-2), question);
  return { query: question, carried, sentence: `${carried} ${question}`.trim() };
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

const none = { used: false, reason: null, model: null };
const nothing = {
  found: [],
  asked: new Set<string>(),
  embeddings: { ...none, weight: null, search: null },
  reranking: { ...none, candidates: 0 },
};
const quoted = { reason: 'quoted' as const, model: null };

/** Of each channel, before the two become one. */
const candidates = 100;

/** The vector of a question, asked for by whoever wants it first. */
export type Meaning = () => Promise<AskedVector>;

/** Finds passages of bases, as far as their reader may read them. */
export function createRetrieval(parts: { db: Database; vectors: VectorChannel; reranker: RerankChannel }) {
  const { db, vectors, reranker } = parts;
  const meaningOf = (orgId: string, sentence: string, asker: Account): Meaning => {
    let asked: Promise<AskedVector> | undefined;
    return () => (asked ??= vectors.vectorOf(orgId, sentence, asker));
  };

  const find = async (orgId: string, bases: Bases, finding: Finding) => {
    const { query, carried, sentence, limit, meaning, asker } = finding;
    const scope = db.in(orgId);
    const collection = await collectionOf(scope, orgId, bases);
    if (collection.chunks === 0) return nothing;
    const hash = await termHasher(scope.codec, orgId);
    const asked = ask(query, collection.languages, carried);
    const most = Math.max(limit, candidates);
    const [ranked, vector] = await Promise.all([
      searchWords({ db: scope, orgId, bases, collection, hash }, asked, most),
      // Who puts words into quotation marks wants these words.
      asked.phrases.length > 0 ? quoted : meaning(),
    ]);
    const looking = { hidden: collection.hidden, limit: most };
    const { near, weight, report } = await vectors.near(orgId, bases, vector, ranked, looking);
    const depth = Math.max(limit, await reranker.candidates(orgId));
    const places = near.length > 0 ? fuse(ranked, near, weight, depth) : ranked.slice(0, depth);
    const fused = await passagesAt(scope, orgId, bases, places);
    const { found, report: reranking } = await reranker.order(orgId, asker, sentence, fused);
    return { found: found.slice(0, limit), asked: new Set(asked.terms.keys()), embeddings: report, reranking };
  };

  return {
    /** Best first; with the `meaning` of a question that was asked before. `explain`: with what each channel gave a passage, and where the words asked for stand in it. */
    async search(
      orgId: string,
      bases: Bases,
      { query, limit, explain }: z.output<typeof KnowledgeSearch>,
      userId: string | null,
      meaning?: Meaning,
    ): Promise<{ results: Passage[]; embeddings: EmbeddingReport; reranking: RerankReport }> {
      const asker = { personaId: null, userId };
      const plainly = {
        query,
        carried: '',
        sentence: query,
        limit,
        asker,
        meaning: meaning ?? meaningOf(orgId, query, asker),
      };
      const { found, asked, embeddings, reranking } = await find(orgId, bases, plainly);
      const results = found.map((passage) => {
        const plain = toPassage(passage);
        const { channels } = passage;
        return explain ? { ...plain, channels, highlights: highlightsOf(passage, asked) } : plain;
      });
      return { results, embeddings, reranking };
    },

    /** Of the last of some questions, with what it carries of the one before: one call, whoever searches with it. */
    meaningOf(orgId: string, asked: Questions, asker: Account): Meaning {
      return meaningOf(orgId, queryOf(asked).sentence, asker);
    },

    /**
     * What a reply to the last of some questions is given: neighbours joined, copies left out, within a budget. A short
     * question that leans on the one before is searched with its words; one that was said `inFull`, with both.
     */
    async searchForPrompt(
      orgId: string,
      bases: Bases,
      { meaning, asker, ...questions }: Prompting,
      limit: number,
    ): Promise<Passage[]> {
      const finding = { ...queryOf(questions), limit: limit * promptCandidates, meaning, asker };
      const { found } = await find(orgId, bases, finding);
      return contextOf(found, limit, promptTokens).map(toPassage);
    },
  };
}
