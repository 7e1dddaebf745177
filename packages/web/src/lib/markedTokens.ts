import type { MarkedToken, Token, Tokens } from 'marked';
import { tokensOf } from './markdownTokens.ts';

/** What is marked: not Markdown's own, hence `Generic` to marked. */
export interface Mark {
  type: 'mark';
  raw: string;
  tokens: Token[];
}

type Range = readonly [number, number];

/** Two of the code points that never stand for a character; they take up one unit like what they replace. */
const [from, to] = ['\ufdd0', '\ufdd1'];
const edges = new RegExp(`[${from}${to}]`, 'g');

/** What makes a line a heading, an item or a row has to stand first in it. */
const lineMarks = /^[ \t>]*(?:#{1,6}(?=[ \t])|[-+*](?=[ \t])|\d+[.)](?=[ \t])|\|)?[ \t|]*[*_~`]*/;
const inlineMarks = /^[\s*_~`]*/;
const trailing = /[\s|*_~`#:-]*$/;

/** The range without the marks of Markdown at its ends, which would be read as letters with an edge beside them. */
function trimmed(text: string, [start, end]: Range): Range {
  const own = text.slice(start, end);
  const atLine = start === 0 || text[start - 1] === '\n';
  const [lead = ''] = (atLine ? lineMarks : inlineMarks).exec(own) ?? [];
  const [trail = ''] = trailing.exec(own) ?? [];
  return [start + lead.length, Math.max(end - trail.length, start + lead.length)];
}

const mark = (tokens: Token[]): Mark => ({ type: 'mark', raw: '', tokens });
const without = (text: string): string => text.replace(edges, '');

/** Walks tokens in the order of the text, and marks what stands between the two edges. */
function createMarker() {
  let on = false;
  let seen = 0;

  const leaf = (token: Tokens.Text | Tokens.Escape | Tokens.Codespan | Tokens.HTML | Tokens.Tag): Token[] =>
    token.text.split(/([\ufdd0\ufdd1])/).flatMap((part) => {
      if (part !== from && part !== to) {
        if (part === '') return [];
        const piece = { ...token, raw: without(token.raw), text: part } as Token;
        return [on ? mark([piece]) : piece];
      }
      on = part === from;
      seen += 1;
      return [];
    });

  const block = (token: Tokens.Code): Token[] => {
    const held = token.text.match(edges) ?? [];
    const touched = on || held.length > 0;
    seen += held.length;
    if (held.length > 0) on = held.at(-1) === from;
    const plain = { ...token, text: without(token.text), raw: without(token.raw) };
    return touched ? [mark([plain])] : [plain];
  };

  const cell = (one: Tokens.TableCell): Tokens.TableCell => ({ ...one, tokens: walk(one.tokens) });

  const one = (given: Token): Token[] => {
    const token = given as MarkedToken;
    switch (token.type) {
      case 'list':
        return [{ ...token, items: token.items.map((item) => ({ ...item, tokens: walk(item.tokens) })) }];
      case 'table':
        return [{ ...token, header: token.header.map(cell), rows: token.rows.map((row) => row.map(cell)) }];
      case 'code':
        return block(token);
      case 'text':
        return token.tokens ? [{ ...token, tokens: walk(token.tokens) }] : leaf(token);
      case 'escape':
      case 'codespan':
      case 'html':
        return leaf(token);
      default:
        return 'tokens' in token && token.tokens ? [{ ...token, tokens: walk(token.tokens) }] : [given];
    }
  };
  const walk = (tokens: Token[]): Token[] => tokens.flatMap(one);

  return { walk, both: () => seen === 2 && !on };
}

/** Whole blocks, where the edges fall into what is no text, such as the address of a link. */
function markedBlocks(text: string, [start, end]: Range): Token[] {
  let at = 0;
  return tokensOf(text).map((token) => {
    const begin = at;
    at += token.raw.length;
    return begin < end && at > start ? mark([token]) : token;
  });
}

/** The blocks of a text with a stretch of it marked, its ends in UTF-16 units. */
export function markedTokensOf(given: string, range: Range): Token[] {
  const text = given.replace(edges, '\ufffd');
  const [start, end] = trimmed(text, range);
  if (end <= start) return tokensOf(text);
  const edged = text.slice(0, start) + from + text.slice(start, end) + to + text.slice(end);
  const marker = createMarker();
  const tokens = marker.walk(tokensOf(edged));
  // An edge may also have ended in an address, where nobody would see it.
  return marker.both() && !JSON.stringify(tokens).match(/"href":"[^"]*[\ufdd0\ufdd1]/)
    ? tokens
    : markedBlocks(text, [start, end]);
}
