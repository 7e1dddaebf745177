import { termOf, wordsOf } from '../knowledge/terms.ts';
import { plain } from './lift.ts';

/**
 * What makes a statement say the opposite. English; so are the frames below, and a statement in another language contradicts
 * nothing here.
 */
const negation =
  /\b(?:not|never|no longer|no more|cannot|[a-z]+n't|without|no|stopped|stops|quit|gave up|gives up|given up)\b|\banymore\b/g;
const dislikes = /\b(?:hates?|dislikes?|detests?|loathes?|stand)\b/g;
const likes = /\b(?:likes?|loves?|enjoys?|prefers?|adores?)\b/g;
const longest = 300;
/** What says when and how often rather than what. */
const besides = new Set([
  'really',
  'absolutely',
  'still',
  'also',
  'only',
  'very',
  'now',
  'always',
  'usually',
  'already',
]);

const termsOf = (text: string): Set<string> =>
  new Set([...wordsOf(text)].flatMap((word) => (besides.has(word) ? [] : [termOf(word, 'en') ?? []].flat())));

const isWithin = (a: Set<string>, b: Set<string>): boolean => [...a].every((term) => b.has(term));
const same = (a: Set<string>, b: Set<string>): boolean => a.size === b.size && isWithin(a, b);

/** A statement without what turns it round, and whether it is turned. `cannot stand` is one turn, not two. */
function turned(statement: string): { terms: Set<string>; negative: boolean } {
  const text = statement.replace(/\b(?:cannot|can't|do not|don't|doesn't|does not) stand\b/g, 'hate');
  const liking = text.replace(dislikes, 'not like').replace(likes, 'like');
  const turns = [...liking.matchAll(negation)].length;
  return { terms: termsOf(liking.replace(negation, ' ')), negative: turns % 2 === 1 };
}

/** Who it is said of: oneself however one is named, or somebody of one's own. */
const holder = String.raw`^(?:(?:i|he|she|they|the client)\s+|(?:my|our|her|his|their)\s+(?<whose>(?:[\p{L}'-]+\s+){1,3}?))?`;
const also = String.raw`(?:now |still |currently )?`;
const frame = (relation: string): RegExp => new RegExp(`${holder}${also}${relation}`, 'u');

/** Of which there is one at a time. */
const frames: [name: string, rule: RegExp][] = [
  ['lives', frame(String.raw`(?:lives?|living)\b(?:.*?)\b(?:in|at)\s+(?<value>[^,;]+)$`)],
  ['works as', frame(String.raw`works? as (?<value>.+)$`)],
  ['works for', frame(String.raw`works? (?:for|at) (?<value>.+)$`)],
  ['born', frame(String.raw`(?:was |were |is |am )?born (?:in|on) (?<value>.+)$`)],
  ['from', frame(String.raw`(?:(?:am|is) from|comes? from|grew up in) (?<value>.+)$`)],
  [
    'name',
    /^(?:(?:my|his|her|their) name is|(?:i|he|she) (?:am|is) called|(?:i|he|she) goe?s? by|call me) (?<value>.+)$/u,
  ],
  ['age', frame(String.raw`(?:am|is) (?<value>\d+)(?: years old)?$`)],
  ['family', frame(String.raw`(?:am |is |got )?(?<value>married|single|divorced|widowed|engaged|separated)\b`)],
  ['favourite', /^(?:my|our|her|his|their) (?<whose>favou?rite (?:[\p{L}'-]+ ){1,3})(?:is|are) (?<value>.+)$/u],
];

interface Told {
  about: string;
  value: Set<string>;
}

function toldBy(statement: string): Told[] {
  return frames.flatMap(([name, rule]) => {
    const { whose = '', value = '' } = rule.exec(statement)?.groups ?? {};
    const terms = termsOf(value);
    return terms.size === 0 ? [] : [{ about: `${name} ${[...termsOf(whose)].join(' ')}`, value: terms }];
  });
}

const numbers = /\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b/g;

/** What a statement says, taken apart once to be compared with many. */
export interface Claim {
  terms: Set<string>;
  negative: boolean;
  /** Its only number, and the terms beside it. */
  count: { number: string; of: Set<string> } | null;
  told: Told[];
}

const inWords = (statement: string): string =>
  plain(statement)
    .replace(/[\s.!…]+/g, ' ')
    .replace(/\bi'm\b/g, 'i am')
    .replace(/\b(he|she)'s\b/g, '$1 is')
    .trim();

function countOf(text: string): Claim['count'] {
  const [number, ...more] = text.match(numbers) ?? [];
  return number === undefined || more.length > 0 ? null : { number, of: termsOf(text.replace(numbers, ' ')) };
}

/** Null of what is too long to be one statement. */
export function claimOf(statement: string): Claim | null {
  if (statement.length > longest) return null;
  const text = inWords(statement);
  return { ...turned(text), count: countOf(text), told: toldBy(text) };
}

const countsOtherwise = (a: Claim['count'], b: Claim['count']): boolean =>
  a !== null && b !== null && a.number !== b.number && a.of.size > 0 && same(a.of, b.of);

/**
 * Whether two statements may contradict each other: the same with and without a negation, another number, or another value of
 * what one has one of. A hint for people, by rules, which miss much and are wrong at times.
 */
export function mayContradict(a: Claim, b: Claim): boolean {
  if (a.negative !== b.negative) return a.terms.size > 0 && same(a.terms, b.terms);
  if (countsOtherwise(a.count, b.count)) return true;
  return a.told.some(({ about, value }) =>
    b.told.some((one) => one.about === about && !isWithin(value, one.value) && !isWithin(one.value, value)),
  );
}
