import { getDocumentProxy } from 'unpdf';
import { ExtractionFailure } from '../failure.ts';
import type { Draft, Source } from '../format.ts';
import type { Limits } from '../limits.ts';
import { fragmentToMarkdown } from '../html.ts';
import { layOut, linesOf, type Line } from './pdf.layout.ts';
import { readTags, type Item } from './pdf.tags.ts';

/** Fewer letters a page, on average, are stamps and page numbers. */
const fewLetters = 20;

type Document = Awaited<ReturnType<typeof getDocumentProxy>>;
/** A page whose structure the document tells, or the lines that are seen. */
type PageText = { markdown: string } | { lines: Line[] };

async function open({ bytes, limits }: Source): Promise<Document> {
  try {
    const pdf = await getDocumentProxy(new Uint8Array(bytes), {
      verbosity: 0,
      disableFontFace: true,
      useSystemFonts: false,
      enableXfa: false,
      // Pictures are never unpacked.
      maxImageSize: 1,
    });
    if (pdf.numPages > limits.pages) throw new ExtractionFailure('too-many-parts', `${pdf.numPages} pages`);
    return pdf;
  } catch (error) {
    if (error instanceof Error && error.name === 'PasswordException') throw new ExtractionFailure('encrypted');
    throw error;
  }
}

async function readPage(pdf: Document, number: number, limits: Limits): Promise<PageText> {
  const page = await pdf.getPage(number);
  try {
    const { items } = await page.getTextContent({ includeMarkedContent: true });
    const tree = await page.getStructTree().catch(() => null);
    const html = tree && readTags(tree, items as Item[]);
    return html ? { markdown: fragmentToMarkdown(html, limits) } : { lines: linesOf(items as Item[]) };
  } finally {
    page.cleanup();
  }
}

interface Info {
  Title?: unknown;
  Language?: unknown;
}

/** Printers put the name of a file where the title belongs. */
const titleOf = ({ Title: title }: Info): string | null =>
  typeof title === 'string' && !/^untitled|\.(?:docx?|pdf|odt|tex|indd|pptx?)$|^Microsoft \w+ - /i.test(title)
    ? title
    : null;

/** The dictionary of a picture is never packed, so that it can be seen without unpacking anything. */
const hasPictures = (bytes: Buffer): boolean => /\/Subtype\s*\/Image\b|\bBI\s+\//.test(bytes.toString('latin1'));

export async function readPdf(source: Source): Promise<Draft> {
  const { limits, progress, bytes } = source;
  const pdf = await open(source);
  const pages: PageText[] = [];
  let length = 0;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = await readPage(pdf, number, limits);
    pages.push(page);
    length += 'markdown' in page ? page.markdown.length : page.lines.reduce((sum, line) => sum + line.length, 0);
    if (length > limits.textLength) throw new ExtractionFailure('too-large');
    progress();
  }
  if (length < fewLetters * pages.length && hasPictures(bytes)) throw new ExtractionFailure('scanned');
  const info = (await pdf.getMetadata().catch(() => null))?.info as Info | undefined;
  const language = typeof info?.Language === 'string' ? info.Language : null;
  const seen = layOut(pages.map((page) => ('lines' in page ? page.lines : [])));
  const parts = pages.map((page, at) => ('markdown' in page ? page.markdown : (seen[at] ?? '')));
  return { title: titleOf(info ?? {}), language, parts, paged: true };
}
