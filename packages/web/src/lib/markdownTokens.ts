import { Lexer, Tokenizer, type MarkedToken, type Tokens } from 'marked';

/** Quotes in lists in quotes, or emphasis in links in emphasis: what is nested deeper stands as the text it is. */
const deepest = 12;

/** Longer than the name before the `@` of any address of mail. */
const noAddress = /^[a-zA-Z0-9.!#$%&'*+/=?_`{|}~-]{255,}(?=@)/;

/** marked's own rules, counting how deep they call themselves: a message of nothing but `>` must not end in the stack. */
class CappedTokenizer extends Tokenizer {
  #depth = { block: 0, inline: 0 };

  #within<T>(kind: 'block' | 'inline', read: () => T): T | undefined {
    if (this.#depth[kind] >= deepest) return undefined;
    this.#depth[kind] += 1;
    try {
      return read();
    } finally {
      this.#depth[kind] -= 1;
    }
  }

  override blockquote(...args: Parameters<Tokenizer['blockquote']>) {
    return this.#within('block', () => super.blockquote(...args));
  }
  override list(...args: Parameters<Tokenizer['list']>) {
    return this.#within('block', () => super.list(...args));
  }
  override emStrong(...args: Parameters<Tokenizer['emStrong']>) {
    return this.#within('inline', () => super.emStrong(...args));
  }
  override del(...args: Parameters<Tokenizer['del']>) {
    return this.#within('inline', () => super.del(...args));
  }
  override link(...args: Parameters<Tokenizer['link']>) {
    return this.#within('inline', () => super.link(...args));
  }
  override reflink(...args: Parameters<Tokenizer['reflink']>) {
    return this.#within('inline', () => super.reflink(...args));
  }

  // marked looks for the `@` anew at every letter of a word that ends in one.
  override inlineText(src: string): Tokens.Text | undefined {
    const [word] = noAddress.exec(src) ?? [];
    return word ? { type: 'text', raw: word, text: word, escaped: false } : super.inlineText(src);
  }
}

/** What marked looks for the other half of, from each to the end of its paragraph. */
const half = /[*_~`[\]<>|\\&@]/g;
/** Marks times letters, summed over the paragraphs: a tenth of a second or two of reading. */
const mostWork = 1.2e7;

/** Grows with the square of a paragraph that is full of marks; a text that people write is far below. */
const workOf = (text: string): number =>
  text.split(/\n\s*\n/).reduce((sum, part) => sum + (part.match(half)?.length ?? 0) * part.length, 0);

const asItStands = (text: string): MarkedToken[] => [{ type: 'text', raw: text, text, escaped: true }];

/** The blocks of a text in GitHub's Markdown. Whatever is wrong with the text: never throws, and ends soon. */
export function tokensOf(text: string): MarkedToken[] {
  if (workOf(text) > mostWork) return asItStands(text);
  try {
    return new Lexer({ gfm: true, tokenizer: new CappedTokenizer() }).lex(text) as MarkedToken[];
  } catch {
    return asItStands(text);
  }
}

const named: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  shy: '\u00ad',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  bull: '•',
  middot: '·',
  copy: '©',
  reg: '®',
  trade: '™',
  deg: '°',
  times: '×',
  euro: '€',
  pound: '£',
  sect: '§',
  rarr: '→',
  larr: '←',
  laquo: '«',
  raquo: '»',
};

const fromCode = (code: number): string =>
  code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code);

/** The characters that `&amp;`, `&#60;` and `&#x3c;` stand for; the rarer names stay as they are written. */
export const withoutEntities = (text: string): string =>
  text.replace(
    /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-zA-Z]{2,8}));/g,
    (whole, decimal, hex, name: string | undefined) => {
      if (decimal) return fromCode(Number(decimal));
      if (hex) return fromCode(Number.parseInt(String(hex), 16));
      return name && Object.hasOwn(named, name) ? (named[name] ?? whole) : whole;
    },
  );

export interface Target {
  href: string;
  /** Where it goes, in a few characters: a host, or an address of mail. */
  place: string;
  /** Whether `text` says by itself where it goes. A text that merely holds the name may be a trap. */
  isSaidBy(text: string | null): boolean;
}

const allowed = new Set(['http:', 'https:', 'mailto:']);

/** Null for an address that a message has no business leading to: a script, data, a file, a page of this application. */
export function targetOf(written: string): Target | null {
  const given = withoutEntities(written);
  // The browser's own reading of an address: it is the one that would be followed.
  const url = URL.canParse(given) ? new URL(given) : null;
  if (!url || !allowed.has(url.protocol)) return null;
  const isMail = url.protocol === 'mailto:';
  const place = isMail ? url.pathname : url.host;
  const plain = isMail
    ? given === url.href
    : url.username === '' && url.password === '' && given.startsWith(url.origin);
  return { href: url.href, place, isSaidBy: (text) => text === place || (plain && text === given) };
}
