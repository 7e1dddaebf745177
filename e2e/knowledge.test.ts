import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DocumentFailed } from '../packages/server/src/slices/knowledge/failures.ts';
import { makePersona, makeSession, startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { desktop, expectFits, launch, narrow, openWindow } from './lib/browser.ts';

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

const makeBase = async (name: string): Promise<string> =>
  (await app.json('POST', '/api/v1/knowledge-bases', { name })).body.id;

const file = (name: string, text: string) => ({ name, mimeType: 'text/markdown', buffer: Buffer.from(text) });
const row = (page: Page, title: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('link', { name: title, exact: true }) });

const tea = '# Tea\n\nA kind drink.\n\n## Brewing\n\nGreen tea is brewed at eighty degrees for two minutes.\n';

test('a file is dropped, read while two people look on, found, and seen at its place', async () => {
  const id = await makeBase('House rules');
  const { page, context, complaints } = await openWindow(browser, desktop);
  const other = await openWindow(browser, narrow);
  await page.goto(`${app.url}/knowledge/${id}`);
  await other.page.goto(`${app.url}/knowledge/${id}`);
  await page.getByText('No document yet').waitFor();
  await other.page.getByText('No document yet').waitFor();
  await expectFits(page);
  await page.getByLabel('Drop files or folders here, or choose files').setInputFiles([file('Tea.md', tea)]);
  for (const window of [page, other.page]) await row(window, 'Tea').getByText(/2 passages/).waitFor();
  await page.getByRole('searchbox', { name: 'Search the material' }).fill('How is green tea brewed?');
  await page.keyboard.press('Enter');
  await page.locator('.passage mark').filter({ hasText: 'brewed' }).waitFor();
  await expectFits(page);
  await page.locator('.passage').getByRole('link', { name: 'Tea' }).first().click();
  await page.locator('.reading mark').first().waitFor();
  await expectFits(page);
  expect(complaints.concat(other.complaints)).toEqual([]);
  await context.close();
  await other.context.close();
});
