import { denialsIn } from './evidence.ts';
import { fillers } from './reference.ts';
import { terms } from './terms.ts';
import type { Language } from './languages.ts';

/** The share of the content words that a question must have in common with an approved one: both ways, so that neither says more. */
export const floor = 0.8;

/** The content words a question is told by, without those of asking. */
export const keyOf = (question: string, language: Language): Set<string> =>
  new Set(terms(question, language).filter((term) => !fillers.has(term)));

const numbersIn = (question: string): string => (question.match(/\d+/g) ?? []).sort().join(' ');

/**
 * How much two questions have in common (Dice, 1945), from 0 to 1; 0 where they name other numbers, or one denies what the other
 * does not.
 */
export function likeness(asked: string, approved: string, language: Language): number {
  if (numbersIn(asked) !== numbersIn(approved)) return 0;
  if (denialsIn(asked, language) !== denialsIn(approved, language)) return 0;
  const [a, b] = [keyOf(asked, language), keyOf(approved, language)];
  const common = [...a].filter((term) => b.has(term)).length;
  return a.size + b.size === 0 ? 0 : (2 * common) / (a.size + b.size);
}
