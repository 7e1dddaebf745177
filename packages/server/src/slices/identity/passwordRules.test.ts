import { expect, test } from 'vitest';
import { AppError } from '../../platform/errors.ts';
import { knownPasswords } from './knownPasswords.ts';
import { contextWords, requireGoodPassword } from './passwordRules.ts';

const refusalOf = (password: string, about: string[] = []): string | null => {
  try {
    requireGoodPassword(password, about);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return (error as AppError).message;
  }
};

test('more than the 3,000 most frequent leaked passwords that are long enough are refused, in any case of letters', () => {
  expect(knownPasswords).toBeGreaterThan(40_000);
  // From the head, the middle and the tail of the list.
  const leaked = ['123qweasdzxc', '1qaz2wsx3edc', 'chickenwing101', 'counterstrike', 'swimmingpool', 'syncmaster940n'];
  for (const one of [...leaked, 'CounterStrike', 'COUNTERSTRIKE!!']) expect(refusalOf(one), one).toMatch(/tried first/);
});

test('words of the product and of the organisation make no password, whatever digits follow', () => {
  const house = ['Haus Sonnenhügel', 'sonnenhuegel', 'Olga Petrowna', 'olga.petrowna', 'klinik'];
  for (const word of contextWords)
    expect(refusalOf(`${word}${'1234567890'.slice(0, 14 - word.length)}!`), word).not.toBeNull();
  for (const one of [
    'HausSonnenhügel1',
    'sonnenhuegel2026',
    'sonnenhügel!2026',
    'olga-petrowna',
    'Petrowna19870203',
    'klinik-klinik-1',
  ])
    expect(refusalOf(one, house), one).not.toBeNull();
  expect(refusalOf('a rapport with nine green geese', house)).toBeNull();
  expect(refusalOf('sonnenhuegel liegt am nebelmeer', house)).toBeNull();
});

test('length and patterns', () => {
  expect(refusalOf('elevenchars')).toMatch(/12/);
  expect(refusalOf('x'.repeat(201))).toMatch(/200/);
  expect(refusalOf('abcabcabcabcabc')).toMatch(/pattern/);
  expect(refusalOf('bcdefghijklmno')).toMatch(/pattern/);
  expect(refusalOf('correct horse battery')).toBeNull();
  expect(refusalOf('ΓΔΕΖηθικλμνξο αβ')).toBeNull();
});
