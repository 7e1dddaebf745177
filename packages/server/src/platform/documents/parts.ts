/** A document as a row of parts, which the forms for people are made of. */
export interface Part {
  kind: 'title' | 'heading' | 'fact' | 'speaker' | 'text';
  text: string;
}

export const part = (kind: Part['kind'], text: string): Part => ({ kind, text });

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

/** Quoted line by line: what somebody said cannot pass for a heading or for somebody else's words. */
const quoted = (text: string): string =>
  text
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');

const markdown: Record<Part['kind'], (text: string) => string> = {
  title: (text) => `# ${oneLine(text)}\n`,
  heading: (text) => `\n## ${oneLine(text)}\n`,
  fact: (text) => `- ${oneLine(text)}`,
  speaker: (text) => `\n**${oneLine(text)}**\n`,
  text: (text) => `${quoted(text)}\n`,
};

export const toMarkdown = (parts: Part[]): string =>
  `${parts.map(({ kind, text }) => markdown[kind](text)).join('\n')}\n`;
