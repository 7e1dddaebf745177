import { useMemo } from 'react';
import { Markdown } from './Markdown.tsx';
import { markedTokensOf } from './markedTokens.ts';

interface Props {
  text: string;
  asDocument?: boolean;
  /** From where to where, in UTF-16 units of the text. */
  marked: readonly [start: number, end: number] | null;
}

/** A text of the team's documents with a stretch of it marked. */
export function MarkedMarkdown({ text, asDocument = false, marked }: Props) {
  const [start, end] = marked ?? [null, null];
  const reading = useMemo(
    () => (start === null ? {} : { read: (given: string) => markedTokensOf(given, [start, end]) }),
    [start, end],
  );
  return <Markdown text={text} asDocument={asDocument} {...reading} />;
}
