import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { desktop, expectAccessible, openWindow, phone } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

let house: House;
let browser: Browser;
let app: TestApp;

beforeAll(async () => {
  house = await openHouse();
  ({ browser, app } = house);
});
afterAll(() => house?.close());

test.each([
  ['desktop', desktop],
  ['phone', phone],
])('the audit log is searched, exported, signed and checked, on %s', async (name, size) => {
  const client = (await app.json('POST', '/api/v1/clients', { name: `Kim on ${name}` })).body;
  await makeSession(app, await makePersona(app), { clientId: client.id });
  const { page, context, complaints } = await openWindow(browser, size);
  await page.goto(`${app.url}/audit`);
  const rows = page.locator('tbody tr');
  await rows.first().waitFor();
  await expectAccessible(page);
  await page.getByLabel('Id of a record').fill('half an id');
  await page.getByText('Not an id yet.').waitFor();
  await page.getByLabel('Id of a record').fill(client.id);
  await page.getByLabel('Act', { exact: true }).selectOption('client.created');
  await expect.poll(() => rows.count()).toBe(1);
  expect(await rows.first().innerText()).toMatch(/Olga[\s\S]*Created a client[\s\S]*done/);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export as CSV' }).click();
  const csv = await readFile(await (await download).path(), 'utf8');
  expect(csv.trim().split('\n')).toHaveLength(2);
  expect(csv).toContain(client.id);
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByRole('button', { name: 'Sign now' }).click();
  await page.getByText(/Signed up to entry \d+/).waitFor();
  await page.getByRole('button', { name: 'Check the whole log' }).click();
  await page.getByText(/Verified up to entry \d+\. Nothing was changed/).waitFor();
  await expectAccessible(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBeLessThanOrEqual(0);
  expect(complaints).toEqual([]);
  await context.close();
});

test('a broken glass is shown on every page until it is ended', async () => {
  await app.json('POST', '/api/v1/clients', { name: 'Robin' });
  const { page, context, complaints } = await openWindow(browser);
  await page.goto(`${app.url}/break-glass`);
  await page.getByText('Nobody has broken the glass.').waitFor();
  await page.getByRole('button', { name: 'Break the glass' }).click();
  await page.getByLabel('Name of the client').fill('Robin');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByText(/On record since/).waitFor();
  await page.getByLabel('Reason').fill('The colleague on call is ill.');
  await expectAccessible(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Break the glass' }).click();
  await page.getByText('Olga → Robin').waitFor();
  await page.goto(`${app.url}/personas`);
  await page.getByText(/Olga has break-glass access to Robin until/).waitFor();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'See' }).click();
  await page.getByRole('button', { name: 'End it: Olga, Robin' }).click();
  await page.getByText('over', { exact: true }).waitFor();
  await page.getByText(/has break-glass access/).waitFor({ state: 'hidden' });
  await expectAccessible(page);
  expect(complaints).toEqual([]);
  await context.close();
});

test('a log that was changed in the database says where', async () => {
  await app.json('POST', '/api/v1/clients', { name: 'Second entry' });
  await app.db.everywhere.tx(async (tx) => {
    await tx.exec('set local session_replication_role = replica');
    await tx.exec(`update audit_entry set act = 'audit.read' where seq = 2`);
  });
  const { page, context, complaints } = await openWindow(browser);
  await page.goto(`${app.url}/audit`);
  await page.getByRole('button', { name: 'Check the whole log' }).click();
  await page.getByText('Verified only up to entry 1. This was found:').waitFor();
  await page.getByText('Entry 2 is not what was written.').waitFor();
  await expectAccessible(page);
  expect(complaints).toEqual([]);
  await context.close();
});
