import { Readability } from '@mozilla/readability';
import { Parser } from 'htmlparser2';
import { parseHTML } from 'linkedom';
import type { HtmlDocument } from './dom.ts';
import { ExtractionFailure } from './failure.ts';
import type { Limits } from './limits.ts';
import { toMarkdown } from './turndown.ts';
import { escapeHtml } from './xml.ts';

export interface Page {
  title: string | null;
  language: string | null;
  markdown: string;
}

/** Shown to nobody, or shown by other programs. */
const dropped = new Set(
  'script style noscript template svg math iframe frame object embed applet canvas audio video map button select datalist dialog'.split(
    ' ',
  ),
);
const kept = new Set(['href', 'colspan', 'class', 'id', 'role', 'alt', 'start', 'type']);
const empty = new Set([
  'br',
  'hr',
  'img',
  'wbr',
  'col',
  'input',
  'meta',
  'link',
  'base',
  'area',
  'source',
  'track',
  'param',
]);
/** What surrounds the matter of a page on the web. */
const surrounding = /^(?:nav|aside|footer)$/;

/** They hold other elements together and mean nothing by themselves: a page may be cut inside of them. */
const wrappers = new Set('html head body main div section article header center form font span'.split(' '));
/** The tree of a part with so many letters takes about a quarter of the memory that there is. */
const partLength = 1_000_000;

interface Flat {
  title: string;
  language: string | null;
  /** HTML of the matter, in parts that stand for themselves. */
  parts: string[];
  /** It has the surroundings of a page on the web. */
  isSite: boolean;
}

/** Writes HTML in parts, each with the wrappers around it. */
function createParts() {
  const parts: string[] = [];
  const open: string[] = [];
  let part: string[] = [];
  let length = 0;
  const put = (text: string) => {
    part.push(text);
    length += text.length;
  };
  const cut = () => {
    parts.push(part.join(''));
    part = [];
    length = 0;
  };
  return {
    depth: () => open.length,
    text: put,
    open(name: string, tag: string) {
      if (length > partLength && open.every((one) => wrappers.has(one))) {
        for (const one of open.toReversed()) put(`</${one}>`);
        cut();
        for (const one of open) put(`<${one}>`);
      }
      open.push(name);
      put(tag);
    },
    close: () => put(`</${open.pop()}>`),
    end() {
      cut();
      return parts;
    },
  };
}

/**
 * The same page with as much nesting as every tool survives, and nothing that is not text. Tags beyond the depth go, their
 * text stays. Throws ExtractionFailure `too-many-parts`.
 */
function flatten(html: string, { depth, elements }: Pick<Limits, 'depth' | 'elements'>): Flat {
  const out = createParts();
  const found = { title: '', language: null as string | null, isSite: false };
  /** For each open element whether its tag was written. */
  const open: boolean[] = [];
  let count = 0;
  let silent = 0;
  let inTitle = false;
  const parser = new Parser({
    onopentag(name, attributes) {
      count += 1;
      if (count > elements) throw new ExtractionFailure('too-many-parts');
      if (name === 'html' || name === 'body') found.language ??= attributes['lang'] ?? attributes['xml:lang'] ?? null;
      if (surrounding.test(name) || attributes['role'] === 'navigation') found.isSite = true;
      inTitle = name === 'title' && silent === 0;
      if (silent > 0 || isHidden(name, attributes)) silent += 1;
      const isLeaf = name === 'br' || name === 'hr' || name === 'img';
      const writes = silent === 0 && !inTitle && !empty.has(name) && out.depth() < depth;
      open.push(writes);
      if (writes) out.open(name, `<${name}${write(attributes)}>`);
      else if (silent === 0 && isLeaf) out.text(`<${name}${write(attributes)}>`);
    },
    ontext(text) {
      if (inTitle) found.title += text;
      else if (silent === 0) out.text(escapeHtml(text));
    },
    onclosetag() {
      inTitle = false;
      if (silent > 0) silent -= 1;
      if (open.pop()) out.close();
    },
  });
  parser.end(html);
  return { ...found, parts: out.end() };
}

const isHidden = (name: string, attributes: Record<string, string>): boolean =>
  dropped.has(name) || 'hidden' in attributes || attributes['aria-hidden'] === 'true';

const write = (attributes: Record<string, string>): string =>
  Object.entries(attributes)
    .filter(([name]) => kept.has(name))
    .map(([name, value]) => ` ${name}="${escapeHtml(value.slice(0, 2000))}"`)
    .join('');

const documentOf = (body: string): HtmlDocument =>
  parseHTML(`<!doctype html><html><body>${body}</body></html>`).document as unknown as HtmlDocument;

/** The matter of a page on the web, without what surrounds it; null where none stands out. */
function article(body: string, title: string): string | null {
  try {
    const { content } = new Readability(documentOf(body)).parse() ?? {};
    if (!content || title === '') return content ?? null;
    // It takes the heading of the page for a part of the site, or moves it down a level.
    const isHeading = (text: string) => text.trim() === title;
    const rest = content.replace(/<h[12]\b[^>]*>([^<]*)<\/h[12]>/i, (all, text: string) =>
      isHeading(text) ? '' : all,
    );
    return `<h1>${escapeHtml(title)}</h1>${rest}`;
  } catch {
    // It finds nothing in pages that have no paragraphs.
    return null;
  }
}

const partsToMarkdown = (parts: string[]): string =>
  parts.map((part) => toMarkdown(documentOf(part).body)).join('\n\n');

/** Of a fragment or page that is known to be matter throughout. */
export const fragmentToMarkdown = (html: string, limits: Pick<Limits, 'depth' | 'elements'>): string =>
  partsToMarkdown(flatten(html, limits).parts);

export function readHtml(html: string, limits: Pick<Limits, 'depth' | 'elements'>): Page {
  const { title, language, parts, isSite } = flatten(html, limits);
  const [only = ''] = parts;
  const matter = isSite && parts.length === 1 ? article(only, title.trim()) : null;
  return { title: title.trim() || null, language, markdown: partsToMarkdown(matter === null ? parts : [matter]) };
}
