import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { makePersona, startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { realLibrary, writeNpm } from '../packages/server/src/test/gguf/library.ts';
import { writeReciter } from '../packages/server/src/test/gguf/recite.ts';
import { expectAccessible, launch, openWindow } from './lib/browser.ts';
import { webRoot } from './lib/house.ts';

let browser: Browser;
let app: TestApp | undefined;
const folder = mkdtempSync(join(tmpdir(), 'rapport-e2e-gguf-'));

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Installs the real library from where an earlier run has put it: 80 MB need not be fetched each time. */
const copying = (entry: string) => `
const { cpSync } = await import('node:fs');
cpSync(${JSON.stringify(resolve(dirname(entry), '../../..', 'node_modules'))}, join(at, 'node_modules'), { recursive: true });
await sleep(1500);`;

test(
  'a GGUF file chosen in the set-up of a fresh house: what runs it is installed in view, and it answers',
  { timeout: 240_000 },
  async (context) => {
    const npm = writeNpm(folder, copying(await realLibrary(context)));
    const file = join(folder, 'recite.gguf');
    const said = 'I only recite this text, word by word, so that a real model is not needed.';
    writeReciter(file, said);
    app = await startTestApp({ setUp: false, config: { webRoot, npm } });
    const { page, complaints } = await openWindow(browser);
    await page.goto(app.url);
    await page.getByLabel('Your name').fill('Olga Owner');
    await page.getByLabel('Name of your organisation').fill('House of Tests');
    await page.getByRole('radio', { name: /GGUF/ }).check();
    await page.getByLabel('Path of the file').fill(join(folder, 'missing.gguf'));
    await page.getByText(/What runs it is installed first/).waitFor();
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByText('There is no readable file at this path.').waitFor();
    await page.getByLabel('Path of the file').fill(file);
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByRole('progressbar').waitFor();
    await expectAccessible(page);
    await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();

    const { body } = await app.json('POST', '/api/v1/sessions', {
      personaId: await makePersona(app, { model: { temperature: 0 } }),
    });
    await page.goto(`${app.url}/sessions/${body.id}`);
    await page
      .getByRole('textbox', { name: /Message|Write/ })
      .last()
      .fill('Hello');
    await page.keyboard.press('Enter');
    await page.locator('.message.persona').getByText(said).waitFor();
    expect(complaints).toEqual([]);
  },
);
