import type { EvaluationQuestion, EvaluationRunDetail } from '@rapport/protocol/evaluations';

/** How many documents of a search count. */
export const depth = 10;

/** What one question found. */
export interface Found {
  question: string;
  /** The place of the first expected document, from 1; null beyond `depth`. */
  rank: number | null;
  recall: number;
  /** With the version that was searched, where the one that waits was put in its place. */
  published?: Place;
}

type Place = Pick<Found, 'rank' | 'recall'>;

/** `documentIds`: of the passages found, best first. */
export function judge({ question, documentIds: expected }: EvaluationQuestion, documentIds: string[]): Found {
  const first = [...new Set(documentIds)].slice(0, depth);
  const at = first.findIndex((id) => expected.includes(id));
  const held = expected.filter((id) => first.includes(id)).length;
  return { question, rank: at < 0 ? null : at + 1, recall: held / expected.length };
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

export const summarise = (results: Found[]) => ({
  questions: results.length,
  recall: mean(results.map(({ recall }) => recall)),
  mrr: mean(results.map(({ rank }) => (rank === null ? 0 : 1 / rank))),
});

type Compared = Pick<EvaluationRunDetail, 'gained' | 'lost' | 'results'>;

function compareOne({ question, rank, recall }: Found, old: Place | undefined): Compared['results'][number] {
  if (!old) return { question, rank, recall, change: 'new' };
  const [was, is] = [old.rank ?? Infinity, rank ?? Infinity];
  const better = is < was || (is === was && recall > old.recall);
  const worse = is > was || (is === was && recall < old.recall);
  return { question, rank, recall, before: old.rank, change: better ? 'gained' : worse ? 'lost' : 'same' };
}

function counted(results: Compared['results']): Compared {
  const count = (change: string): number => results.filter((one) => one.change === change).length;
  return { gained: count('gained'), lost: count('lost'), results };
}

/** Against the run before, by the words of the questions. */
export function compare(now: Found[], before: Found[]): Compared {
  const known = new Map(before.map((one) => [one.question, one]));
  return counted(now.map((one) => compareOne(one, known.get(one.question))));
}

/** Of one run that asked each question of both versions. */
export const compareVersions = (results: Found[]): Compared =>
  counted(results.map((one) => compareOne(one, one.published)));
