import { AppError } from '../../platform/errors.ts';
import { isKnownPassword } from './knownPasswords.ts';

const shortest = 12;
const longest = 200;

/** Patterns of the languages people here speak, beside the list of leaked ones. */
const known = new Set(
  `password2024 password2025 password2026 password2027 passwort2025 passwort2026 qwertz123456 qwertzuiopasd azertyuiop123
correcthorsebatterystaple willkommen123 hallohallo123 motdepasse123 contrasena123 changemenow1 adminpassword`.split(
    /\s+/,
  ),
);

/** Of this product and the work it is for: with some digits they are what is tried first here. */
export const contextWords = [
  'rapport',
  'password',
  'passwort',
  'persona',
  'supervisor',
  'facilitator',
  'administrator',
];

const plain = (text: string): string => text.normalize('NFKC').toLowerCase();

const refuse = (message: string) =>
  new AppError('invalid-body', { detail: message, errors: [{ pointer: '/password', message }] });

/** Throws `invalid-body` for a password that is among the first an attacker tries; `about`: what is known of the person and
 * of their organisation. */
export function requireGoodPassword(password: string, about: readonly string[] = []): void {
  const text = plain(password);
  if (password.length < shortest) throw refuse(`At least ${shortest} characters.`);
  if (password.length > longest) throw refuse(`At most ${longest} characters.`);
  if ([text, text.replace(/[^a-z0-9]+$/, '')].some((each) => known.has(each) || isKnownPassword(each))) {
    throw refuse('This is among the passwords that are tried first. Choose another.');
  }
  if (new Set(text).size < 5 || isRow(text)) throw refuse('This repeats a pattern. Choose something less regular.');
  if (isMostly([...contextWords, ...about], text)) {
    throw refuse('This is mostly a name, an address or a word of this place. Choose another.');
  }
}

/** Whether little is left of the text without these words, and without the digits and signs people put behind them. */
function isMostly(words: readonly string[], text: string): boolean {
  const parts = words.flatMap((each) => [
    plain(each).replace(/[^\p{L}\p{N}]+/gu, ''),
    ...plain(each).split(/[^\p{L}\p{N}]+/u),
  ]);
  const told = [...new Set(parts)].filter((each) => each.length >= 4 && text.includes(each));
  if (told.length === 0) return false;
  const rest = told.sort((a, b) => b.length - a.length).reduce((left, each) => left.replaceAll(each, ''), text);
  return rest.length < 8 || rest.replace(/[\d\p{P}\p{S}\s]/gu, '').length < 4;
}

/** One part again and again, or characters in their own order. */
function isRow(text: string): boolean {
  if (/^(.{1,6})\1+$/.test(text)) return true;
  const codes = [...text].map((each) => each.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, at) => code - (codes[at] ?? 0));
  return steps.every((step) => step === 1) || steps.every((step) => step === -1);
}
