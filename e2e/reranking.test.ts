import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { makeBase } from '../packages/server/src/test/knowledge.ts';
import { startUpstream, type Upstream } from '../packages/server/src/test/upstream.ts';
import { desktop, expectFits, launch, narrow, openWindow, picture } from './lib/browser.ts';

const webRoot = resolve(import.meta.dirname, '../packages/web/dist');
let browser: Browser;
let upstream: Upstream;
let app: TestApp;

beforeAll(async () => {
  browser = await launch();
  upstream = await startUpstream();
  app = await startTestApp({ config: { webRoot }, upstream: { url: upstream.url, model: 'echo' } });
});
afterAll(async () => {
  await app?.close();
  await upstream?.close();
  await browser?.close();
});

const leaflets = [
  ['Painting', 'Lighthouse keepers paint the lighthouse. The lighthouse is white. [rank 1]'],
  ['The way', 'From the harbour a road of many miles goes to the lighthouse. [rank 9]'],
] as const;

async function makeLeaflets() {
  const base = await makeBase(app, { name: 'Lighthouses' });
  for (const [title, text] of leaflets) await app.json('POST', base.path, { title, text });
  return base;
}

test('a model for reranking is chosen in the settings, and the test page shows what it did', async () => {
  const base = await makeLeaflets();
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/settings`);
  await page.getByRole('button', { name: /^Reranking: / }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Model for reranking').fill('fault-404');
  await dialog.getByRole('button', { name: 'Choose the model' }).click();
  await dialog.getByText(/^Reranking: The provider does not know this address or model/).waitFor();
  await dialog.getByLabel('Model for reranking').fill('ranker');
  await expectFits(page);
  await picture(page, 'reranking-settings');
  await dialog.getByRole('button', { name: 'Choose the model' }).click();
  await page.getByText('Reranking: ranker').waitFor();

  await page.goto(`${app.url}/knowledge/${base.id}/test`);
  await page.getByLabel('Question').fill('lighthouse keepers');
  const first = page.locator('.passage').first();
  // A busy machine may be slower than a search waits; it is asked again then.
  await expect
    .poll(
      async () => {
        await page.getByRole('button', { name: 'Search' }).click();
        await page.getByText(/put into order by ranker|^Not reranked/).waitFor();
        return first.textContent();
      },
      { timeout: 40_000, interval: 2000 },
    )
    .toMatch(/a road of many miles/);
  await page.getByText('Then the best 2 were put into order by ranker.').waitFor();
  expect(await first.textContent()).toMatch(/reranker 9\.00/);
  await expectFits(page);
  await picture(page, 'reranking-retrieval');

  await page.getByLabel('Question').fill('lighthouse keepers [play rerank-double]');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText(/^Not reranked: ranker/).waitFor();
  await first.getByText('keepers paint the').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('a provider that ranks alone is added without a model that answers, on a phone, too', async () => {
  const { page, context, complaints } = await openWindow(browser, { ...narrow, colorScheme: 'dark' });
  await page.goto(`${app.url}/settings`);
  await page.getByRole('button', { name: 'Add a provider' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^An OpenAI-compatible address/).check();
  await dialog.getByRole('textbox', { name: 'Address' }).fill(`${upstream.url}/v1`);
  await dialog.getByLabel('Model for reranking').fill(`ranker-${'of-a-very-long-name-'.repeat(8)}`);
  await expectFits(page);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('Reranking: ranker-of-a').waitFor();
  await expectFits(page);
  await picture(page, 'reranking-phone');
  expect(complaints).toEqual([]);
  await context.close();
});
