import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { desktop, expectAccessible, expectFits, openWindow, phone, picture } from './lib/browser.ts';
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

const post = async (path: string, body: object) => (await app.json('POST', `/api/v1${path}`, body)).body;

test('a thread is begun in a folder, continued in a session, remembers, and shows what its sessions show', async () => {
  const { page, context, complaints } = await openWindow(browser, desktop);
  const client = await post('/clients', { name: 'Robin' });
  await post(`/clients/${client.id}/goals`, { title: 'Fly to Oslo' });
  await post(`/clients/${client.id}/memories`, { statement: 'Likes trains.' });
  await page.goto(`${app.url}/threads`);
  await page.getByRole('heading', { name: 'No thread yet' }).waitFor();
  await expectAccessible(page);
  await picture(page, 'threads-empty');

  // A folder, and one in it, by keyboard alone.
  for (const name of ['Anxiety', 'Journeys']) {
    await page.getByRole('button', { name: 'New folder' }).focus();
    await page.keyboard.press('Enter');
    const form = page.getByRole('dialog');
    await form.getByLabel('Name').fill(name);
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await form.waitFor({ state: 'detached' });
    await page.getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name, pressed: true }).waitFor();
  }
  await page.getByRole('button', { name: 'New thread' }).click();
  const form = page.getByRole('dialog');
  await form.getByRole('combobox', { name: 'Client' }).click();
  await form.getByRole('option', { name: /Robin/ }).click();
  await form.getByLabel('Name').fill('Fear of flying');
  await form.getByLabel(/^Stage/).fill('Exposure');
  await form.getByLabel(/^Tags/).fill('Fear');
  await form.getByLabel('Fly to Oslo').check();
  expect(await form.getByLabel('Folder').locator('option:checked').innerText()).toBe('Anxiety / Journeys');
  await expectAccessible(page);
  await picture(page, 'thread-form');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'Fear of flying' }).waitFor();
  await page.getByText('Anxiety / Journeys').waitFor();
  await page.getByText('No session continues it yet.').waitFor();

  await page.getByRole('button', { name: 'Write a memory' }).click();
  await page.getByRole('dialog').getByLabel('What is to be remembered').fill('Holds on to the seat.');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('Holds on to the seat.').waitFor();
  await page.getByRole('button', { name: 'Refer to a memory' }).click();
  await page.getByRole('button', { name: 'Add: Likes trains.' }).click();
  await page.getByRole('button', { name: 'Remove: Likes trains.' }).waitFor({ state: 'attached' });
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await expectAccessible(page);
  await picture(page, 'thread');

  // Started from the thread, the session continues it; its page says so and leads back.
  await page.getByRole('link', { name: 'Continue in a new session' }).click();
  await page.getByRole('combobox', { name: /^Thread that it continues/ }).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Start the session' }).click();
  await page.getByRole('link', { name: 'Open the thread' }).waitFor();
  const field = page.getByRole('combobox', { name: 'Thread that it continues' });
  const choice = page.getByRole('form', { name: 'Thread that it continues' });
  expect(await field.inputValue()).toBe('Fear of flying');
  // Taken out of it, and put back by keyboard.
  await field.fill('');
  await field.press('Escape');
  await choice.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'Open the thread' }).waitFor({ state: 'detached' });
  await choice.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
  await field.fill('fear');
  await choice.getByRole('option', { name: /Fear of flying/ }).waitFor();
  await field.press('ArrowDown');
  await field.press('Enter');
  await choice.getByRole('button', { name: 'Save' }).press('Enter');
  await page.getByRole('link', { name: 'Open the thread' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Open the thread' }).click();
  await page.getByRole('link', { name: 'Mira · Robin' }).waitFor();
  await page.getByRole('link', { name: 'What its sessions show' }).click();
  await page.getByRole('heading', { name: 'Insights: \u2068Fear of flying\u2069' }).waitFor();
  await page.getByRole('region', { name: 'The sessions as a table' }).waitFor();
  await expectAccessible(page);
  await picture(page, 'thread-insights');

  // In the list by its folder, and on the client's page.
  await page.goto(`${app.url}/threads`);
  await page.getByRole('link', { name: 'Fear of flying' }).waitFor();
  await page.getByRole('button', { name: 'No folder' }).click();
  await page.getByRole('heading', { name: 'No such thread' }).waitFor();
  await page.getByRole('button', { name: 'Anxiety', exact: true }).click();
  await page.getByRole('link', { name: 'Fear of flying' }).waitFor();
  await expectAccessible(page);
  await picture(page, 'threads');
  await page.getByRole('button', { name: 'Journeys', exact: true }).click();
  await page.getByRole('button', { name: 'Change the folder' }).click();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Delete the folder' }).click();
  await page.getByRole('button', { name: 'Journeys', exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Anxiety', exact: true, pressed: true }).waitFor();
  await page.getByRole('link', { name: 'Fear of flying' }).waitFor();
  await page.goto(`${app.url}/clients/${client.id}`);
  await page.getByRole('link', { name: 'Fear of flying' }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('the pages fit a phone, in the dark, with long names in everything', async () => {
  const long = (word: string) => `${word} ${word.repeat(10)}`.slice(0, 80);
  const client = await post('/clients', { name: long('Ada') });
  const top = await post('/thread-folders', { name: long('Folder') });
  const below = await post('/thread-folders', { name: long('Below'), parentId: top.id });
  const thread = await post(`/clients/${client.id}/threads`, {
    name: long('Thread'),
    description: long('Why'),
    stage: long('Stage').slice(0, 60),
    tags: ['tag'.repeat(13), 'short'],
    folderId: below.id,
  });
  await post(`/threads/${thread.id}/memories`, { statement: long('Remember') });
  const session = await makeSession(app, personaId, { clientId: client.id, threadId: thread.id, title: long('Talk') });
  for (const text of ['The plane shakes and I hold on.', 'The plane is all I think of.'])
    await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text }, session.client);
  const { page, context, complaints } = await openWindow(browser, { ...phone, colorScheme: 'dark' });
  await page.goto(`${app.url}/threads`);
  await page.getByRole('link', { name: thread.name }).waitFor();
  // Folded at first, so that the list comes first.
  await page.getByRole('button', { name: 'New folder' }).waitFor({ state: 'hidden' });
  await expectFits(page);
  await picture(page, 'threads-phone-dark');
  await page.getByText('Folders', { exact: true }).click();
  await page.getByRole('button', { name: top.name, exact: true }).click();
  await page.getByRole('button', { name: 'Change the folder' }).waitFor();
  await expectFits(page);
  await picture(page, 'threads-phone-dark-folders');
  await page.goto(`${app.url}/threads/${thread.id}`);
  await page.getByText(long('Remember')).waitFor();
  await expectFits(page);
  await picture(page, 'thread-phone-dark');
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  await expectFits(page);
  await page.goto(`${app.url}/threads/${thread.id}/insights`);
  await page.locator('blockquote', { hasText: 'The plane' }).first().waitFor();
  await expectFits(page);
  await picture(page, 'thread-insights-phone-dark');
  expect(complaints).toEqual([]);
  await context.close();
});
