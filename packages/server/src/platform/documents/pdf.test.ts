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
  'a message of 32,000 units without a place to break it, of %s, takes no longer than words by far',
  async (_, unit) => {
    const drawn = async (text: string): Promise<number> => {
      const began = performance.now();
      expect((await toPdf([{ kind: 'text', text }])).subarray(0, 5).toString()).toBe('%PDF-');
      return performance.now() - began;
    };
    const words = await drawn('word '.repeat(6_400));
    // Where words are not cut it is hundreds of times as long.
    expect((await drawn(unit.repeat(32_000 / unit.length))) / words).toBeLessThan(50);
  },
);
