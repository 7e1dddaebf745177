import mammoth from 'mammoth';
import type { Archive } from '../archive.ts';
import type { Draft, Source } from '../format.ts';
import { fragmentToMarkdown } from '../html.ts';
import { readProperties } from './properties.ts';

const styleMap = [
  "p[style-name='Title'] => h1:fresh",
  "p[style-name='Subtitle'] => p:fresh",
  // A table of contents repeats the headings, with numbers of pages that mean nothing here.
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((level) => `p[style-name='toc ${level}'] => !`),
];

export async function readDocx({ bytes, limits }: Source, archive: Archive): Promise<Draft> {
  await archive.verify();
  const convertImage = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));
  const { value } = await mammoth.convertToHtml({ buffer: bytes }, { styleMap, convertImage });
  return { ...(await readProperties(archive, limits)), parts: [fragmentToMarkdown(value, limits)] };
}
