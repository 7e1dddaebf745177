import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { loginIdOf, makeMember, otherOrganisation } from '../packages/server/src/test/team.ts';
import { desktop, expectFits, launch, narrow, openWindow, phone } from './lib/browser.ts';
import { webRoot } from './lib/house.ts';

const password = 'correct horse battery staple';
let browser: Browser;
let local: TestApp;
/** The same organisation, where nobody is the owner without signing in. */
let app: TestApp;

beforeAll(async () => {
  browser = await launch();
  local = await startTestApp({ config: { webRoot } });
  await local.json('PUT', '/api/v1/me/password', { password });
  for (const name of ['Anna', 'Ben']) await local.json('POST', '/api/v1/clients', { name });
  app = await local.second({ localMode: false });
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await local?.close();
});

const dialog = (page: Page) => page.getByRole('dialog');

test.each([
  ['desktop', desktop, 'Finn', 'Anna'],
  ['phone', phone, 'Gail', 'Ben'],
])('somebody is invited, given a client, and sent away, on %s', async (_, size, name, client) => {
  const owner = await openWindow(browser, size);
  await owner.page.goto(`${app.url}/sign-in`);
  await owner.page.getByLabel('Name or e-mail address').fill('Olga');
  await owner.page.getByLabel('Password').fill(password);
  await expectFits(owner.page);
  await owner.page.getByRole('button', { name: 'Sign in' }).click();
  await owner.page.getByRole('link', { name: 'Settings' }).click();
  await owner.page.getByRole('link', { name: 'Members' }).click();
  await owner.page.getByText('Olga', { exact: true }).waitFor();
  await owner.page.getByRole('button', { name: 'Invite somebody' }).click();
  await owner.page.getByLabel('Facilitator').waitFor();
  await expectFits(owner.page);
  await owner.page.getByRole('button', { name: 'Create the link' }).click();
  const link = await owner.page.getByLabel('Link').inputValue();
  await owner.page.getByRole('button', { name: 'Close' }).click();

  const member = await openWindow(browser, size);
  await member.page.goto(link.replace(local.url, app.url));
  await member.page.getByText('Test House invites you.').waitFor();
  await expectFits(member.page);
  await member.page.getByLabel('Your name').fill(name);
  await member.page.getByLabel('Password').fill(password);
  await member.page.getByRole('button', { name: 'Join' }).click();
  await member.page.getByRole('link', { name: 'Clients' }).click();
  await member.page.getByText('No client yet').waitFor();

  await owner.page.getByRole('link', { name: 'Clients' }).click();
  await owner.page.getByRole('link', { name: client }).click();
  await owner.page.getByText('Change', { exact: true }).click();
  await owner.page.getByLabel(name).check();
  await expectFits(owner.page);
  await owner.page.getByRole('button', { name: 'Assign' }).click();
  await owner.page.getByText(name, { exact: true }).first().waitFor();
  await member.page.reload();
  await member.page.getByText(client).waitFor();

  await owner.page.getByRole('link', { name: 'Settings' }).click();
  await owner.page.getByRole('link', { name: 'Members' }).click();
  await owner.page.getByRole('button', { name: `Open: ${name}` }).click();
  await dialog(owner.page).getByLabel('Author').waitFor();
  await expectFits(owner.page);
  await dialog(owner.page).getByRole('button', { name: 'Disable' }).click();
  const row = owner.page.getByRole('listitem').filter({ hasText: name });
  await row.getByText('disabled', { exact: true }).waitFor();
  await member.page.reload();
  await member.page.getByRole('button', { name: 'Sign in' }).waitFor();
  expect([...owner.complaints, ...member.complaints]).toEqual([]);
  await owner.context.close();
  await member.context.close();
});

