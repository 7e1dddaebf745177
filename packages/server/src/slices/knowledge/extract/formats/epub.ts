import { posix } from 'node:path';
import type { Archive } from '../archive.ts';
import { ExtractionFailure } from '../failure.ts';
import type { Draft, Source } from '../format.ts';
import { fragmentToMarkdown } from '../html.ts';
import type { Limits } from '../limits.ts';
import { all, attribute, first, parseXml, textOf, type Element } from '../xml.ts';

async function packageOf(archive: Archive, limits: Limits): Promise<{ path: string; root: Element }> {
  const container = await archive.text('META-INF/container.xml');
  const file = container === null ? undefined : first(parseXml(container, limits), 'rootfile');
  const path = (file && attribute(file, 'full-path')) ?? '';
  const text = await archive.text(path);
  if (text === null) throw new ExtractionFailure('damaged', 'it has no package document');
  return { path, root: parseXml(text, limits) };
}

function decoded(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
  }
}

/** Addresses of the chapters in the order of reading. They are names inside the archive and lead nowhere else. */
function chapters(path: string, root: Element): string[] {
  const items = new Map(all(root, 'item').map((item) => [attribute(item, 'id'), item]));
  return all(root, 'itemref').flatMap((reference) => {
    const item = items.get(attribute(reference, 'idref'));
    const isContents = item && (attribute(item, 'properties') ?? '').split(' ').includes('nav');
    const href = item && attribute(item, 'href');
    return href && !isContents ? [posix.join(posix.dirname(path), decoded(href))] : [];
  });
}

/** Fonts may be disguised and the text be open; a chapter that is listed here is not open. */
async function sealedFiles(archive: Archive, limits: Limits): Promise<Set<string>> {
  const text = await archive.text('META-INF/encryption.xml');
  if (text === null) return new Set();
  return new Set(all(parseXml(text, limits), 'CipherReference').map((one) => decoded(attribute(one, 'URI') ?? '')));
}

export async function readEpub({ limits, progress }: Source, archive: Archive): Promise<Draft> {
  const { path, root } = await packageOf(archive, limits);
  const names = chapters(path, root);
  const sealed = await sealedFiles(archive, limits);
  if (names.some((name) => sealed.has(name))) throw new ExtractionFailure('encrypted');
  if (names.length > limits.pages) throw new ExtractionFailure('too-many-parts');
  const parts: string[] = [];
  for (const name of names) {
    const html = await archive.text(name);
    if (html !== null) parts.push(fragmentToMarkdown(html, limits));
    progress();
  }
  const metadata = first(root, 'metadata') ?? root;
  const said = (name: string) => {
    const element = first(metadata, name);
    return element ? textOf(element) : null;
  };
  return { title: said('title'), language: said('language'), parts };
}
