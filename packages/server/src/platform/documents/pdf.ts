import { fileURLToPath } from 'node:url';
import type { Part } from './parts.ts';

const regular = 'regular';
const bold = 'bold';
const files = {
  [regular]: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')),
  [bold]: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf')),
};

const type = {
  title: { font: bold, size: 17, color: '#000', indent: 0 },
  heading: { font: bold, size: 13, color: '#000', indent: 0 },
  fact: { font: regular, size: 9, color: '#444', indent: 0 },
  speaker: { font: bold, size: 9, color: '#222', indent: 0 },
  text: { font: regular, size: 9.5, color: '#000', indent: 14 },
} as const;

const missing = '\u25a1';
/** In turns of a few hundred parts, so that a long record does not hold up who else is served. */
const turn = 300;

/** About a line. The library tries a longer word letter by letter, which for one of 30,000 took a minute of the whole server. */
const longestWord = 80;

/** Cuts words that fit no line, between letters and not before a mark that belongs to the letter before it. */
function cutWords(characters: string[]): string[] {
  let since = 0;
  return characters.flatMap((char) => {
    since = /[ \t\n]/.test(char) ? 0 : since + 1;
    const tooLong = since > longestWord && (!/[\p{M}\p{Cf}]/u.test(char) || since > 2 * longestWord);
    if (!tooLong) return [char];
    since = 1;
    return ['\n', char];
  });
}

interface Glyphs {
  hasGlyphForCodePoint(code: number): boolean;
}

/**
 * A PDF with letters of Latin, Greek, Cyrillic, Arabic and Hebrew writing. A character for which the font has no sign stands
 * as an empty box, and a line at the end counts them: nothing is left out in silence.
 */
export async function toPdf(parts: Part[]): Promise<Buffer> {
  const { default: PDFDocument } = await import('pdfkit');
  const doc = new PDFDocument({ margin: 56, font: '', info: { Title: parts[0]?.text ?? '' } });
  for (const [name, file] of Object.entries(files)) doc.registerFont(name, file);
  const chunks: Buffer[] = [];
  doc.on('data', (chunk: Buffer) => chunks.push(chunk));
  const end = new Promise<void>((resolve) => doc.on('end', resolve));
  const { left } = doc.page.margins;
  let boxes = 0;
  const write = ({ kind, text }: Part) => {
    const { font, size, color, indent } = type[kind];
    doc.font(font).fontSize(size).fillColor(color);
    const glyphs = (doc as unknown as { _font: { font: Glyphs } })._font.font;
    const signs = Array.from(text, (char) => {
      if (char === '\n' || glyphs.hasGlyphForCodePoint(char.codePointAt(0) as number)) return char;
      // What joins or selects signs has none of its own.
      if (/[\p{Cf}\p{M}\r\t]/u.test(char)) return '';
      boxes += 1;
      return missing;
    });
    const shown = cutWords(signs.filter((sign) => sign !== '')).join('');
    if (kind === 'heading' || kind === 'speaker') doc.moveDown(0.8);
    doc.text(shown, left + indent, undefined, { width: doc.page.width - 2 * left - indent });
  };
  for (const [i, one] of parts.entries()) {
    write(one);
    if (i % turn === turn - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  if (boxes > 0) {
    doc.moveDown();
    write({
      kind: 'fact',
      text: `${boxes} characters have no sign in the font of this file and stand as ${missing}. The Markdown and JSON forms hold them.`,
    });
  }
  doc.end();
  await end;
  return Buffer.concat(chunks);
}
