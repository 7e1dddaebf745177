import { posix } from 'node:path';
import type { Archive } from '../archive.ts';
import { ExtractionFailure } from '../failure.ts';
import type { Draft, Source } from '../format.ts';
import { fragmentToMarkdown } from '../html.ts';
import type { Limits } from '../limits.ts';
import { nest } from '../lists.ts';
import { all, attribute, childrenOf, escapeHtml, first, parseXml, type Element } from '../xml.ts';
import { readProperties } from './properties.ts';

interface Relation {
  type: string;
  target: string;
}

/** What a part refers to, by id. */
async function relationsOf(archive: Archive, part: string, limits: Limits): Promise<Map<string, Relation>> {
  const text = await archive.text(posix.join(posix.dirname(part), '_rels', `${posix.basename(part)}.rels`));
  const relations = text === null ? [] : all(parseXml(text, limits), 'Relationship');
  return new Map(
    relations.map(({ attributes: { Id = '', Type = '', Target = '' } }) => [
      Id,
      { type: Type.slice(Type.lastIndexOf('/') + 1), target: posix.join('/', posix.dirname(part), Target).slice(1) },
    ]),
  );
}

/** The text of a paragraph; a break inside it is a line of its own. */
const runs = (paragraph: Element): string =>
  childrenOf(paragraph)
    .map((child) => {
      if (child.name === 'br') return '<br>';
      return ['r', 'fld'].includes(child.name)
        ? all(child, 't')
            .map((t) => escapeHtml(t.children.join('')))
            .join('')
        : '';
    })
    .join('');

function paragraphs(body: Element, isList: boolean): string {
  const found = all(body, 'p').map((paragraph) => {
    const properties = first(paragraph, 'pPr');
    const level = Math.max(0, Math.min(8, Number((properties && attribute(properties, 'lvl')) ?? 0) || 0));
    return { level, ordered: first(paragraph, 'buAutoNum') !== undefined, html: runs(paragraph) };
  });
  const filled = found.filter(({ html }) => html.trim() !== '');
  return isList ? nest(filled) : filled.map(({ html }) => `<p>${html}</p>`).join('');
}

function tableOf(element: Element): string {
  const rows = all(element, 'tr').map((row) => {
    const cells = all(row, 'tc').map((cell) => `<td>${all(cell, 'p').map(runs).join('<br>')}</td>`);
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table>${rows.join('')}</table>`;
}

function shapeOf(shape: Element): string {
  const body = first(shape, 'txBody');
  if (!body) return '';
  const placeholder = first(shape, 'ph');
  const kind = placeholder && (attribute(placeholder, 'type') ?? 'body');
  if (kind === 'title' || kind === 'ctrTitle')
    return `<h1>${all(body, 'p').map(runs).join(' ').replaceAll('<br>', ' ')}</h1>`;
  if (kind === 'sldNum' || kind === 'dt' || kind === 'ftr') return '';
  return paragraphs(body, kind === 'body' || kind === 'obj' || first(body, 'buChar') !== undefined);
}

/** Shapes in their order; groups of shapes are read through. */
function shapes(element: Element): string {
  return childrenOf(element)
    .map((child) => {
      if (child.name === 'sp') return shapeOf(child);
      return child.name === 'tbl' ? tableOf(child) : shapes(child);
    })
    .join('');
}

const notesOf = (notes: Element): string =>
  all(notes, 'sp')
    .filter((shape) => attribute(first(shape, 'ph') ?? shape, 'type') === 'body')
    .map((shape) => paragraphs(first(shape, 'txBody') ?? shape, false))
    .join('');

async function slideOf(archive: Archive, part: string, limits: Limits): Promise<string> {
  const text = await archive.text(part);
  if (text === null) return '';
  const slide = parseXml(text, limits);
  const relations = await relationsOf(archive, part, limits);
  const notesPart = [...relations.values()].find(({ type }) => type === 'notesSlide')?.target;
  const notes = notesPart === undefined ? null : await archive.text(notesPart);
  return shapes(first(slide, 'spTree') ?? slide) + (notes === null ? '' : notesOf(parseXml(notes, limits)));
}

export async function readPptx({ limits, progress }: Source, archive: Archive): Promise<Draft> {
  const main = 'ppt/presentation.xml';
  const presentation = parseXml((await archive.text(main)) ?? '', limits);
  const relations = await relationsOf(archive, main, limits);
  const slides = all(presentation, 'sldId').flatMap((id) => relations.get(id.attributes['r:id'] ?? '') ?? []);
  if (slides.length > limits.pages) throw new ExtractionFailure('too-many-parts');
  const parts: string[] = [];
  for (const { target } of slides) {
    parts.push(fragmentToMarkdown(await slideOf(archive, target, limits), limits));
    progress();
  }
  return { ...(await readProperties(archive, limits)), parts, paged: true };
}
