import type { Memory } from '@rapport/protocol/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseMemories } from './recall.ts';
import { relevance } from './relevance.ts';

const now = Date.parse('2026-06-01T00:00:00.000Z');
const made = (statement: string, more: Partial<Memory> = {}): Memory => ({
  id: crypto.randomUUID(),
  subject: { kind: 'client', id: crypto.randomUUID() },
  clientId: null,
  statement,
  origin: 'staff',
  status: 'approved',
  revision: 1,
  tags: [],
  sensitivity: 'normal',
  salience: 3,
  validFrom: null,
  validTo: null,
  evidence: [],
  references: [],
  approvedBy: null,
  approvedAt: null,
  createdAt: '2026-05-01T00:00:00.000Z',
  changedAt: '2026-05-01T00:00:00.000Z',
  ...more,
});
const chosen = (memories: Memory[], questions: string[], budget = 600) =>
  chooseMemories(memories, questions, { budgetTokens: budget, now }).map(
    ({ id }) => memories.find((m) => m.id === id)?.statement,
  );

const goats = made('Her sister keeps goats in Norway.');
const tea = made('Prefers green tea to coffee.');
const piano = made('Plays the piano every evening.');
const all = [goats, tea, piano];

describe('what is recalled', () => {
  test('is what has to do with the turn, and nothing where nothing has', () => {
    expect(chosen(all, ['Could I have some tea?'])).toEqual([tea.statement]);
    expect(chosen(all, ['The train was late again.'])).toEqual([]);
    expect(chosen(all, ['?!'])).toEqual([]);
    expect(chosen([], ['tea'])).toEqual([]);
  });

  test('follows a short turn that leans on the one before', () => {
    expect(chosen(all, ['Tell me about goats in Norway.', 'And about them?'])).toEqual([goats.statement]);
  });

  test('a word in passing is not enough', () => {
    const long = made(
      'Evening routine: dishes, letters, walking the dog, calling mother, reading poems, stretching, journal, prayers.',
    );
    expect(chosen([long], ['My neighbour shouted at the postman, who dropped letters into a puddle.'])).toEqual([]);
  });

  test('of two that say the same, the one that matters more comes first, then the newer', () => {
    const low = made('Likes green tea.', { salience: 1 });
    const high = made('Likes green tea.', { salience: 5 });
    expect(chooseMemories([low, high], ['green tea'], { budgetTokens: 600, now }).map(({ id }) => id)).toEqual([
      high.id,
      low.id,
    ]);
    const old = made('Likes green tea.', { createdAt: '2020-01-01T00:00:00.000Z' });
    const fresh = made('Likes green tea.');
    expect(chooseMemories([old, fresh], ['green tea'], { budgetTokens: 600, now }).map(({ id }) => id)).toEqual([
      fresh.id,
      old.id,
    ]);
  });

  test('stays within its budget, and on a line of its own', () => {
    const memories = Array.from({ length: 40 }, (_, i) => made(`Tea number ${i}:\n\n${'long '.repeat(i)}`));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 900 }), (budget) => {
        const lines = chooseMemories(memories, ['tea number'], { budgetTokens: budget, now }).map(({ line }) => line);
        expect(lines.join('').length).toBeLessThanOrEqual(budget * 3.2);
        expect(lines.filter((line) => /[\r\n]/.test(line))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('relevance', () => {
  const item = (id: string, text: string, sequence: string | null = null, supports: string[] = []) => ({
    id,
    text,
    sequence,
    supports,
  });

  test('a share of it goes to what stands beside, less with every step, and stays in the conversation', () => {
    const items = [
      item('a', 'goats', 'one'),
      item('b', 'x1', 'one'),
      item('c', 'x2', 'one'),
      item('d', 'x3', 'one'),
      item('e', 'x4', 'two'),
    ];
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = relevance(items, 'goats');
    expect(b).toBeCloseTo(0.3 * a);
    expect(c).toBeCloseTo(0.15 * a);
    expect([d, e]).toEqual([0, 0]);
  });

  test('what was noted of something is found for it', () => {
    const items = [item('turn', 'Three hives in the garden'), item('note', 'keeps bees', null, ['turn', 'gone'])];
    const [turn = 0, note = 0] = relevance(items, 'bees');
    expect(turn).toBeCloseTo(note);
    expect(turn).toBeGreaterThan(0);
  });

  test('more items than one segment of the index holds keep their places', () => {
    const items = Array.from({ length: 2500 }, (_, i) => item(String(i), i === 2400 ? 'zebra crossing' : 'filler'));
    const scores = relevance(items, 'zebra');
    expect(scores.findIndex((score) => score > 0)).toBe(2400);
  });
});
