/** Letters of other scripts that look like Latin ones. */
const lookalikes: Record<string, string> = {
  а: 'a',
  е: 'e',
  о: 'o',
  р: 'p',
  с: 'c',
  у: 'y',
  х: 'x',
  і: 'i',
  ѕ: 's',
  ј: 'j',
  ԁ: 'd',
  һ: 'h',
  к: 'k',
  м: 'm',
  т: 't',
  в: 'b',
  н: 'h',
  α: 'a',
  ο: 'o',
  ι: 'i',
  ν: 'v',
  κ: 'k',
  ρ: 'p',
  τ: 't',
  ε: 'e',
  υ: 'u',
  ı: 'i',
  ł: 'l',
  ø: 'o',
  ß: 'ss',
  đ: 'd',
  ʟ: 'l',
  ɪ: 'i',
  ᴇ: 'e',
  ɴ: 'n',
  ᴅ: 'd',
  ᴋ: 'k',
  ꜱ: 's',
  '’': "'",
  '‘': "'",
  ʼ: "'",
  '`': "'",
  '´': "'",
};

const invisible = /[\p{Cf}\p{M}\u034f\u115f\u1160\u3164]/gu;

function foldOther(character: string): string {
  const plain = lookalikes[character] ?? character;
  const folded = plain.normalize('NFKD').replace(invisible, '').toLowerCase();
  return [...folded].map((one) => lookalikes[one] ?? one).join('');
}

/** Upper and lower case, accents, wide letters and look-alikes are one; what cannot be seen is nothing. */
export function foldCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (code >= 0x80) return foldOther(character);
  return code >= 0x41 && code <= 0x5a ? String.fromCharCode(code + 0x20) : character;
}

/** As `foldCharacter`, of a word of the rules. */
export const foldWord = (word: string): string => Array.from(word, foldCharacter).join('');
