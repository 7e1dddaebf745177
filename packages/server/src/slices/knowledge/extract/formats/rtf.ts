import { TextDecoder } from 'node:util';
import { ExtractionFailure } from '../failure.ts';
import type { Draft, Source } from '../format.ts';
import { fragmentToMarkdown } from '../html.ts';
import { nest, type Item } from '../lists.ts';
import { escapeHtml } from '../xml.ts';

/** Groups whose text is no matter of the document. */
const skipped = new Set(
  'fonttbl colortbl filetbl listtable listoverridetable rsidtbl generator xmlnstbl themedata colorschememapping latentstyles datastore pict object fldinst header headerl headerr headerf footer footerl footerr footerf annotation atnid atnauthor comment revtbl mmathPr nonshppict bkmkstart bkmkend userprops docvar operator author creatim revtim printim'.split(
    ' ',
  ),
);
const characters: Record<string, string> = {
  tab: ' ',
  line: '\n',
  emdash: '—',
  endash: '–',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
  emspace: ' ',
  enspace: ' ',
  '~': '\u00a0',
  _: '-',
};
const codePages: Record<number, string> = {
  10000: 'macintosh',
  65001: 'utf-8',
  932: 'shift_jis',
  936: 'gbk',
  949: 'euc-kr',
  950: 'big5',
  874: 'windows-874',
};
/** Of a font's character set. */
const ofCharset: Record<number, number> = {
  77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250,
}; // prettier-ignore

const decoderOf = (codePage: number): TextDecoder => {
  try {
    return new TextDecoder(codePages[codePage] ?? `windows-${codePage}`);
  } catch {
    return new TextDecoder('windows-1252');
  }
};

/** What a group inherits from the one around it. */
interface State {
  /** Where its text goes. */
  to: 'body' | 'nowhere' | 'title' | 'fonts' | 'styles' | 'marker';
  /** Characters that stand for one \u in programs that do not know it. */
  fallback: number;
  codePage: number;
  style: number;
  level: number | null;
  /** How deep in a list; null outside of one. */
  list: number | null;
  inTable: boolean;
}

class RtfReader {
  private readonly html: string[] = [];
  private readonly open: State[] = [];
  private state: State = { to: 'body', fallback: 1, codePage: 1252, style: 0, level: null, list: null, inTable: false };
  private paragraph = '';
  private cells: string[] = [];
  private rows: string[][] = [];
  private pending: number[] = [];
  private skip = 0;
  private font = 0;
  private defaultPage = 1252;
  private readonly fonts = new Map<number, number>();
  private readonly styleLevels = new Map<number, number>();
  private isOptional = false;
  private listItems: Item[] = [];
  private marker = '';
  private noteDepth = -1;
  title = '';
  language: number | null = null;
  private readonly depth: number;

  constructor(depth: number) {
    this.depth = depth;
  }

  read(text: string): string {
    // A control word, a character by its number, a symbol, a brace, or a run of text; line ends mean nothing.
    const token = /\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[^\\{}\r\n]+/gi;
    for (let match = token.exec(text); match; match = token.exec(text)) {
      const [whole, word, number, hex, symbol, brace] = match;
      if (word === 'bin') token.lastIndex += Math.max(0, Number(number ?? 0));
      else if (word) this.control(word, number === undefined ? null : Number(number));
      else if (hex) this.byte(Number.parseInt(hex, 16));
      else if (symbol) this.symbol(symbol);
      else if (brace) this.brace(brace);
      else this.text(whole);
    }
    this.endParagraph();
    this.endTable();
    this.endList();
    return this.html.join('');
  }

  private brace(brace: string) {
    this.flush();
    this.skip = 0;
    this.isOptional = false;
    if (brace === '{') {
      this.open.push({ ...this.state });
      if (this.open.length > this.depth * 10) throw new ExtractionFailure('too-many-parts');
    } else this.endGroup();
  }

  private endGroup() {
    if (this.open.length === this.noteDepth) {
      this.paragraph = `${this.paragraph.trimEnd()})`;
      this.noteDepth = -1;
    }
    this.state = this.open.pop() ?? this.state;
  }

  /** A footnote stands in the sentence that it belongs to: at the end of the document nobody would find it. */
  private beginNote() {
    this.paragraph += ' (';
    this.noteDepth = this.open.length;
    this.isOptional = false;
  }

  private symbol(symbol: string) {
    if (symbol === '*') this.isOptional = true;
    else if (symbol === '\n' || symbol === '\r') this.endParagraph();
    else if (symbol in characters) this.text(characters[symbol] ?? '');
    else if (/[\\{}]/.test(symbol)) this.text(symbol);
  }

  private byte(value: number) {
    if (this.skip > 0) this.skip -= 1;
    else this.pending.push(value);
  }

  private text(text: string) {
    this.flush();
    const rest = text.slice(this.skip);
    this.skip = Math.max(0, this.skip - text.length);
    this.put(rest);
  }

