import { escapeHtml } from '../xml.ts';

/** What pdf.js gives for a page: pieces of text, and where marked content begins and ends. */
export type Item = TextItem | { type: string; id?: string | null; tag?: string };

export interface TextItem {
  str: string;
  /** Where it stands and how large: a, b, c, d, x, y. */
  transform: number[];
  width: number;
  height: number;
  hasEOL: boolean;
}

export interface Tag {
  role: string;
  children: (Tag | Content)[];
  alt?: string;
}
interface Content {
  type: string;
  id?: string;
}

export const isText = (item: Item): item is TextItem => 'str' in item;

/** A line's end is a space, or nothing where a word goes on behind a hyphen. */
export const joinLines = (above: string, below: string): string =>
  /\p{Ll}-$/u.test(above) && /^\p{Ll}/u.test(below) ? above.slice(0, -1) + below : `${above} ${below}`;

/** The text of each marked content, and how much of the page is marked; what is no matter of the document is left out. */
function marked(items: Item[]): { texts: Map<string, string>; inside: number; outside: number } {
  const texts = new Map<string, string>();
  const open: (string | null)[] = [];
  let artifacts = 0;
  let inside = 0;
  let outside = 0;
  let broken = '';
  for (const item of items) {
    if (!isText(item)) {
      if (item.type === 'endMarkedContent') {
        if (open.pop() === 'artifact') artifacts -= 1;
      } else {
        const isArtifact = item.tag === 'Artifact';
        if (isArtifact) artifacts += 1;
        open.push(isArtifact ? 'artifact' : (item.id ?? null));
      }
      continue;
    }
    if (artifacts > 0) continue;
    const id = open.findLast((one) => one !== null);
    if (id === undefined || id === null) {
      outside += item.str.trim().length;
      continue;
    }
    inside += item.str.trim().length;
    const before = texts.get(id) ?? '';
    texts.set(id, broken === id ? joinLines(before, item.str) : before + item.str);
    broken = item.hasEOL ? id : '';
  }
  return { texts, inside, outside };
}

const elements: Record<string, string> = {
  H: 'h2',
  H1: 'h1',
  H2: 'h2',
  H3: 'h3',
  H4: 'h4',
  H5: 'h5',
  H6: 'h6',
  Title: 'h1',
  P: 'p',
  Note: 'p',
  Caption: 'p',
  BlockQuote: 'blockquote',
  Table: 'table',
  TR: 'tr',
  TH: 'th',
  TD: 'td',
  Div: 'div',
  Sect: 'div',
  Art: 'div',
  Part: 'div',
};

const deepest = 100;
/** What some programs leave in the text of an item. */
const marker = /^((?:<\w+>)*)\s*(?:[•◦▪‣●○■–*-]|[\ue000-\uf8ff]|\(?(?:\d{1,3}|[a-z])[.)])\s+/u;

function write(node: Tag | Content, texts: Map<string, string>, depth: number): string {
  if (!('role' in node)) return escapeHtml((node.id && texts.get(node.id)) ?? '');
  if (depth > deepest || node.role === 'TOC') return '';
  const inner = () => node.children.map((child) => write(child, texts, depth + 1)).join('');
  if (node.role === 'Figure') return escapeHtml(node.alt ?? '') || inner();
  // The list that an item is in gives it its marker.
  if (node.role === 'Lbl') return '';
  if (node.role === 'L') {
    const name = /^\(?[\da-z]{1,3}[.)]/i.test(startOf(node, texts)) ? 'ol' : 'ul';
    return `<${name}>${inner()}</${name}>`;
  }
  if (node.role === 'LI') return `<li>${inner().replace(marker, '$1')}</li>`;
  const name = elements[node.role];
  return name ? `<${name}>${inner()}</${name}>` : inner();
}

/** The first text below a node, which in a list is its marker or begins with it. */
function startOf(node: Tag | Content, texts: Map<string, string>, depth = 0): string {
  if (!('role' in node)) return (node.id && texts.get(node.id)?.trim()) || '';
  for (const child of depth > deepest ? [] : node.children) {
    const found = startOf(child, texts, depth + 1);
    if (found !== '') return found;
  }
  return '';
}

/** HTML of a page whose document tells its structure (tagged PDF); null where most of the text is not told of. */
export function readTags(tree: Tag, items: Item[]): string | null {
  const { texts, inside, outside } = marked(items);
  if (inside === 0 || outside > inside / 4) return null;
  return write(tree, texts, 0);
}
