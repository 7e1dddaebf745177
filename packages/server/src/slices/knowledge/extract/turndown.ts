import TurndownService from 'turndown';
import type { HtmlNode } from './dom.ts';
import { escapeBlock, table } from './markdown.ts';

/** Between cells and after rows, until the whole table is known. They occur in no text: control characters are not kept. */
const cellEnd = '\u0001';
const rowEnd = '\u0002';
const widest = 200;

const service = new TurndownService({
  headingStyle: 'atx',
  bulletListMarker: '-',
  codeBlockStyle: 'fenced',
  hr: '---',
  br: '',
  blankReplacement: (_content, node) => {
    if (node.nodeName === 'TD' || node.nodeName === 'TH') return cellEnd;
    return (node as HtmlNode).isBlock ? '\n\n' : '';
  },
});

// A mark or a backslash inside a sentence would stand between a quotation and its source.
service.escape = escapeBlock;
service.addRule('plain', { filter: ['strong', 'b', 'em', 'i', 'code'], replacement: (content) => content });
service.addRule('heading', {
  filter: ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'],
  replacement: (content, node) =>
    `\n\n${'#'.repeat(Number(node.nodeName[1]))} ${content.replaceAll(/\s+/g, ' ').trim()}\n\n`,
});
// Some programs indent the items of a list so.
service.addRule('indent', {
  filter: (node: HtmlNode) => node.nodeName === 'BLOCKQUOTE' && node.parentNode?.nodeName === 'LI',
  replacement: (content) => `\n\n${content}\n\n`,
});
service.addRule('image', {
  filter: 'img',
  replacement: (_content, node) => (node as HtmlNode).getAttribute('alt') ?? '',
});
service.addRule('reference', {
  filter: 'sup',
  replacement: (content) => (/^\d+$/.test(content) ? `[${content}]` : content),
});
service.addRule('link', {
  filter: 'a',
  replacement(content, node: HtmlNode) {
    const href = node.getAttribute('href') ?? '';
    const text = content.trim();
    // The way back from a footnote.
    if (/^[↑↩]\ufe0e?$/u.test(text)) return '';
    if (text === '' || href === text || !/^(?:https?:\/\/|mailto:)[^\s<>]+$/i.test(href)) return content;
    return `[${content}](${href.replaceAll(/[()]/g, encodeURIComponent)})`;
  },
});
/** Of the next item of a list. */
const numbers = new WeakMap<HtmlNode, number>();

service.addRule('item', {
  filter: 'li',
  replacement(content, node: HtmlNode) {
    const list = node.parentNode;
    const number = list ? (numbers.get(list) ?? (Number(list.getAttribute?.('start') ?? 1) || 1)) : 1;
    if (list) numbers.set(list, number + 1);
    const marker = list?.nodeName === 'OL' ? `${number}. ` : '- ';
    const lines = content
      .trim()
      .replaceAll(/\n{2,}(?=\s*(?:- |\d+\. ))/g, '\n')
      .replaceAll('\n', `\n${' '.repeat(marker.length)}`);
    return `${marker}${lines}\n`;
  },
});
service.addRule('cell', {
  filter: ['td', 'th'],
  replacement(content, node: HtmlNode) {
    const span = Number(node.getAttribute('colspan') ?? 1);
    return content.trim() + cellEnd.repeat(span > 1 && span < widest ? span : 1);
  },
});
service.addRule('row', { filter: ['tr', 'caption'], replacement: (content) => content + rowEnd });
service.addRule('table', {
  filter: 'table',
  replacement(content, node: HtmlNode) {
    // A table around a table, or of one column, puts things in their place on the page.
    const rows = content.split(rowEnd).map((row) => row.split(cellEnd).map((text) => text.trim()));
    const isLayout = node.querySelector('table') !== null || rows.every((row) => row.length <= 2);
    if (isLayout) return `\n\n${content.replaceAll(cellEnd, '\n\n').replaceAll(rowEnd, '\n\n')}\n\n`;
    const captions = rows.filter((row) => row.length === 1).map(([text = '']) => text);
    const cells = rows.filter((row) => row.length > 1).map((row) => row.slice(0, -1));
    return `\n\n${captions.join('\n\n').trim()}\n\n${table(cells)}\n\n`;
  },
});

/** Markdown of what is below a node: headings, lists, tables, links and code; emphasis is left out. */
export const toMarkdown = (node: HtmlNode): string => service.turndown(node);
