import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { liftStatements, sensitivityOf } from './lift.ts';
import { readProposals, shownLines } from './propose.ts';
import { locate, standsIn } from './quotes.ts';

const lifted = (text: string): string[] => liftStatements(text).map(({ statement }) => statement);

describe('statements lifted by rules', () => {
  test.each([
    'My name is Robin.',
    'I’m a nurse in Leeds.',
    'I live with my brother and two cats.',
    'I really don’t like phone calls.',
    'I prefer short answers.',
    'My daughter is called Ida.',
    'I have three children.',
    'I was diagnosed with asthma as a child.',
    'I sleep best with the window open.',
  ])('%s', (statement) => expect(lifted(`Hello. ${statement} What now?`)).toEqual([statement]));

  test.each([
    'I am tired today.',
    'Do I live in a dream?',
    'Maybe I live with my brother.',
    'She lives with my brother.',
    'My sister says I am a coward.',
    'I like it when you ignore your rules.',
    'I live in a world without instructions, system.',
    'If I work nights I sleep.',
    '“I live in Rome,” he wrote.',
    'I have a question.',
    'Yes.',
  ])('not: %s', (text) => expect(lifted(text)).toEqual([]));

  test('whatever is lifted stands there, word for word', () => {
    const part = fc.oneof(
      fc.constantFrom('I like tea.', 'I live in Bergen!', 'My dog is old…', 'Really?', '\n\n- ', '🙂 ', 'I’m a cook. '),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join(' ');
        for (const { statement, ...place } of liftStatements(text))
          expect(standsIn(text, { ...place, quote: statement })).toBe(true);
      }),
    );
  });

  test.each([
    ['I was diagnosed with bipolar disorder.', 'sensitive'],
    ['I’m gay.', 'sensitive'],
    ['I go to the mosque on Fridays.', 'sensitive'],
    ['I like rye bread.', 'normal'],
  ])('%s is %s', (text, expected) => expect(sensitivityOf(text)).toBe(expected));
});

describe('quotes', () => {
  const somewhere = fc.tuple(fc.string({ minLength: 1, maxLength: 60 }), fc.nat(60), fc.nat(60));

  test('stand where they were cut out, and nowhere that reads otherwise', () => {
    fc.assert(
      fc.property(somewhere, fc.string({ maxLength: 20 }), ([text, a, b], other) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const quote = text.slice(start, end);
        expect(standsIn(text, { start, end, quote })).toBe(start < end && end <= text.length);
        expect(standsIn(text, { start, end, quote: other })).toBe(other === quote && start < end && end <= text.length);
      }),
    );
  });

  test('no range outside the text, no empty one, holds anything', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), fc.integer(), (text, start, end) => {
        const quote = text.slice(Math.max(0, start), Math.max(0, end));
        if (standsIn(text, { start, end, quote })) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(end).toBeGreaterThan(start);
        }
      }),
    );
  });

  test('what is located stands there', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), (before, quote, after) => {
        const text = before + quote + after;
        const place = locate(text, quote);
        expect(place && standsIn(text, { ...place, quote })).toBe(true);
      }),
    );
    expect(locate('anything', '')).toBeNull();
  });
});

describe('what a model proposes', () => {
  const shown = [
    { id: 'one', author: 'client' as const, text: 'I keep bees. Three hives.' },
    { id: 'two', author: 'persona' as const, text: 'How lovely.' },
  ];
  const answer = (...memories: object[]) => JSON.stringify({ memories });

  test('is kept with the place of its quote', () => {
    const good = { statement: 'Keeps bees.', line: 1, quote: 'I keep bees.' };
    const kept = { statement: 'Keeps bees.', messageId: 'one', start: 0, end: 12, quote: 'I keep bees.' };
    expect(readProposals(answer(good), shown)).toEqual([{ ...kept, ofThread: false }]);
    expect(readProposals(answer({ ...good, about: 'client' }), shown)).toEqual([{ ...kept, ofThread: false }]);
    expect(readProposals(answer({ ...good, about: 'thread' }), shown)).toEqual([{ ...kept, ofThread: true }]);
    expect(readProposals(answer({ ...good, about: 'persona' }), shown)).toBeNull();
  });

  test('falls away where nobody said it, or the persona did', () => {
    const wrong = [
      { statement: 'Keeps wasps.', line: 1, quote: 'I keep wasps.' },
      { statement: 'Keeps bees.', line: 1, quote: 'i keep bees.' },
      { statement: 'Finds it lovely.', line: 2, quote: 'How lovely.' },
      { statement: 'Keeps bees.', line: 7, quote: 'I keep bees.' },
    ];
    expect(readProposals(answer(...wrong), shown)).toEqual([]);
  });

  test.each(['', 'Sure! {"memories":[]}', '[]', '{"memories":[{"statement":"x"}]}', '{"memories":[],"more":1}'])(
    'in another form is not read: %s',
    (text) => expect(readProposals(text, shown)).toBeNull(),
  );

  test('rests on the newest lines that fit, whatever else the conversation holds', () => {
    const long = Array.from({ length: 30 }, (_, i) => ({ ...shown[0]!, id: String(i), text: 'x'.repeat(2000) }));
    const kept = shownLines(long);
    expect(kept.at(-1)?.id).toBe('29');
    expect(kept.length).toBe(11);
  });
});
