import type { Archive } from '../archive.ts';
import { ExtractionFailure } from '../failure.ts';
import type { Draft, Source } from '../format.ts';
import { fragmentToMarkdown } from '../html.ts';
import { attribute, childrenOf, escapeHtml, first, parseXml, textOf, type Element } from '../xml.ts';

/** Cells and rows that repeat, mostly empty ones, fill the sheet to its end. */
const mostRepeats = 50;
const skipped = new Set([
  'tracked-changes',
  'table-of-content',
  'annotation',
  'sequence-decls',
  'forms',
  'note-citation',
]);

const inner = (element: Element): string =>
  element.children.map((child) => (typeof child === 'string' ? escapeHtml(child) : toHtml(child))).join('');

const repeats = (element: Element, name: string): number =>
  Math.max(1, Math.min(mostRepeats, Number(attribute(element, name) ?? 1) || 1));

const writers: Record<string, (element: Element) => string> = {
  h: (element) => {
    const level = Math.max(1, Math.min(6, Number(attribute(element, 'outline-level') ?? 1) || 1));
    return `<h${level}>${inner(element)}</h${level}>`;
  },
  p: (element) => `<p>${inner(element)}</p>`,
  s: (element) => ' '.repeat(repeats(element, 'c')),
  tab: () => ' ',
  'line-break': () => '<br>',
  list: (element) => `<ul>${inner(element)}</ul>`,
  'numbered-list': (element) => `<ol>${inner(element)}</ol>`,
  'list-item': (element) => `<li>${inner(element)}</li>`,
  'list-header': (element) => `<li>${inner(element)}</li>`,
  a: (element) => `<a href="${escapeHtml(attribute(element, 'href') ?? '')}">${inner(element)}</a>`,
  // In the sentence that it belongs to: at the end of the document nobody would find it.
  note: (element) => ` (${escapeHtml(textOf(element.children.length > 1 ? body(element) : element).trim())})`,
  table: (element) => `<table>${inner(element)}</table>`,
  'table-row': (element) => `<tr>${inner(element)}</tr>`.repeat(repeats(element, 'number-rows-repeated')),
  'table-cell': (element) => `<td>${inner(element)}</td>`.repeat(repeats(element, 'number-columns-repeated')),
  'covered-table-cell': (element) => '<td></td>'.repeat(repeats(element, 'number-columns-repeated')),
};

const body = (note: Element): Element => first(note, 'note-body') ?? note;

const toHtml = (element: Element): string =>
  skipped.has(element.name) ? '' : (writers[element.name] ?? inner)(element);

/** Which styles number their lists. */
function numbered(...documents: Element[]): Set<string> {
  const names = documents.flatMap((document) => findAll(document, 'list-style'));
  return new Set(
    names
      .filter((style) => childrenOf(style)[0]?.name === 'list-level-style-number')
      .map((style) => attribute(style, 'name') ?? ''),
  );
}

const findAll = (element: Element, name: string): Element[] =>
  childrenOf(element).flatMap((child) => (child.name === name ? [child] : findAll(child, name)));

export async function readOdt({ limits }: Source, archive: Archive): Promise<Draft> {
  const [content, styles, meta] = await Promise.all(
    ['content.xml', 'styles.xml', 'meta.xml'].map(async (name) => {
      const text = await archive.text(name);
      return text === null ? null : parseXml(text, limits);
    }),
  );
  const text = content && first(content, 'text');
  if (!content || !text) throw new ExtractionFailure('damaged', 'it has no content.xml');
  const ordered = numbered(content, ...(styles ? [styles] : []));
  const lists = findAll(text, 'list').filter((list) => ordered.has(attribute(list, 'style-name') ?? ''));
  for (const list of lists) list.name = 'numbered-list';
  const said = (name: string) => textOf((meta && first(meta, name)) ?? { name, attributes: {}, children: [] });
  return {
    title: said('title'),
    language: said('language'),
    parts: [fragmentToMarkdown(inner(text), limits)],
  };
}
