import type { Passage } from '@rapport/protocol/knowledge';
import type { Citation } from '@rapport/protocol/sessions';
import { terms } from './terms.ts';

const mostQuotes = 3;
/** A sentence must hold this share of the question's content words, and at least one of them. */
const floor = 0.34;

interface Candidate {
  passage: Passage;
  start: number;
  end: number;
  score: number;
}

/** The sentences of a passage with their offsets in it. */
export function sentences(text: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (const match of text.matchAll(/[^\n.!?]+(?:[.!?]+(?=\s|$)|[.!?](?=\S)[^\n.!?]*)*[.!?]*/g)) {
    const before = match[0].length - match[0].trimStart().length;
    const start = match.index + before;
    const end = match.index + match[0].trimEnd().length;
    if (end - start > 1) found.push({ start, end });
  }
  return found;
}

function candidates(question: Set<string>, passages: Passage[]): Candidate[] {
  return passages.flatMap((passage, rank) =>
    sentences(passage.text).map(({ start, end }) => {
      const words = new Set(terms(passage.text.slice(start, end)));
      const shared = [...question].filter((term) => words.has(term)).length;
      // Among equals the better passage wins.
      return { passage, start, end, score: shared / question.size - rank * 0.01 };
    }),
  );
}

const toCitation = ({ passage, start, end }: Candidate): Citation => ({
  chunkId: passage.chunkId,
  documentId: passage.documentId,
  title: passage.title,
  quote: passage.text.slice(start, end),
  start: passage.start + start,
  end: passage.start + end,
});

const what = 'I am not an AI model: I answer only by quoting the reference material.';

/**
 * The reference engine: answers a question by quoting the sentences that hold most of its words, and says plainly when
 * none does. Nothing but quotes and fixed sentences.
 */
export function answerFromPassages(question: string, passages: Passage[]): { text: string; citations: Citation[] } {
  const asked = new Set(terms(question));
  if (asked.size === 0 || /^\W*(hi|hello|hey|thanks?|thank you|good (morning|evening|day))\W*$/i.test(question)) {
    return { text: `${what} Ask me something about it.`, citations: [] };
  }
  const best = candidates(asked, passages)
    .filter((c) => c.score >= floor)
    .sort((x, y) => y.score - x.score)
    .slice(0, mostQuotes);
  if (best.length === 0) {
    return { text: `No passage of the reference material answers this. ${what}`, citations: [] };
  }
  const citations = best.map(toCitation);
  const quotes = citations.map((c, i) => `> ${c.quote}\n>\n> — [${i + 1}] ${c.title}`);
  return { text: `The reference material says:\n\n${quotes.join('\n\n')}`, citations };
}
