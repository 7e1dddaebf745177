import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deidentify, type KnownIdentifiers } from './deidentify.ts';
import { joined } from './spans.ts';
import { settle, type Span } from './spans.ts';

const today = new Date('2026-11-21T00:00:00Z');
const label = (category: string) => `[${category.toUpperCase()}]`;
const nobody: KnownIdentifiers = { names: [], about: [] };
const clean = async (text: string, known = nobody) =>
  joined((await deidentify([text], known, { label, today }))[0] ?? []);

describe('what is known of the client goes first', () => {
  const known = {
    names: ['José Müller-Huber', 'Robin'],
    about: ['Her sister Oleander lives in Tromsø, oleander@example.org.'],
  };
  test.each([
    ['josé rang me', '[NAME] rang me'],
    ['I am MULLER-HUBER.', 'I am [NAME].'],
    ['robin’s cat', '[NAME]’s cat'],
    ['ask oleander about it', 'ask [NAME] about it'],
    ['robins sing', 'robins sing'],
  ])('%s', async (text, expected) => expect(await clean(text, known)).toBe(expected));

  test('a name found in one text is found in the others, however it is written', async () => {
    const pieces = await deidentify(['My brother Zebulon left.', 'zebulon never calls'], nobody, { label, today });
    expect(pieces.map(joined)).toEqual(['My brother [NAME] left.', '[NAME] never calls']);
  });
});

describe('what has a form of its own', () => {
  test.each([
    ['mail me at a.b+c@mail.example.co', 'mail me at [EMAIL]'],
    ['see https://x.example/a?b=c.', 'see [URL].'],
    ['ring +43 660 123 45 67 today', 'ring [PHONE] today'],
    ['ring (555) 867-5309 today', 'ring [PHONE] today'],
    ['IBAN DE89 3704 0044 0532 0130 00', 'IBAN [IBAN]'],
    ['it is 10.0.0.17 here', 'it is [IP] here'],
    ['ssn 123-45-6789', 'ssn [ID]'],
    ['we met on 2024-03-05', 'we met on 2024'],
    ['we met on 5 March 2024', 'we met on 2024'],
    ['am 05.03.2024 war es', 'am 2024 war es'],
    ['born in 1931', 'born in 1936 or earlier'],
    ['she is 94 years old', 'she is 90 or older years old'],
    ['she is 89 years old', 'she is 89 years old'],
    ['zip 03601', 'zip 000**'],
    ['zip 10025', 'zip 100**'],
    ['I slept 8 hours, woke at 3:30 and again at 5', 'I slept 8 hours, woke at 3:30 and again at 5'],
    ['it costs 1200 euro', 'it costs 1200 euro'],
  ])('%s', async (text, expected) => expect(await clean(text)).toBe(expected));
});

const name = fc
  .tuple(
    fc.constantFrom('Q', 'X', 'Zh', 'Vr', 'Oud'),
    fc.string({ unit: fc.constantFrom(...'aeioulmnrst'), minLength: 3, maxLength: 9 }),
  )
  .map(([first, rest]) => first + rest);

test('a known name never survives, whatever stands around it', async () => {
  await fc.assert(
    fc.asyncProperty(
      name,
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      async (one, before, after) => {
        const text = `${before} ${one} ${after}`;
        const left = (await clean(text, { names: [one], about: [] })).split(/[^\p{L}\p{N}\p{M}]+/u);
        expect(left.map((word) => word.toLowerCase())).not.toContain(one.toLowerCase());
      },
    ),
    { numRuns: 60 },
  );
});

test('nothing is lost: kept and original pieces together are the text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), async (texts) => {
      const all = await deidentify(texts, { names: ['Ann'], about: texts }, { label, today });
      expect(all.map((pieces) => pieces.map((p) => ('text' in p ? p.text : p.original)).join(''))).toEqual(texts);
    }),
    { numRuns: 60 },
  );
});

test('a text of thousands of the same characters takes no long while', async () => {
  for (const unit of ['1', '1 ', 'a.', 'A ', '+1-', '@a', '12 Ab ', 'Am 1. ', 'my name is ', '(', 'Dr. ']) {
    const began = performance.now();
    await clean(unit.repeat(2000));
    expect(performance.now() - began, unit).toBeLessThan(2000);
  }
});

test('settled spans are in order and do not overlap, and cover what was found', () => {
  const span = fc
    .tuple(fc.nat(60), fc.integer({ min: 1, max: 20 }))
    .map(([start, length]): Span => ({ start, end: start + length, category: 'name' }));
  fc.assert(
    fc.property(fc.array(span), (found) => {
      const settled = settle(found);
      settled.forEach((one, i) => expect(one.start).toBeGreaterThanOrEqual(settled[i - 1]?.end ?? 0));
      const covered = (spans: Span[]) =>
        new Set(spans.flatMap((s) => Array.from({ length: s.end - s.start }, (_, i) => s.start + i)));
      expect(covered(settled)).toEqual(covered(found));
    }),
  );
});
