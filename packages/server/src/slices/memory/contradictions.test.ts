import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as contradictions from './contradictions.ts';

function mayContradict(one: string, other: string): boolean {
  const [a, b] = [contradictions.claimOf(one), contradictions.claimOf(other)];
  return a !== null && b !== null && contradictions.mayContradict(a, b);
}

describe('may contradict', () => {
  test.each([
    ['I live in Leeds.', 'I live in York.'],
    ['I live with my brother in Leeds.', 'Lives in York'],
    ['I eat meat.', 'I don’t eat meat.'],
    ['She never eats meat.', 'I eat meat'],
    ['I no longer eat meat.', 'I eat meat.'],
    ['I like green tea.', 'I hate green tea.'],
    ['I cannot stand green tea.', 'Loves green tea.'],
    ['I have two children.', 'I have three children.'],
    ['I am married.', 'I am divorced'],
    ['I’m 34 years old.', 'I am 35.'],
    ['I work as a nurse.', 'Works as a teacher.'],
    ['My sister lives in Norway.', 'Her sister lives in Sweden.'],
    ['My favourite colour is blue.', 'My favourite colour is green.'],
    ['My name is Ann.', 'My name is Beth.'],
    ['I stopped smoking.', 'I smoke.'],
  ])('%s – %s', (one, other) => {
    expect(mayContradict(one, other)).toBe(true);
    expect(mayContradict(other, one)).toBe(true);
  });

  test.each([
    ['I live in Leeds.', 'Lives in Leeds, near the station.'],
    ['I live in Leeds.', 'My sister lives in York.'],
    ['My brother lives in York.', 'My sister lives in Leeds.'],
    ['I like tea.', 'I like coffee.'],
    ['I don’t eat meat.', 'She never eats meat.'],
    ['I hate green tea.', 'I cannot stand green tea.'],
    ['I have two children.', 'I have two cats.'],
    ['I have a dog.', 'I have a cat.'],
    ['I work as a nurse.', 'I work for the city.'],
    ['Wohnt in Leeds.', 'Wohnt in York.'],
    ['Not.', 'Never.'],
    ['', ''],
  ])('not %s – %s', (one, other) => {
    expect(mayContradict(one, other)).toBe(false);
    expect(mayContradict(other, one)).toBe(false);
  });

  const words = [
    'I',
    'live',
    'in',
    'Leeds',
    'York',
    'not',
    'never',
    'like',
    'hate',
    'my',
    'sister',
    'two',
    'three',
    'is',
    '.',
  ];
  const statement = fc.array(fc.constantFrom(...words), { maxLength: 8 }).map((list) => list.join(' '));

  test('is said of both or of neither, and of no statement and itself', () => {
    fc.assert(
      fc.property(statement, statement, (one, other) => {
        expect(mayContradict(one, other)).toBe(mayContradict(other, one));
        expect(mayContradict(one, one)).toBe(false);
      }),
    );
  });

  test('is not asked of what is too long to be one statement', () => {
    expect(contradictions.claimOf(`I live in ${'a house in '.repeat(100)}`)).toBeNull();
  });
});
