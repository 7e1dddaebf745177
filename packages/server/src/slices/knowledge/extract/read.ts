import { detect, type Detected } from './detect.ts';
import type { Draft, Extracted, Source } from './format.ts';
import { finish } from './markdown.ts';

/** Each parser is loaded when the first document of its format comes. */
async function draftOf(found: Detected, source: Source): Promise<Draft> {
  switch (found.format) {
    case 'pdf':
      return (await import('./formats/pdf.ts')).readPdf(source);
    case 'rtf':
      return (await import('./formats/rtf.ts')).readRtf(source);
    case 'email':
      return (await import('./formats/email.ts')).readEmail(source);
    case 'docx':
      return (await import('./formats/docx.ts')).readDocx(source, found.archive);
    case 'pptx':
      return (await import('./formats/pptx.ts')).readPptx(source, found.archive);
    case 'xlsx':
      return (await import('./formats/xlsx.ts')).readXlsx(source, found.archive);
    case 'odt':
      return (await import('./formats/odt.ts')).readOdt(source, found.archive);
    case 'epub':
      return (await import('./formats/epub.ts')).readEpub(source, found.archive);
    case 'html': {
      const { title, language, markdown } = (await import('./html.ts')).readHtml(found.text, source.limits);
      return { title, language, parts: [markdown] };
    }
    case 'csv':
      return (await import('./formats/data.ts')).readCsv(found.text);
    case 'json':
      return (await import('./formats/data.ts')).readJson(found.text);
    case 'markdown':
      return (await import('./formats/data.ts')).readMarkdown(found.text);
    case 'text':
      return { parts: [found.text] };
  }
}

/** Throws ExtractionFailure, and whatever the parsers throw. */
export async function readDocument(name: string, source: Source): Promise<Extracted> {
  const found = await detect(source.bytes, name, source.limits);
  return finish(found.format, await draftOf(found, source), source.limits.textLength);
}
