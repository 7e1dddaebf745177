import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../packages/server/src/test/app.ts';
import { desktop, expectAccessible, openWindow, phone } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

let house: House;
let browser: Browser;
let app: TestApp;
let personaId: string;

beforeAll(async () => {
  house = await openHouse();
  ({ browser, app } = house);
  personaId = await makePersona(app);
});
afterAll(() => house?.close());

async function makeClient(name: string): Promise<TestSession & { clientId: string }> {
  const { body } = await app.json('POST', '/api/v1/clients', { name, about: 'Sleeps badly.' });
  const session = await makeSession(app, personaId, { clientId: body.id });
  await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'Hello' }, session.client);
  return { ...session, clientId: body.id };
}

/** As a device that has joined. */
async function openRecord(page: Page, session: TestSession) {
  await page.goto(`${app.url}/join/none`);
  const token = session.client.authorization.slice('Bearer '.length);
  await page.evaluate(([key, value]) => localStorage.setItem(key, value), [
    `rapport-access-${session.id}`,
    token,
  ] as const);
  await page.goto(`${app.url}/record/${session.id}`);
  await page.getByRole('heading', { name: 'What is stored', exact: true }).waitFor();
}

const fits = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function saved(page: Page, click: () => Promise<void>): Promise<{ name: string; body: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  return { name: download.suggestedFilename(), body: await readFile(await download.path()) };
}

test.each([
  ['desktop', desktop],
  ['phone', phone],
])(
  'a client sees what is stored, takes it away, asks to be erased, and the team erases, on %s',
  async (size, window) => {
    const name = `Robin ${size}`;
    const session = await makeClient(name);
    const client = await openWindow(browser, window);
    await openRecord(client.page, session);
    await expectAccessible(client.page);
    expect(await fits(client.page)).toBeLessThanOrEqual(0);
    expect(await client.page.getByText(name).count()).toBe(1);
    const own = await saved(client.page, () =>
      client.page.getByRole('button', { name: 'Download this conversation' }).click(),
    );
    expect(own.name).toMatch(/^person-.*\.zip$/);
    expect(own.body.subarray(0, 2).toString()).toBe('PK');
    await client.page.getByRole('button', { name: 'Ask to be erased' }).click();
    await client.page.getByRole('button', { name: 'Yes, ask for it' }).click();
    await client.page.getByText('You asked on').waitFor();
    await expectAccessible(client.page);

    const staff = await openWindow(browser, window);
    const { page } = staff;
    await page.goto(`${app.url}/privacy`);
    const wishes = page.getByRole('region', { name: 'Wishes to be erased' });
    await wishes.getByRole('button', { name: `Erase…: ${name}` }).waitFor();
    await expectAccessible(page);
    expect(await fits(page)).toBeLessThanOrEqual(0);
    await wishes.getByRole('button', { name: `Decline…: ${name}` }).click();
    await page.getByLabel('Your answer to the client').fill('We have to keep it until May.');
    await page.getByRole('button', { name: 'Decline…', exact: true }).click();
    await page.getByText('Nobody waits for an answer.').waitFor();
    await client.page.reload();
    await client.page.getByText('We have to keep it until May.').waitFor();

    const records = page.getByRole('region', { name: 'What is stored about clients' });
    const whole = await saved(page, () => records.getByRole('link', { name: `Export: ${name}` }).click());
    expect(whole.body.length).toBeGreaterThan(1000);
    await records.getByRole('button', { name: `Hold…: ${name}` }).click();
    await page.getByLabel('Reason').fill('Case 12');
    await page.getByRole('button', { name: 'Place the hold' }).click();
    await page.getByText('Case 12').waitFor();
    await records.getByRole('button', { name: `Erase…: ${name}` }).click();
    await page.getByText('A legal hold keeps this record. Lift it first.').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: `Lift…: ${name}` }).click();
    await page.getByLabel('Reason').fill('Settled');
    await page.getByRole('button', { name: 'Lift…', exact: true }).click();
    await page.getByText('No hold is in force.').waitFor();

    await records.getByRole('button', { name: `Erase…: ${name}` }).click();
    const final = page.getByRole('button', { name: 'Erase for good' });
    await final.waitFor();
    expect(await final.isDisabled()).toBe(true);
    await page.getByLabel(`Type the name to confirm: ${name}`).fill(name);
    await expectAccessible(page);
    await final.click();
    await page.getByText('Erased. The receipt says what went.').waitFor();
    const dialog = page.getByRole('dialog', { name: `Erase…: ${name}` });
    const receipt = await saved(page, () => dialog.getByRole('link', { name: 'Receipt' }).click());
    expect(JSON.parse(receipt.body.toString()).receipt.subject.id).toBe(session.clientId);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('region', { name: 'Erasures and receipts' }).getByText(session.clientId).waitFor();
    expect(await records.getByText(name).count()).toBe(0);
    await client.page.reload();
    await client.page.getByText('what was stored here has been erased').waitFor();
    await expectAccessible(client.page);

    const archive = { name: 'person.zip', mimeType: 'application/zip', buffer: whole.body };
    await page.getByLabel('An export of another organisation').setInputFiles(archive);
    await page.getByText(/^Imported: 1 session with/).waitFor();
    await records.getByText(name).waitFor();
    await page
      .getByLabel('An export of another organisation')
      .setInputFiles({ ...archive, buffer: Buffer.from('no zip') });
    await page.getByText('This is not a zip archive, or it is damaged.').waitFor();
    await expectAccessible(page);
    expect([...client.complaints, ...staff.complaints]).toEqual([]);
    await client.context.close();
    await staff.context.close();
  },
);

test('the conversation leads to what is stored about one', async () => {
  const session = await makeClient('Ann');
  const { page, context } = await openWindow(browser, phone);
  await openRecord(page, session);
  await page.getByRole('link', { name: 'Back to the conversation' }).click();
  await page.getByRole('link', { name: 'What is stored about me' }).click();
  await page.getByRole('heading', { name: 'What is stored about you' }).waitFor();
  await context.close();
});
