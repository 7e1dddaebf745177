import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { makeBase, type NamedFile } from '../packages/server/src/test/knowledge.ts';
import { makeMember } from '../packages/server/src/test/team.ts';
import { desktop, expectFits, narrow, openWindow } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

let house: House;
let browser: Browser;
let app: TestApp;

beforeAll(async () => {
  house = await openHouse();
  ({ browser, app } = house);
});
afterAll(() => house?.close());

const tea = '# Tea\n\nA kind drink.\n\n## Brewing\n\nGreen tea is brewed at eighty degrees for two minutes.\n';

/** A base of its own with documents that were read. */
async function baseWith(name: string, files: NamedFile[], fields: [string, string][] = []) {
  const base = await makeBase(app, { name });
  if (files.length > 0) {
    await base.upload(files, fields);
    await base.settled(files.length);
  }
  return base;
}

const row = (page: Page, title: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('link', { name: title, exact: true }) });

/** Files of this machine, let go over a part of the page as a file manager does. */
async function drop(page: Page, selector: string, files: string[]) {
  const box = await page.locator(selector).boundingBox();
  if (!box) throw new Error(`${selector} is not on the page`);
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  const at = { x: box.x + box.width / 2, y: box.y + 10 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, ...at, data });
}

test('files and a folder are dropped, read while two people look on, found, and seen at their place', async () => {
  const { id } = await baseWith('House rules', []);
  const folder = await mkdtemp(join(tmpdir(), 'rapport-drop-'));
  await writeFile(join(folder, 'Tea.md'), tea);
  await writeFile(join(folder, 'Nothing.txt'), '');
  await mkdir(join(folder, 'Guides', 'Sleep'), { recursive: true });
  await writeFile(join(folder, 'Guides', 'Sleep', 'Night.md'), '# Night\n\nDark rooms help with sleep.\n');
  const { page, context, complaints } = await openWindow(browser, desktop);
  const other = await openWindow(browser, narrow);
  for (const window of [page, other.page]) {
    await window.goto(`${app.url}/knowledge/${id}`);
    await window.getByText('No document yet').waitFor();
    await window.getByText('Connecting…').waitFor({ state: 'hidden' });
    await expectFits(window);
  }
  await drop(page, '.drop', [join(folder, 'Tea.md'), join(folder, 'Nothing.txt'), join(folder, 'Guides')]);
  for (const window of [page, other.page]) {
    await row(window, 'Tea')
      .getByText(/2 passages/)
      .waitFor();
    await row(window, 'Night')
      .getByText(/Guides\/Sleep/)
      .waitFor();
    await row(window, 'Nothing').getByText('There is nothing to read in it.').waitFor();
    await window.getByRole('heading', { name: '3 documents' }).waitFor();
    await expectFits(window);
  }
  expect(await page.getByRole('list', { name: 'Files on their way' }).count()).toBe(0);
  await page
    .getByRole('navigation', { name: 'Folders' })
    .getByRole('link', { name: /Guides/ })
    .click();
  await row(page, 'Tea').waitFor({ state: 'hidden' });
  await page.getByRole('link', { name: /Sleep/ }).first().click();
  await row(page, 'Night').waitFor();
  await page.goBack();
  await page.getByRole('searchbox', { name: 'Search the material' }).fill('How is green tea brewed?');
  await page.keyboard.press('Enter');
  await page.locator('.passage mark').filter({ hasText: 'brewed' }).waitFor();
  await expectFits(page);
  await page.locator('.passage').first().getByRole('link').click();
  await page.locator('.reading mark').filter({ hasText: 'Green tea is brewed at eighty degrees' }).waitFor();
  expect(await page.locator('.reading').getByRole('heading', { name: 'Brewing' }).count()).toBe(1);
  await expectFits(page);
  expect(complaints.concat(other.complaints)).toEqual([]);
  await context.close();
  await other.context.close();
  await rm(folder, { recursive: true });
});

