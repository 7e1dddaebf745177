export interface Sentence {
  text: string;
  /** Where it ends, in UTF-16 units of the whole text. */
  end: number;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/** What follows the first `from` units, sentence by sentence, with the spaces between them. */
export const sentencesOf = (text: string, from = 0): Sentence[] =>
  Array.from(segmenter.segment(text.slice(from)), ({ segment, index }) => ({
    text: segment,
    end: from + index + segment.length,
  }));

/** The last words of a sentence: enough to tell it from its neighbours. */
export const lastWords = (text: string): string => text.trim().split(/\s+/).slice(-4).join(' ');
