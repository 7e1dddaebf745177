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

interface Flat {
  title: string;
  language: string | null;
  body: string;
  /** It has the surroundings of a page on the web. */
  isSite: boolean;
}

/**
 * The same page with as much nesting as every tool survives, and nothing that is not text. Tags beyond the depth go, their
 * text stays. Throws ExtractionFailure `too-many-parts`.
 */
function flatten(html: string, { depth, elements }: Pick<Limits, 'depth' | 'elements'>): Flat {
  const body: string[] = [];
  const found: Flat = { title: '', language: null, body: '', isSite: false };
  /** For each open element whether its tag was written. */
  const open: boolean[] = [];
  let written = 0;
  let count = 0;
  let silent = 0;
  let inTitle = false;
  const parser = new Parser({
    onopentag(name, attributes) {
      count += 1;
      if (count > elements) throw new ExtractionFailure('too-many-parts');
      if (name === 'html' || name === 'body') found.language ??= attributes['lang'] ?? attributes['xml:lang'] ?? null;
      if (surrounding.test(name) || attributes['role'] === 'navigation') found.isSite = true;
      const hides = dropped.has(name) || 'hidden' in attributes || attributes['aria-hidden'] === 'true';
      inTitle = name === 'title' && silent === 0;
      if (hides || silent > 0) silent += 1;
      const writes = silent === 0 && !inTitle && !empty.has(name) && written < depth;
      open.push(writes);
      if (writes) written += 1;
      const leaf = name === 'br' || name === 'hr' || name === 'img';
      if (writes || (silent === 0 && leaf)) body.push(`<${name}${write(attributes)}>`);
    },
    ontext(text) {
      if (inTitle) found.title += text;
      else if (silent === 0) body.push(escapeHtml(text));
    },
    onclosetag(name) {
      inTitle = false;
      if (silent > 0) silent -= 1;
      if (!open.pop()) return;
      written -= 1;
      body.push(`</${name}>`);
    },
  });
  parser.end(html);
  return { ...found, body: body.join('') };
}

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

/** Of a fragment or page that is known to be matter throughout. */
export function fragmentToMarkdown(html: string, limits: Pick<Limits, 'depth' | 'elements'>): string {
  return toMarkdown(documentOf(flatten(html, limits).body).body);
}

export function readHtml(html: string, limits: Pick<Limits, 'depth' | 'elements'>): Page {
  const { title, language, body, isSite } = flatten(html, limits);
  const matter = isSite ? article(body, title.trim()) : null;
  const markdown = toMarkdown(documentOf(matter ?? body).body);
  return { title: title.trim() || null, language, markdown };
}