test('roles, teams and API keys are made on their pages, on a phone', async () => {
  const { page, context, complaints } = await openWindow(browser, phone);
  await page.goto(`${local.url}/settings/roles`);
  await page.getByRole('button', { name: 'New role' }).click();
  await page.getByLabel('Name').fill('Front desk');
  await page.getByLabel('See every client, whoever they are assigned to.').check();
  await expectFits(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Nobody has it yet.').first().waitFor();
  await page.getByRole('button', { name: 'Open: Facilitator' }).click();
  await dialog(page).getByText('Take a transcript away as a file.').waitFor();
  await expectFits(page);

  await page.goto(`${local.url}/settings/teams`);
  await page.getByRole('button', { name: 'New team' }).click();
  await page.getByLabel('Name').fill('West');
  await page.getByLabel('Olga').check();
  await expectFits(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Olga').waitFor();
  await expectFits(page);

  await page.goto(`${local.url}/settings/api-keys`);
  await page.getByRole('button', { name: 'New API key' }).first().click();
  await page.getByLabel('What it is for').fill('Reports');
  await page.getByLabel('See members, teams and roles.').check();
  await expectFits(page);
  await page.getByRole('button', { name: 'Make the key' }).click();
  const key = await page.getByRole('textbox', { name: 'Key' }).inputValue();
  const authorization = `Bearer ${key}`;
  expect((await local.json('GET', '/api/v1/members', undefined, { authorization })).status).toBe(200);
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByText('Reports').waitFor();
  await expectFits(page);
  await page.getByRole('button', { name: 'Revoke: Reports' }).click();
  await dialog(page).getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('No key yet').waitFor();
  expect((await local.json('GET', '/api/v1/members', undefined, { authorization })).status).toBe(401);
  expect(complaints).toEqual([]);
  await context.close();
});

test('a lost second factor is reset where the member stands, after a warning, and is told and recorded', async () => {
  const member = await makeMember(local, 'Lost', ['facilitator']);
  await local.db.everywhere.exec(
    'update login set two_factor_enabled = true, email = $2, email_verified = true where id = $1',
    [await loginIdOf(local, member), 'lost@house.example'],
  );
  const { page, context, complaints } = await openWindow(browser, narrow);
  await page.goto(`${local.url}/settings/members`);
  await page.getByText('lost@house.example (confirmed)').waitFor();
  await page.getByRole('button', { name: 'Open: Olga' }).click();
  await dialog(page).getByRole('button', { name: 'Save' }).waitFor();
  expect(await dialog(page).getByRole('button', { name: 'Reset second factor…' }).count()).toBe(0);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Open: Lost' }).click();
  await dialog(page).getByRole('button', { name: 'Reset second factor…' }).click();
  await dialog(page).getByText('The audit log records it').waitFor();
  await expectFits(page);
  await dialog(page).getByRole('button', { name: 'Reset now' }).click();
  await dialog(page).getByText('The second factor is reset.').waitFor();
  const { body } = await local.json('GET', `/api/v1/audit?act=login.factors-reset&subjectId=${member.id}`);
  expect(body.items).toHaveLength(1);
  const asked = `select two_factor_enabled as on from login where id = $1`;
  expect(await local.db.everywhere.one(asked, [await loginIdOf(local, member)])).toEqual({ on: false });
  expect(complaints).toEqual([]);
  await context.close();
});

test('whoever belongs to several organisations goes on in another from the menu', async () => {
  const member = await makeMember(local, 'Both', ['facilitator']);
  await otherOrganisation(local, member);
  const { page, context, complaints } = await openWindow(browser, phone);
  const [name = '', value = ''] = member.headers.cookie.split('=');
  await context.addCookies([{ name, value, url: app.url }]);
  await page.goto(`${app.url}/`);
  await page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor();
  await page.getByRole('button', { name: /^Organisation: Test House/ }).click();
  await expectFits(page);
  await page.getByRole('button', { name: /^Go to .*Other House/ }).click();
  // An author there, with other pages.
  await page.getByRole('heading', { name: 'Personas', level: 1 }).waitFor();
  await page.getByRole('button', { name: /^Organisation: Other House/ }).waitFor();
  await expectFits(page);
  expect(complaints).toEqual([]);
  await context.close();
});
