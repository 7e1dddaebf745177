import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { desktop, expectAccessible, openWindow, phone } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

let house: House;
let browser: Browser;
let app: TestApp;

beforeAll(async () => {
  house = await openHouse('words-20');
  ({ browser, app } = house);
});
afterAll(() => house?.close());

test('a budget is set, its use is seen, and a client is told when it is used up', async () => {
  const session = await makeSession(app, await makePersona(app));
  await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'Hello' }, session.client);
  await vi.waitFor(
    async () => {
      const { body } = await app.json('GET', `/api/v1/sessions/${session.id}/replies`);
      expect(body.items[0]?.status).toBe('completed');
    },
    { timeout: 10_000 },
  );
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/settings`);
  await page.getByRole('img', { name: /Tokens used in the last 30 days: 70/ }).waitFor();
  await page.getByText('No budget: replies may use as much as they need.').waitFor();
  await expectAccessible(page);
  await page.getByLabel('Budget for').selectOption('persona');
  await page.getByLabel('Persona', { exact: true }).selectOption({ label: 'Mira' });
  await page.getByLabel('Each').selectOption('day');
  await page.getByLabel('Tokens', { exact: true }).fill('50');
  await page.getByRole('button', { name: 'Set budget' }).click();
  await page.getByText('Mira · a day').waitFor();
  expect(await page.getByLabel('Tokens: 70 of 50').getAttribute('max')).toBe('50');
  await page.getByText(/Used up\. Replies begin again/).waitFor();
  await page.getByText('Requests a minute').click();
  await page.getByRole('cell', { name: 'credentials' }).waitFor();
  await expectAccessible(page);

  const client = await openWindow(browser, phone);
  await client.page.goto(`${app.url}/icon.svg`);
  await client.page.evaluate(
    ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''),
    [session.id, session.client.authorization.slice(7)],
  );
  await client.page.goto(`${app.url}/chat/${session.id}`);
  await client.page.getByLabel('Message').fill('Are you there?');
  await client.page.getByRole('button', { name: 'Send' }).click();
  await client.page.getByText(/The limit set for AI replies is reached/).waitFor();
  await client.page.getByText('Are you there?').waitFor();
  await expectAccessible(client.page);

  await page.getByRole('button', { name: 'Remove: Mira' }).click();
  await page.getByText('No budget: replies may use as much as they need.').waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBeLessThanOrEqual(0);
  expect(complaints.concat(client.complaints)).toEqual([]);
  await context.close();
  await client.context.close();
});
