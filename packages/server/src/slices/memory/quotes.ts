import type { Quote } from '@rapport/protocol/memory';

/** Whether a quote stands in a text, word for word, exactly where it says. */
export const standsIn = (text: string, { start, end, quote }: Pick<Quote, 'start' | 'end' | 'quote'>): boolean =>
  start >= 0 && start < end && end <= text.length && text.slice(start, end) === quote;

/** Where a quote stands first; null where nobody said it. */
export function locate(text: string, quote: string): { start: number; end: number } | null {
  const start = quote === '' ? -1 : text.indexOf(quote);
  return start < 0 ? null : { start, end: start + quote.length };
}
