import type { Found } from './search.store.ts';
import { terms } from './terms.ts';

/**
 * Relevance feedback by RM3 (Lavrenko and Croft, "Relevance-based language models", 2001; Abdul-Jaleel et al., UMass at
 * TREC 2004): a short question is asked again together with the words that stand out in what it found. Values of Anserini.
 */
export const feedbackPassages = 10;
export const mostExpanded = 10;
const ownShare = 0.5;
/** Looked up; those that stand all over the base are left out. */
const mostTold = 60;

export interface Told {
  hash: number;
  weight: number;
}

/** What the passages are about: the terms that make up most of their texts, by the passages' scores. */
export function feedbackTerms(passages: Found[]): { term: string; weight: number }[] {
  const scores = passages.reduce((sum, p) => sum + p.score, 0);
  const weights = new Map<string, number>();
  for (const passage of passages) {
    const { language } = passage;
    const heading = new Set(terms([passage.title, ...passage.headingPath].join(' '), language));
    const all = [...terms(passage.text, language), ...heading];
    const worth = passage.score / scores / all.length;
    for (const term of all) weights.set(term, (weights.get(term) ?? 0) + worth);
  }
  return [...weights]
    .map(([term, weight]) => ({ term, weight }))
    .sort((x, y) => y.weight - x.weight || (x.term < y.term ? -1 : 1))
    .slice(0, mostTold);
}

/** Half of the weight stays with the question's own terms; it has so many words, whatever the number of their stems. */
export function expand(own: Map<number, number>, words: number, told: Told[], kept: Set<number>): Map<number, number> {
  const added = told.filter(({ hash }) => kept.has(hash));
  const sum = added.reduce((all, { weight }) => all + weight, 0);
  if (sum === 0) return own;
  const weights = new Map([...own].map(([term, weight]) => [term, weight * ownShare]));
  for (const { hash, weight } of added) {
    weights.set(hash, (weights.get(hash) ?? 0) + ((1 - ownShare) * words * weight) / sum);
  }
  return weights;
}
