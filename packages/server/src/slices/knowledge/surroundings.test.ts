import fc from 'fast-check';
import { expect, test } from 'vitest';
import { around } from './surroundings.ts';

const anyText = fc
  .array(fc.constantFrom('word ', '\n', '\n\n', '\n# Head\n', 'x'.repeat(900), 'y'.repeat(40_000)), { maxLength: 60 })
  .map((parts) => parts.join(''));

test('what stands around a passage holds the passage, and not much more', () => {
  fc.assert(
    fc.property(anyText, fc.nat(200_000), fc.nat(2000), (text, at, length) => {
      const from = Math.min(at, text.length);
      const to = Math.min(from + length, text.length);
      const { start, end } = around(text, [from, to]);
      expect(start).toBeLessThanOrEqual(from);
      expect(end).toBeGreaterThanOrEqual(to);
      expect(end - start).toBeLessThanOrEqual(to - from + 900);
    }),
  );
});