test('an address that failed says why, is read when tried again, and fetched anew when it has changed', async () => {
  const { id } = await baseWith('Pages of the web', []);
  let works = false;
  let opening = 'nine';
  const site = createServer((_request, response) => {
    response.writeHead(works ? 200 : 500, { 'content-type': 'text/markdown' });
    response.end(`# Hours\n\nWe open at ${opening}.\n`);
  }).listen(0, '127.0.0.1');
  await new Promise((ready) => site.once('listening', ready));
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/knowledge/${id}`);
  await page.getByRole('button', { name: 'From a web address' }).click();
  const address = page.getByRole('textbox', { name: 'Web address' });
  await address.fill(`http://127.0.0.1:${(site.address() as AddressInfo).port}/hours`);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('The address answered with an error.').waitFor();
  await expectFits(page);
  works = true;
  await page.getByRole('button', { name: /^Try again:/ }).click();
  await page.getByText(/ 1 passage /).waitFor();
  opening = 'ten';
  await page.getByRole('link', { name: 'Hours' }).click();
  await page.getByText('We open at nine.').waitFor();
  await expectFits(page);
  await page.getByRole('button', { name: 'Fetch the page again' }).click();
  await page.getByText('We open at ten.').waitFor();
  expect(complaints).toEqual([]);
  site.close();
  await context.close();
});

test('a file that is refused says so, beside the others, and can be taken out of sight', async () => {
  const small = await app.second({ files: { ...app.config.files, fileBytes: 1000 } });
  const { id } = await baseWith('Small files', []);
  const { page, context } = await openWindow(browser, desktop);
  await page.goto(`${small.url}/knowledge/${id}`);
  await page.getByLabel('Drop files or folders here, or choose files').setInputFiles([
    { name: 'Tea.md', mimeType: 'text/markdown', buffer: Buffer.from(tea) },
    { name: 'Long.md', mimeType: 'text/markdown', buffer: Buffer.from('word '.repeat(1000)) },
  ]);
  await row(page, 'Tea')
    .getByText(/2 passages/)
    .waitFor();
  await page.getByText('One of the files is larger than this server takes.').waitFor();
  await expectFits(page);
  await page.getByRole('button', { name: 'Remove: Long.md' }).click();
  await page.getByText('One of the files is larger').waitFor({ state: 'hidden' });
  await context.close();
  await small.close();
});

