import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clientTexts } from './en.client.ts';
import { joinTexts } from './en.join.ts';
import { questionnaireTexts } from './en.questionnaire.ts';
import { recordTexts } from './en.record.ts';
import { staffTexts } from './en.staff.ts';

const src = join(import.meta.dirname, '..');
const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+\.tsx?)'/g)].map(([, path]) => path ?? '');

/** The files that an entry loads, now or later. */
function filesFrom(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  for (const path of importsOf(readFileSync(entry, 'utf8'))) filesFrom(join(entry, '..', path), seen);
  return seen;
}

const usedIn = (files: Iterable<string>): string[] =>
  [...files].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bt\('([a-zA-Z.]+)'/g)].map(([, key]) => key ?? ''),
  );

function keysOf(texts: object, prefix = ''): string[] {
  return Object.entries(texts).flatMap(([key, value]) => {
    const path = `${prefix}${key}`;
    return typeof value === 'string'
      ? [path, path.replace(/_(one|other)$/, '')]
      : [path, ...keysOf(value as object, `${path}.`)];
  });
}

// What only the team is ever shown, in a part that both use.
const staffOnly = new Set(['room.guidanceShown', 'room.joinedAs', 'problem.marked']);

test('a client’s device has every text that its pages name', () => {
  const known = new Set(keysOf(clientTexts));
  const missing = usedIn(filesFrom(join(src, 'client.tsx'))).filter((key) => !known.has(key) && !staffOnly.has(key));
  expect(missing).toEqual([]);
});

test('the page of an invitation has every text that it names', () => {
  const known = new Set([...keysOf(clientTexts), ...keysOf(joinTexts)]);
  expect(usedIn(filesFrom(join(src, 'join.tsx'))).filter((key) => !known.has(key) && !staffOnly.has(key))).toEqual([]);
});

test('the page of one’s own record has every text that it names', () => {
  const known = new Set([...keysOf(clientTexts), ...keysOf(recordTexts)]);
  expect(
    usedIn(filesFrom(join(src, 'record.tsx'))).filter((key) => !known.has(key) && key !== 'problem.marked'),
  ).toEqual([]);
});

test('the page of a questionnaire has every text that it names', () => {
  const known = new Set([...keysOf(clientTexts), ...keysOf(questionnaireTexts)]);
  expect(
    usedIn(filesFrom(join(src, 'questionnaire.tsx'))).filter((key) => !known.has(key) && key !== 'problem.marked'),
  ).toEqual([]);
});

test('every text that a page names is there', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.tsx?$/.test(name) && !name.includes('.test.'),
  );
  const known = new Set(
    [clientTexts, joinTexts, questionnaireTexts, recordTexts, staffTexts].flatMap((texts) => keysOf(texts)),
  );
  expect(usedIn(files.map((name) => join(src, name))).filter((key) => !known.has(key))).toEqual([]);
});

test('no text is written twice', () => {
  const leaves = (texts: object) =>
    keysOf(texts).filter((key) => !keysOf(texts).some((other) => other.startsWith(`${key}.`)));
  const client = new Set(leaves(clientTexts));
  expect(leaves(staffTexts).filter((key) => client.has(key))).toEqual([]);
});
