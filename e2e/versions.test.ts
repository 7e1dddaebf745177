import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { formOf, makeBase, type TestBase } from '../packages/server/src/test/knowledge.ts';
import { desktop, expectFits, launch, narrow, openWindow, picture } from './lib/browser.ts';

const webRoot = resolve(import.meta.dirname, '../packages/web/dist');
let browser: Browser;
let app: TestApp;

beforeAll(async () => {
  browser = await launch();
  app = await startTestApp({ config: { webRoot } });
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
});

/** A base with an evaluation of two questions, and the document that should be found for them. */
async function evaluated(title: string): Promise<{ base: TestBase; id: string }> {
  const base = await makeBase(app, { name: 'House rules' });
  const { body } = await app.json('POST', base.path, { title, text: 'Tea is free in the waiting room.' });
  await app.json('POST', base.path, { title: 'Parking', text: 'There is a car park behind the building.' });
  const questions = ['Where is tea?', 'Is there coffee at noon?', 'Where can I park?'];
  await app.json('POST', `/api/v1/knowledge-bases/${base.id}/evaluations`, {
    name: 'First questions',
    questions: questions.map((question) => ({ question, documentIds: [body.id] })),
  });
  return { base, id: body.id };
}

test('a new version waits, shows question by question what it gains and loses, and is published', async () => {
  const { base, id } = await evaluated('Drinks');
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/knowledge/${base.id}/documents/${id}`);
  await page.getByText('Tea is free').first().waitFor();
  await page.getByText('Connecting…').waitFor({ state: 'hidden' });
  const form = formOf([['drinks.txt', 'Coffee is served at noon.']]);
  expect((await app.fetch(`${base.path}/${id}`, { method: 'PUT', body: form })).status).toBe(202);
  const card = page.getByRole('region', { name: 'A new version waits' });
  await card.getByText('1 question gained, 1 lost').waitFor();
  await card.getByRole('row', { name: /Where is tea\? not in the first ten 1 lost/ }).waitFor();
  await card.getByRole('row', { name: /Is there coffee at noon\? 1 not in the first ten gained/ }).waitFor();
  await card.getByRole('img', { name: 'Gained: 1, as before: 1, lost: 1' }).waitFor();
  // What is searched still stands below.
  await page.getByText('Tea is free').first().waitFor();
  await expectFits(page);
  await picture(page, 'version-waits');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expectFits(page);
  await picture(page, 'version-waits-dark');
  await page.setViewportSize(narrow.viewport);
  await expectFits(page);
  await picture(page, 'version-waits-phone');
  await card.getByRole('button', { name: 'Publish: Drinks' }).click();
  await card.waitFor({ state: 'hidden' });
  await page.getByText('Coffee is served at noon.').first().waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('the page of the base says which versions wait, and the old one is kept there', async () => {
  const { base, id } = await evaluated(
    'Drinks, and everything else that is served between the first and the last session of a day',
  );
  const { page, context, complaints } = await openWindow(browser, narrow);
  await page.goto(`${app.url}/knowledge/${base.id}`);
  await page.getByText('Connecting…').waitFor({ state: 'hidden' });
  await app.json('PUT', `${base.path}/${id}`, { text: 'Coffee is served at noon.' });
  await page.getByText('The new version of 1 document waits to be published.').waitFor();
  await page.getByText('1 question gained, 1 lost').waitFor();
  await expectFits(page);
  await picture(page, 'base-with-waiting-phone');
  await page.getByRole('link', { name: 'Show them' }).click();
  await page.getByText('There is a car park').waitFor({ state: 'hidden' });
  await page.setViewportSize(desktop.viewport);
  await expectFits(page);
  await page.getByRole('button', { name: /^Keep the old version: Drinks/ }).click();
  await expectFits(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Keep the old version' }).click();
  await page.getByText('waits to be published').waitFor({ state: 'hidden' });
  expect(await base.get(id)).toMatchObject({ version: 1, state: 'ready' });
  // From here on those that lose nothing are published by themselves.
  await page.getByRole('button', { name: 'Settings and access' }).click();
  await page.getByLabel(/^Publish new versions by themselves/).check();
  await expectFits(page);
  await picture(page, 'base-settings', {});
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await app.json('PUT', `${base.path}/${id}`, { text: 'Tea is free in the waiting room. Coffee is served at noon.' });
  await expect.poll(async () => (await base.get(id)).readyVersion, { timeout: 20_000 }).toBe(3);
  expect(complaints).toEqual([]);
  await context.close();
});
