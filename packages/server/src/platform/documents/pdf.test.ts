import { expect, test } from 'vitest';
import { toPdf } from './pdf.ts';

test.each([
  ['letters', 'a'],
  ['letters with marks', 'a\u0301'],
  ['marks alone', '\u0301'],
  ['letters of another writing', 'سلام'],
  ['dashes', '-'],
  ['words that hold together', 'a\u00a0'],
  ['line breaks', '\n'],
])(
  'a message of 32,000 units without a place to break it, of %s, is drawn in a time that people wait for',
  async (_, unit) => {
    const began = performance.now();
    const pdf = await toPdf([{ kind: 'text', text: unit.repeat(32_000 / unit.length) }]);
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    // Before words were cut it was a minute.
    expect(performance.now() - began).toBeLessThan(10_000);
  },
);
