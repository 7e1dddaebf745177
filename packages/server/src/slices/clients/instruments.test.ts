import type { InstrumentId } from '@rapport/protocol/questionnaires';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instrumentOf, instruments, isComplete, riskIn, scoreOf } from './instruments.ts';

/** As the authors give them: the first score of each band. */
const bands: Record<InstrumentId, [number, string][]> = {
  'phq-9': [
    [0, 'minimal'],
    [5, 'mild'],
    [10, 'moderate'],
    [15, 'moderately-severe'],
    [20, 'severe'],
  ],
  'gad-7': [
    [0, 'minimal'],
    [5, 'mild'],
    [10, 'moderate'],
    [15, 'severe'],
  ],
};
const most: Record<InstrumentId, number> = { 'phq-9': 27, 'gad-7': 21 };

const answersTo = (count: number) => fc.array(fc.integer({ min: 0, max: 3 }), { minLength: count, maxLength: count });
/** Some answers that add up to this. */
const addingTo = (count: number, sum: number) => {
  const answers = Array.from({ length: count }, () => 0);
  for (let at = 0, left = sum; left > 0; at += 1, left -= 3) answers[at] = Math.min(3, left);
  return answers;
};

test.each(instruments.map((one) => [one.id, one] as const))(
  '%s: every score has the band its authors give',
  (id, one) => {
    for (let score = 0; score <= most[id]; score += 1) {
      const severity = bands[id].findLast(([from]) => from <= score)?.[1];
      expect(scoreOf(one, addingTo(one.items.length, score))).toEqual({ score, most: most[id], severity });
    }
    expect([one.items.length, one.options.length]).toEqual([most[id] / 3, 4]);
  },
);

describe.each(instruments.map((one) => [one.id, one] as const))('%s', (_id, one) => {
  test('the score is the sum, whatever the order, and no band is lower for more', () => {
    fc.assert(
      fc.property(answersTo(one.items.length), fc.nat(one.items.length - 1), (answers, at) => {
        const { score, severity } = scoreOf(one, answers);
        expect(score).toBe(answers.reduce((sum, answer) => sum + answer, 0));
        expect(scoreOf(one, answers.toSorted()).score).toBe(score);
        const more = scoreOf(one, answers.with(at, 3));
        const rank = (name: string) => one.bands.findIndex((band) => band.severity === name);
        expect(rank(more.severity)).toBeGreaterThanOrEqual(rank(severity));
      }),
    );
  });

  test('only one whole answer for each item is complete', () => {
    fc.assert(
      fc.property(answersTo(one.items.length), fc.nat(one.items.length - 1), (answers, at) => {
        expect(isComplete(one, answers)).toBe(true);
        expect(isComplete(one, answers.toSpliced(at, 1))).toBe(false);
        expect(isComplete(one, [...answers, 0])).toBe(false);
        for (const wrong of [-1, 4, 0.5, Number.NaN]) expect(isComplete(one, answers.with(at, wrong))).toBe(false);
      }),
    );
  });
});

test('item 9 of the PHQ-9 calls a person from 1 on, whatever the others say; nothing of the GAD-7 does', () => {
  const phq = instrumentOf('phq-9');
  fc.assert(
    fc.property(answersTo(9), (answers) => {
      const found = riskIn(phq, answers);
      if (answers[8] === 0) expect(found).toBeNull();
      else {
        expect(found?.category).toBe('self-harm');
        expect(found?.text).toContain('better off dead');
        expect(found?.text.endsWith(phq.options[answers[8] ?? 0] ?? '')).toBe(true);
      }
    }),
  );
  fc.assert(fc.property(answersTo(7), (answers) => riskIn(instrumentOf('gad-7'), answers) === null));
});
