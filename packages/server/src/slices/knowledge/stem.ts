/**
 * M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980. English only; other languages are searched by
 * whole words until they have a stemmer of their own.
 */
const consonant = '[^aeiou]';
const vowel = '[aeiouy]';
const consonants = `${consonant}[^aeiouy]*`;
const vowels = `${vowel}[aeiou]*`;

const measured = new RegExp(`^(${consonants})?${vowels}${consonants}`);
const measuredOnce = new RegExp(`^(${consonants})?${vowels}${consonants}(${vowels})?$`);
const measuredTwice = new RegExp(`^(${consonants})?${vowels}${consonants}${vowels}${consonants}`);
const hasVowel = new RegExp(`^(${consonants})?${vowel}`);
const shortEnd = new RegExp(`^${consonants}${vowel}[^aeiouwxy]$`);

const doubleSuffixes: [string, string][] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
];
const singleSuffixes: [string, string][] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
];
const residual = /^(.+?)(al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ou|ism|ate|iti|ous|ive|ize)$/;

function replaceSuffix(word: string, pairs: [string, string][]): string {
  for (const [suffix, other] of pairs) {
    if (!word.endsWith(suffix)) continue;
    const root = word.slice(0, -suffix.length);
    return measured.test(root) ? root + other : word;
  }
  return word;
}

function plural(word: string): string {
  if (/(ss|i)es$/.test(word)) return word.slice(0, -2);
  return /[^s]s$/.test(word) ? word.slice(0, -1) : word;
}

function pastAndGerund(word: string): string {
  if (word.endsWith('eed')) return measured.test(word.slice(0, -3)) ? word.slice(0, -1) : word;
  const root = /^(.+)(ed|ing)$/.exec(word)?.[1];
  if (root === undefined || !hasVowel.test(root)) return word;
  if (/(at|bl|iz)$/.test(root)) return `${root}e`;
  if (/([^aeiouylsz])\1$/.test(root)) return root.slice(0, -1);
  return shortEnd.test(root) ? `${root}e` : root;
}

function lastStep(word: string): string {
  let result = word;
  const stripped = residual.exec(result)?.[1] ?? /^(.+?[st])ion$/.exec(result)?.[1];
  if (stripped !== undefined && measuredTwice.test(stripped)) result = stripped;
  if (result.endsWith('e')) {
    const root = result.slice(0, -1);
    if (measuredTwice.test(root) || (measuredOnce.test(root) && !shortEnd.test(root))) result = root;
  }
  return result.endsWith('ll') && measuredTwice.test(result) ? result.slice(0, -1) : result;
}

export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word;
  let result = pastAndGerund(plural(word));
  const root = result.slice(0, -1);
  if (result.endsWith('y') && hasVowel.test(root)) result = `${root}i`;
  return lastStep(replaceSuffix(replaceSuffix(result, doubleSuffixes), singleSuffixes));
}
