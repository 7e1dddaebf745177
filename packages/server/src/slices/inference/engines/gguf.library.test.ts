import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { putFake, writeNpm } from '../../../test/gguf/library.ts';
import { createGgufLibrary } from './gguf.library.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'rapport-library-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const libraryWith = (act: string) => createGgufLibrary({ dataDir, npm: writeNpm(dataDir, act) });
const runs = () => readFileSync(join(dataDir, 'npm.mjs.runs'), 'utf8').trim().split('\n');
const left = () => readdirSync(join(dataDir, 'engines', 'gguf'));

describe('installing the library of GGUF files', () => {
  test('who asks meanwhile joins, progress is told, and a later choice is instant', async () => {
    const library = libraryWith(putFake);
    expect(library.status()).toMatchObject({ state: 'missing', percent: 0 });
    const both = [library.ensure(), library.ensure()];
    await expect.poll(() => library.status(), { timeout: 5000 }).toMatchObject({ state: 'installing', percent: 20 });
    const [entry, same] = await Promise.all(both);
    expect([same, library.find()]).toEqual([entry, entry]);
    expect(library.status()).toMatchObject({ state: 'installed', percent: 100 });
    expect(await createGgufLibrary({ dataDir, npm: '/nowhere/npm' }).ensure()).toBe(entry);
    expect(runs()).toHaveLength(1);
    expect(left()).toEqual([library.status().version]);
  });

  test('npm is given exact versions, no scripts, and none of the optional packages but this platform’s', async () => {
    await libraryWith(putFake).ensure();
    const [args = ''] = runs();
    expect(args).toMatch(/ node-llama-cpp@\d+\.\d+\.\d+ @node-llama-cpp\/[a-z0-9-]+@\d+\.\d+\.\d+$/);
    for (const option of ['--ignore-scripts', '--omit=optional', '--no-save']) expect(args).toContain(option);
  });

  test.each([
    ['no network', `console.error('npm error code ENOTFOUND'); process.exit(1)`, /registry cannot be reached/],
    ['no space', `console.error('npm error code ENOSPC'); process.exit(1)`, /free 400 MB/],
    ['no right to write', `console.error('npm error code EACCES'); process.exit(1)`, /may not write/],
    ['another registry', `console.error('npm error code E404'); process.exit(1)`, /does not offer/],
    ['anything else', `console.error('npm error Something odd'); process.exit(1)`, /Something odd/],
    ['a killed npm', `process.kill(process.pid, 'SIGKILL')`, /ended before it was done/],
    ['an npm that installs nothing', ``, /not where it belongs/],
  ])('%s: a reason, nothing left behind, and the next try works', async (_what, act, reason) => {
    const library = libraryWith(`put('node_modules/half/index.js', '1'); ${act}`);
    await expect(library.ensure()).rejects.toThrow(reason);
    expect(library.status()).toMatchObject({ state: 'failed', message: expect.stringMatching(reason) as string });
    expect(left()).toEqual([]);
    writeNpm(dataDir, putFake);
    await library.ensure();
    expect(library.status()).toMatchObject({ state: 'installed', message: null });
  });

  test('no npm: says how to go on', async () => {
    await expect(createGgufLibrary({ dataDir, npm: '/nowhere/npm' }).ensure()).rejects.toThrow(/RAPPORT_NPM/);
  });

  test('a server that stops ends its installation', async () => {
    const library = libraryWith('await sleep(60_000)');
    const asked = library.ensure();
    setTimeout(library.stop, 500);
    await expect(asked).rejects.toThrow(/ended before it was done/);
  });

  test('another version and the leftovers of a crash go; what another server installs now stays', async () => {
    for (const name of ['3.0.0', 'new-old', 'new-young'])
      mkdirSync(join(dataDir, 'engines', 'gguf', name), { recursive: true });
    const hourAgo = Date.now() / 1000 - 3600;
    utimesSync(join(dataDir, 'engines', 'gguf', 'new-old'), hourAgo, hourAgo);
    const library = libraryWith(putFake);
    await library.ensure();
    expect(left().sort()).toEqual([library.status().version, 'new-young']);
  });
});
