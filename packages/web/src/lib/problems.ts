import { ApiError } from '@rapport/sdk/api';
import { i18next } from '../i18n/index.ts';

/** What the server's validator says, and how a person is told. The server's own sentences are already for people. */
const kinds: [RegExp, ProblemText][] = [
  [/^Too small: expected string to have >=1 |received undefined$|^Must not be empty/i, 'problem.empty'],
  [/^Too small: expected string/, 'problem.tooShort'],
  [/^Too big: expected (?:string|array)/, 'problem.tooLong'],
  [/^Too small: expected array/, 'problem.empty'],
  [/^Too small: /, 'problem.tooLow'],
  [/^Too big: /, 'problem.tooHigh'],
  [/^Invalid (?:UUID|option)/, 'problem.choice'],
  [/^Invalid email/, 'problem.email'],
  [/^Invalid URL/, 'problem.address'],
  [/^Invalid ISO /, 'problem.date'],
  [/^Invalid input: expected (?:number|int)/, 'problem.number'],
  [/^(?:Invalid |Unrecognized key|not valid$)/, 'problem.other'],
];
type ProblemText =
  `problem.${'empty' | 'tooShort' | 'tooLong' | 'tooLow' | 'tooHigh' | 'choice' | 'email' | 'address' | 'date' | 'number' | 'other'}`;

export function inWords(said: string): string {
  const known = kinds.find(([pattern]) => pattern.test(said));
  // A client's device has the few that it can meet.
  return known ? i18next.t([known[1], 'problem.other']) : said;
}

/** The sentence to show for anything that was thrown. `marked`: the fields at fault say so themselves. */
export function reasonOf(error: unknown, marked = false): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof ApiError) || error.errors.length === 0) return inWords(error.message);
  if (marked) return i18next.t('problem.marked');
  if (error.code !== 'invalid-body') return error.message;
  return [...new Set(error.errors.map((one) => inWords(one.message)))].join(' ');
}
