import type { EvaluationQuestion, EvaluationRunDetail } from '@rapport/protocol/evaluations';

/** How many documents of a search count. */
export const depth = 10;

/** What one question found. */
export interface Found {
  question: string;
  /** The place of the first expected document, from 1; null beyond `depth`. */
  rank: number | null;
  recall: number;
}

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

/** Against the run before, by the words of the questions. */
export function compare(now: Found[], before: Found[]): Compared {
  const known = new Map(before.map((one) => [one.question, one]));
  const results = now.map((one): Compared['results'][number] => {
    const old = known.get(one.question);
    if (!old) return { ...one, change: 'new' };
    const [was, is] = [old.rank ?? Infinity, one.rank ?? Infinity];
    const better = is < was || (is === was && one.recall > old.recall);
    const worse = is > was || (is === was && one.recall < old.recall);
    return { ...one, before: old.rank, change: better ? 'gained' : worse ? 'lost' : 'same' };
  });
  const count = (change: string): number => results.filter((one) => one.change === change).length;
  return { gained: count('gained'), lost: count('lost'), results };
}