test('a document is moved, tagged, given a new version and deleted', async () => {
  const base = await baseWith('Changing', [['Tea.md', tea]]);
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/knowledge/${base.id}`);
  await page.getByRole('button', { name: 'Rename or move: Tea' }).click();
  await page.getByRole('textbox', { name: 'Title' }).fill('Green tea');
  await page.getByRole('combobox', { name: 'Folder' }).fill('Drinks/Hot');
  await page.getByRole('textbox', { name: 'Tags' }).fill('kitchen, morning');
  await page.getByRole('button', { name: 'Save' }).click();
  await row(page, 'Green tea')
    .getByText(/Drinks\/Hot/)
    .waitFor();
  await row(page, 'Green tea').getByRole('link', { name: 'kitchen' }).click();
  expect(await page.getByRole('combobox', { name: 'Tag' }).inputValue()).toBe('kitchen');
  await row(page, 'Green tea').getByRole('link', { name: 'Green tea', exact: true }).click();
  await page.getByText('1 version').click();
  const newer = { name: 'Tea2.md', mimeType: 'text/markdown', buffer: Buffer.from('# Tea\n\nWhite tea is best.\n') };
  await page.getByLabel('Give it a new version').setInputFiles([newer]);
  await page.locator('.reading').getByText('White tea is best.').waitFor();
  await page.getByRole('link', { name: 'Version 1', exact: true }).click();
  await page
    .locator('.reading')
    .getByText(/eighty degrees/)
    .waitFor();
  await expectFits(page);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download: Version 1' }).click();
  expect((await download).suggestedFilename()).toBe('Tea.md');
  await page.getByRole('button', { name: 'Delete: Version 1' }).click();
  await page.goto(`${app.url}/knowledge/${base.id}`);
  await page.getByRole('button', { name: 'Delete: Green tea' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No document yet').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('an answer leads the team to the passage it quotes, and the client to no page of the team', async () => {
  const base = await baseWith('Tea room', [['Tea.md', tea]]);
  const persona = await makePersona(app, { knowledgeBaseId: base.id });
  const session = await makeSession(app, persona);
  const staff = await openWindow(browser, desktop);
  const client = await openWindow(browser, narrow);
  await staff.page.goto(`${app.url}/sessions/${session.id}`);
  await app.json(
    'POST',
    `/api/v1/sessions/${session.id}/messages`,
    { text: 'At how many degrees is green tea brewed?' },
    session.client,
  );
  const side = staff.page.getByRole('complementary', { name: 'Supervision' });
  await side.getByText(/eighty degrees for two minutes/).waitFor();
  const source = side.locator('.source').getByRole('link', { name: 'Tea' });
  await source.focus();
  const around = staff.page.getByRole('tooltip');
  await around
    .locator('mark')
    .getByText(/eighty degrees/)
    .waitFor();
  await expectFits(staff.page);
  await staff.page.keyboard.press('Escape');
  await around.waitFor({ state: 'hidden' });
  await source.hover();
  await around.waitFor();
  await side.getByRole('searchbox', { name: 'Search in it' }).fill('kind drink');
  await staff.page.keyboard.press('Enter');
  await side.locator('.passage mark').first().waitFor();
  await expectFits(staff.page);

  await client.page.goto(`${app.url}/icon.svg`);
  await client.page.evaluate(
    ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''),
    [session.id, session.client.authorization.slice(7)],
  );
  await client.page.goto(`${app.url}/chat/${session.id}`);
  await client.page.getByText('Sources').click();
  await client.page
    .locator('.message li')
    .getByText(/^Tea: “Green tea is brewed/)
    .waitFor();
  expect(await client.page.locator('a[href*="knowledge"]').count()).toBe(0);

  await source.click();
  await staff.page
    .locator('.reading mark')
    .getByText(/eighty degrees/)
    .waitFor();
  await expectFits(staff.page);
  expect(staff.complaints.concat(client.complaints)).toEqual([]);
  await staff.context.close();
  await client.context.close();
});

test('who may see a base is chosen, and nobody else finds it', async () => {
  const member = await makeMember(app, 'Finn', ['facilitator']);
  const { body: team } = await app.json('POST', '/api/v1/teams', { name: 'Night shift' });
  const base = await baseWith('Kept to a team', [['Tea.md', tea]]);
  const { page, context, complaints } = await openWindow(browser, desktop);
  const his = await openWindow(browser, desktop);
  const [name = '', value = ''] = member.headers.cookie.split('=');
  await his.context.addCookies([{ name, value, url: app.url }]);
  await page.goto(`${app.url}/knowledge/${base.id}`);
  await page.getByRole('button', { name: 'Settings and access' }).click();
  await page.getByRole('radio', { name: /Chosen teams and members/ }).check();
  await page.getByRole('checkbox', { name: 'Night shift' }).check();
  await expectFits(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Only one team or member sees it.').waitFor();
  await his.page.goto(`${app.url}/knowledge/${base.id}`);
  await his.page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
  await app.json('PUT', `/api/v1/teams/${team.id}/members`, { memberIds: [member.id] });
  await his.page.reload();
  await row(his.page, 'Tea').waitFor();
  // A facilitator reads, and changes nothing.
  expect(await his.page.getByRole('button', { name: /Delete|Rename|Settings|Paste/ }).count()).toBe(0);
  expect(complaints.concat(his.complaints)).toEqual([]);
  await context.close();
  await his.context.close();
});

test('what a question would bring is tried out, with scores; a persona says how its material stands', async () => {
  const base = await baseWith('Trying', [
    ['Tea.md', tea],
    ['Nothing.md', ' '],
  ]);
  const persona = await makePersona(app, { knowledgeBaseId: base.id });
  const { page, context, complaints } = await openWindow(browser, narrow);
  await page.goto(`${app.url}/knowledge/${base.id}`);
  await page.getByRole('link', { name: 'Test retrieval' }).click();
  await page.getByRole('searchbox', { name: 'A question, as a client would write it' }).fill('brewing tea');
  await page.keyboard.press('Enter');
  await page
    .getByText(/score \d/)
    .first()
    .waitFor();
  await page
    .getByText(/Brewing/)
    .first()
    .waitFor();
  await expectFits(page);
  await page.getByRole('searchbox').fill('zeppelin');
  await page.keyboard.press('Enter');
  await page.getByText('No passage answers this.').waitFor();
  await page.goto(`${app.url}/personas/${persona}`);
  await page.getByText(/1 document ready · 1 could not be read/).waitFor();
  await page.getByRole('link', { name: 'See the documents' }).click();
  await page.getByRole('link', { name: 'Mira' }).waitFor();
  await page.getByRole('button', { name: 'Settings and access' }).click();
  await page.getByRole('button', { name: 'Delete the knowledge base' }).click();
  await page.getByText(/will answer without it: Mira\./).waitFor();
  await expectFits(page);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.waitForURL(/\/knowledge$/);
  await page.getByRole('heading', { name: 'Knowledge', level: 1 }).waitFor();
  expect(await page.getByRole('link', { name: /Trying/ }).count()).toBe(0);
  expect(complaints).toEqual([]);
  await context.close();
});
