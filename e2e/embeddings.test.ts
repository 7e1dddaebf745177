import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestApp } from '../packages/server/src/test/app.ts';
import { makeBase } from '../packages/server/src/test/knowledge.ts';
import { desktop, expectFits, narrow, openWindow, picture } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

let house: House;
let browser: Browser;
let app: TestApp;

beforeAll(async () => {
  house = await openHouse('echo');
  ({ browser, app } = house);
});
afterAll(() => house?.close());

test('a model for embeddings is chosen in the settings, and the test page shows what it found', async () => {
  const base = await makeBase(app, { name: 'House rules' });
  await app.json('POST', base.path, { title: 'Arrival', text: 'The automobile is parked behind the house.' });
  await app.json('POST', base.path, { title: 'Walks', text: 'Where is the hound? By the river.' });
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/settings`);
  await page.getByRole('button', { name: /^Embeddings: / }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Model for embeddings').fill('fault-404');
  await dialog.getByRole('button', { name: 'Choose the model' }).click();
  await dialog.getByText(/^Embeddings: The provider does not know this address or model/).waitFor();
  await dialog.getByLabel('Model for embeddings').fill('concepts');
  await expectFits(page);
  await picture(page, 'embeddings-settings');
  await dialog.getByRole('button', { name: 'Choose the model' }).click();
  await page.getByText('Embeddings: concepts').waitFor();

  await page.goto(`${app.url}/knowledge/${base.id}`);
  await page.getByText('Found by meaning, too: 2 of 2 passages are ready (concepts).').waitFor();
  await expectFits(page);
  await page.getByRole('link', { name: 'Test retrieval' }).click();
  await page.getByLabel('Question').fill('Where is my car?');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText(/^Found by words and by meaning \(concepts\)/).waitFor();
  const first = page.locator('.passage').first();
  await first.getByText('The automobile is parked').waitFor();
  expect(await first.textContent()).toMatch(/meaning (0\.9|1\.0)/);
  await expectFits(page);
  await picture(page, 'embeddings-retrieval');

  // The page says it where the words answer alone.
  await page.getByLabel('Question').fill('hound [play embed-null]');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText('the provider of the embeddings did not answer well').waitFor();
  await page.locator('.passage').getByText('By the river').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('on a phone the pages fit, with a long name of the model', async () => {
  const { items } = (await app.json('GET', '/api/v1/providers')).body;
  const model = `concepts-${'of-a-very-long-name-'.repeat(8)}`;
  const chosen = await app.json('PUT', `/api/v1/providers/${items[0].id}/embedding`, { model });
  expect(chosen.status).toBe(200);
  const base = await makeBase(app, { name: 'On the way' });
  await app.json('POST', base.path, { title: 'Arrival', text: 'The automobile is parked behind the house.' });
  const { page, context, complaints } = await openWindow(browser, { ...narrow, colorScheme: 'dark' });
  await page.goto(`${app.url}/settings`);
  await page.getByText('Embeddings: concepts-of').waitFor();
  await expectFits(page);
  await page.goto(`${app.url}/knowledge/${base.id}/test`);
  await page.getByText(/^Found by meaning, too: 1 of 1/).waitFor();
  await page.getByLabel('Question').fill('Where is my car?');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText(/^Found by words and by meaning/).waitFor();
  await expectFits(page);
  await picture(page, 'embeddings-phone');
  expect(complaints).toEqual([]);
  await context.close();
});

test('where a budget is spent, the pages say that words answer alone and that passages wait', async () => {
  const base = await makeBase(app, { name: 'Thrifty house' });
  const budget = (tokens: number) =>
    app.json('PUT', '/api/v1/budgets', { scope: 'organisation', period: 'day', tokens });
  await budget(1);
  await app.json('POST', base.path, { title: 'Walks', text: 'Our hound likes long walks.' });
  const { page, context, complaints } = await openWindow(browser, narrow);
  await page.goto(`${app.url}/knowledge/${base.id}`);
  await page.getByText('The others wait: the limit set for AI models is reached.').waitFor();
  await expectFits(page);
  await picture(page, 'embeddings-spent-phone');
  await page.getByRole('link', { name: 'Test retrieval' }).click();
  await page.getByLabel('Question').fill('hound');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText('Found by words alone: the limit set for AI models is reached.').waitFor();
  await page.setViewportSize(desktop.viewport);
  await expectFits(page);
  await picture(page, 'embeddings-spent');
  await budget(1e9);
  await page.goto(`${app.url}/knowledge/${base.id}`);
  await page.getByText(/^Found by meaning, too: 1 of 1/).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