  /** Bytes of several letters belong together in Asian code pages. */
  private flush() {
    if (this.pending.length === 0) return;
    const bytes = Buffer.from(this.pending);
    this.pending = [];
    this.put(decoderOf(this.state.codePage).decode(bytes));
  }

  private put(text: string) {
    if (this.state.to === 'title') this.title += text;
    if (this.state.to === 'marker') this.marker += text;
    if (this.state.to === 'body') this.paragraph += this.paragraph.endsWith(' (') ? text.trimStart() : text;
  }

  private control(word: string, number: number | null) {
    if (word === 'u' && number !== null) {
      this.flush();
      this.put(String.fromCharCode(number & 0xffff));
      this.skip = this.state.fallback;
      return;
    }
    this.flush();
    this.skip = 0;
    if (word === 'footnote' && this.state.to === 'body') this.beginNote();
    else if (this.isOptional || skipped.has(word) || word === 'info') this.destination(word);
    else if (word in characters) this.put(characters[word] ?? '');
    else this.setting(word, number);
    this.isOptional = false;
  }

  private destination(word: string) {
    if (word === 'fonttbl') this.state.to = 'fonts';
    else if (this.state.to !== 'fonts' && word !== 'shppict' && word !== 'info') this.state.to = 'nowhere';
    else if (word === 'info') this.state.to = 'nowhere';
  }

  private setting(word: string, number: number | null) {
    const value = number ?? 0;
    const { state } = this;
    if (word === 'stylesheet') state.to = 'styles';
    else if (word === 'title' && this.open.length === 3) state.to = 'title';
    else if (word === 'listtext' || word === 'pntext') state.to = 'marker';
    else if (word === 'uc') state.fallback = value;
    else if (word === 'ansicpg') this.defaultPage = state.codePage = value;
    else if (word === 'deff') this.font = value;
    else if (word === 'f') this.useFont(value);
    else if (word === 'fcharset' && state.to === 'fonts')
      this.fonts.set(this.font, ofCharset[value] ?? this.defaultPage);
    else if (word === 'lang' && state.to === 'body') this.language ??= value;
    else if (word === 'outlinelevel') this.outline(value);
    else if (word === 's') state.style = value;
    else if (word === 'pard') Object.assign(state, { style: 0, level: null, list: null, inTable: false });
    else if (word === 'intbl') state.inTable = true;
    else if (word === 'ls' && state.to === 'body') state.list ??= 0;
    else if (word === 'ilvl' && state.to === 'body') state.list = Math.max(0, Math.min(8, value));
    else if (state.to === 'body') this.structure(word);
  }

  private useFont(value: number) {
    this.font = value;
    if (this.state.to === 'body') this.state.codePage = this.fonts.get(value) ?? this.defaultPage;
  }

  private outline(value: number) {
    if (value > 5) return;
    if (this.state.to === 'styles') this.styleLevels.set(this.state.style, value);
    else this.state.level = value;
  }

  private structure(word: string) {
    if (word === 'par' || word === 'sect' || word === 'page') this.endParagraph();
    else if (word === 'cell' || word === 'nestcell') {
      this.cells.push(this.paragraph);
      this.paragraph = '';
    } else if (word === 'row' || word === 'nestrow') {
      this.rows.push(this.cells);
      this.cells = [];
    }
  }

  private endParagraph() {
    this.flush();
    const { level: own, style, list, inTable } = this.state;
    if (inTable || this.noteDepth >= 0) {
      this.paragraph += ' ';
      return;
    }
    this.endTable();
    const text = escapeHtml(this.paragraph).trim().replaceAll('\n', '<br>');
    this.paragraph = '';
    if (text === '') return;
    const level = own ?? this.styleLevels.get(style) ?? null;
    const ordered = /[\da-z]/i.test(this.marker);
    this.marker = '';
    if (list !== null && level === null) {
      this.listItems.push({ level: list, ordered, html: text });
      return;
    }
    this.endList();
    this.html.push(level === null ? `<p>${text}</p>` : `<h${level + 1}>${text}</h${level + 1}>`);
  }

  private endList() {
    this.html.push(nest(this.listItems));
    this.listItems = [];
  }

  private endTable() {
    if (this.rows.length === 0) return;
    this.endList();
    const rows = this.rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`);
    this.html.push(`<table>${rows.join('')}</table>`);
    this.rows = [];
  }
}

/** Of Microsoft's numbers for languages, those that people here write in; others stay unknown. */
const languages: Record<number, string> = {
  1031: 'de', 2055: 'de-CH', 3079: 'de-AT', 1033: 'en-US', 2057: 'en-GB', 1034: 'es', 3082: 'es', 1036: 'fr', 1040: 'it', 1043: 'nl', 1045: 'pl', 1046: 'pt-BR', 2070: 'pt', 1049: 'ru', 1053: 'sv', 1055: 'tr',
}; // prettier-ignore

export function readRtf({ bytes, limits }: Source): Draft {
  const reader = new RtfReader(limits.depth);
  const html = reader.read(bytes.toString('latin1'));
  return {
    title: reader.title,
    language: languages[reader.language ?? 0],
    parts: [fragmentToMarkdown(html, limits)],
  };
}
