import { foldCharacter } from './fold.ts';

/** A word as it was written, folded; offsets are of the original text. */
export interface RawToken {
  text: string;
  start: number;
  end: number;
  /** A negation reaches no further than its clause, a gap no further than its sentence. */
  clause: number;
  sentence: number;
  quoted: boolean;
}

const letterOrDigit = /^[\p{L}\p{N}]+$/u;
const insideWords = "'@$!|*+";
const endsSentence = '.!?';
const endsClause = ',;:()\u2013\u2014\u2026\n';
const longestQuote = 400;

interface Unit {
  folded: string;
  start: number;
  end: number;
  kind: 'letter' | 'sign' | 'other';
}

const isAsciiLetter = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a);

/** Most of what is written: looked up, not worked out. */
const plain: readonly Pick<Unit, 'folded' | 'kind'>[] = Array.from({ length: 128 }, (_, code) => {
  const folded = foldCharacter(String.fromCharCode(code));
  return { folded, kind: isAsciiLetter(code) ? 'letter' : insideWords.includes(folded) ? 'sign' : 'other' };
});

function unitsOf(text: string): Unit[] {
  const units: Unit[] = [];
  let start = 0;
  for (const character of text) {
    const end = start + character.length;
    const known = character.length === 1 ? plain[character.charCodeAt(0)] : undefined;
    if (known) {
      units.push({ folded: known.folded, start, end, kind: known.kind });
      start = end;
      continue;
    }
    const folded = foldCharacter(character);
    if (folded !== '') {
      const letter = isAsciiLetter(character.charCodeAt(0)) || letterOrDigit.test(folded);
      units.push({ folded, start, end, kind: letter ? 'letter' : insideWords.includes(folded) ? 'sign' : 'other' });
    }
    start = end;
  }
  return units;
}

/** Pairs of quotation marks, as ranges of units. What is quoted from end to end is not somebody else's word. */
function quotesIn(units: Unit[]): [number, number][] {
  const found: [number, number][] = [];
  let open = -1;
  units.forEach(({ folded }, i) => {
    if (!'"“”„«»'.includes(folded)) return;
    if (open >= 0 && i - open <= longestQuote) {
      found.push([open, i]);
      open = -1;
    } else open = i;
  });
  const covered = found.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  return covered > units.length * 0.8 ? [] : found;
}

/** The words of a text. Signs count as letters in the middle of a word only: "d!e" is one, "die!" ends with none. */
export function tokenise(text: string): RawToken[] {
  const units = unitsOf(text);
  const quotes = quotesIn(units);
  const tokens: RawToken[] = [];
  let [clause, sentence, quote] = [0, 0, 0];
  for (let i = 0; i < units.length; i += 1) {
    const unit = units[i] as Unit;
    const next = units[i + 1];
    const wordAhead = unit.kind === 'sign' && next?.kind === 'letter' && unit.folded !== "'";
    if (unit.kind === 'letter' || wordAhead) {
      let end = i;
      while (
        units[end + 1]?.kind === 'letter' ||
        (units[end + 1]?.kind === 'sign' && units[end + 2]?.kind === 'letter')
      )
        end += 1;
      while (quotes[quote] && (quotes[quote] as [number, number])[1] < i) quote += 1;
      const within = quotes[quote];
      let word = '';
      for (let at = i; at <= end; at += 1) word += (units[at] as Unit).folded;
      tokens.push({
        text: word,
        start: unit.start,
        end: (units[end] as Unit).end,
        clause,
        sentence,
        quoted: within !== undefined && within[0] < i,
      });
      i = end;
    } else if (endsSentence.includes(unit.folded)) {
      clause += 1;
      if (next === undefined || next.folded.trim() === '') sentence += 1;
    } else if (endsClause.includes(unit.folded)) clause += 1;
  }
  return tokens;
}
