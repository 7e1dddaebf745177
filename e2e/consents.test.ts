import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { makeMember } from '../packages/server/src/test/team.ts';
import type { Upstream } from '../packages/server/src/test/upstream.ts';
import { expectAccessible, expectFits, narrow, openWindow, phone } from './lib/browser.ts';
import { openHouse, type PlayedHouse } from './lib/house.ts';

let house: PlayedHouse;
let browser: Browser;
let app: TestApp;
let upstream: Upstream;
let persona: string;

beforeAll(async () => {
  house = await openHouse('words-300@30');
  ({ browser, app, upstream } = house);
  persona = await makePersona(app);
});
afterAll(() => house?.close());

describe('consent', () => {
  test('the team asks, the client agrees, and takes it back while a reply runs', async () => {
    const staff = await openWindow(browser);
    await staff.page.goto(`${app.url}/privacy`);
    await staff.page.getByLabel(/^AI processing/).click();
    await expect.poll(() => staff.page.getByLabel(/^AI processing/).isChecked()).toBe(true);
    await staff.page.getByRole('button', { name: 'Texts: AI processing' }).click();
    await staff.page.getByLabel('What the client reads').first().fill('A model reads what I write.');
    await expectAccessible(staff.page);
    await staff.page.getByRole('button', { name: 'Publish as a new version' }).click();
    await staff.page.getByRole('dialog').waitFor({ state: 'hidden' });
    await expectAccessible(staff.page);

    const session = await makeSession(app, persona);
    const client = await openWindow(browser, phone);
    await client.page.goto(`${app.url}/icon.svg`);
    await client.page.evaluate(
      ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''),
      [session.id, session.client.authorization.slice(7)],
    );
    await client.page.goto(`${app.url}/chat/${session.id}`);
    await client.page.getByText('A model reads what I write.').waitFor();
    await expectAccessible(client.page);
    await client.page.getByLabel('Yes, I agree').click();
    await client.page.getByRole('button', { name: 'Continue' }).click();
    await client.page.getByLabel('Message').fill('Tell me a long story.');
    await client.page.getByRole('button', { name: 'Send' }).click();
    await client.page.getByText(/w5 /).waitFor();
    await client.page.getByRole('button', { name: 'What I agreed to' }).click();
    await expectAccessible(client.page);
    await client.page.getByLabel('No', { exact: true }).click();
    await client.page.getByRole('button', { name: 'Save' }).click();
    await client.page
      .getByText(/the AI persona does not answer/)
      .first()
      .waitFor();
    await client.page.getByText('Stopped.').waitFor();
    await expect.poll(() => upstream.running).toBe(0);
    await expectAccessible(client.page);
    expect(staff.complaints.concat(client.complaints)).toEqual([]);
    await app.json('PUT', '/api/v1/privacy/consents/ai-processing', { asked: false });
    await staff.context.close();
    await client.context.close();
  });

  test('the chat says what works under the answers given, and only changes are sent', async () => {
    for (const purpose of ['ai-processing', 'recording'])
      await app.json('PUT', `/api/v1/privacy/consents/${purpose}`, { asked: true });
    const session = await makeSession(app, persona);
    const { page, context, complaints } = await openWindow(browser, narrow);
    const sent: string[][] = [];
    page.on('request', (request) => {
      if (request.method() !== 'POST' || !request.url().endsWith('/consents')) return;
      const { answers } = request.postDataJSON() as { answers: { purpose: string; given: boolean }[] };
      sent.push(answers.map((one) => `${one.purpose} ${one.given}`));
    });
    await page.goto(`${app.url}/icon.svg`);
    await page.evaluate(
      ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''),
      [session.id, session.client.authorization.slice(7)],
    );
    await page.goto(`${app.url}/chat/${session.id}`);
    const dialog = page.getByRole('dialog');
    const choose = async (within: Page | Locator, purpose: RegExp, answer: string) =>
      within.getByRole('group', { name: purpose }).getByLabel(answer).click();
    const [ai, storing] = [/^A model reads/, /stored/];
    await page.getByRole('heading', { name: 'Before you begin' }).waitFor();
    await expectFits(page);
    await choose(page, ai, 'No');
    await choose(page, storing, 'Yes, I agree');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText(/You said no to AI processing/).waitFor();
    expect(await page.getByText('You are talking with an AI persona').count()).toBe(0);
    await page.getByLabel('Message').fill('Is a person there?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('log').getByText('Is a person there?').waitFor();
    await expectFits(page);

    // Nothing is changed, and nothing is sent.
    await page.getByRole('button', { name: 'What I agreed to' }).click();
    await expectFits(page);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'What I agreed to' }).click();
    await choose(dialog, storing, 'No');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/You said no to storing what you write/).waitFor();
    await page.getByLabel('Message').waitFor({ state: 'detached' });
    await expectFits(page);
    await page.getByRole('button', { name: 'What I agreed to' }).click();
    await choose(dialog, storing, 'Yes, I agree');
    await choose(dialog, ai, 'Yes, I agree');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('You are talking with an AI persona').waitFor();
    await page.getByLabel('Message').waitFor();
    expect(sent.map((one) => one.toSorted())).toEqual([
      ['ai-processing false', 'recording true'],
      ['recording false'],
      ['ai-processing true', 'recording true'],
    ]);
    expect(complaints).toEqual([]);
    for (const purpose of ['ai-processing', 'recording'])
      await app.json('PUT', `/api/v1/privacy/consents/${purpose}`, { asked: false });
    await context.close();
  });

  test('what was signed on paper is written down on the client’s page', async () => {
    const { page, context, complaints } = await openWindow(browser);
    await app.json('POST', '/api/v1/clients', { name: 'Ada' });
    await page.goto(`${app.url}/clients`);
    await page.getByRole('link', { name: 'Ada' }).click();
    await page.getByLabel('Write down what was signed').selectOption('research');
    await page.getByLabel(/^Where the paper is/).fill('Cabinet 3');
    await page.getByRole('button', { name: 'Has agreed' }).click();
    await page.getByText('Everything that was said').click();
    await page.getByText(/on paper.*Cabinet 3/).waitFor();
    await expectAccessible(page);
    expect(complaints).toEqual([]);
    await context.close();
  });
});

test('retention shows what it would delete before it is switched on, and then what it deleted', async () => {
  const session = await makeSession(app, persona);
  await app.db.everywhere.exec(`update session set last_activity_at = now() - interval '90 days' where id = $1`, [
    session.id,
  ]);
  const { page, context, complaints } = await openWindow(browser);
  await page.goto(`${app.url}/privacy`);
  await page.getByLabel('Days to keep: Sessions').fill('60');
  await page.getByRole('button', { name: 'Preview: Sessions' }).click();
  await page.getByText(/1 would be deleted now\. The oldest is of/).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Delete what is older than 60 days' }).click();
  await page.getByText('Saved.').waitFor();
  await expect
    .poll(async () => (await app.json('GET', '/api/v1/privacy/retention/runs')).body.items[0]?.endedAt)
    .toEqual(expect.any(String));
  await page.reload();
  await page.getByText(/Sessions · 1 deleted/).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('an export is prepared by one person, read by another, and downloaded', async () => {
  const session = await makeSession(app, persona);
  await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'I am Vera Kowalczyk.' }, session.client);
  const mine = await openWindow(browser);
  await mine.page.goto(`${app.url}/privacy`);
  await mine.page.getByRole('button', { name: 'Prepare', exact: true }).click();
  await mine.page.getByText('Somebody else reviews it now.').waitFor();
  await mine.page.getByRole('button', { name: 'Review', exact: true }).click();
  await mine.page.getByText('You prepared this export').waitFor();

  const { headers } = await makeMember(app, 'Rita', ['supervisor']);
  const theirs = await openWindow(browser);
  const [name = '', value = ''] = headers.cookie.split('=');
  await theirs.context.addCookies([{ name, value, url: app.url }]);
  await theirs.page.goto(`${app.url}/privacy`);
  await theirs.page.getByRole('button', { name: 'Review', exact: true }).click();
  await theirs.page.locator('del', { hasText: 'Vera Kowalczyk' }).waitFor();
  await expectAccessible(theirs.page);
  await theirs.page.getByRole('button', { name: 'Approve' }).click();
  await theirs.page.getByText('approved', { exact: true }).waitFor();

  await mine.page.reload();
  const [download] = await Promise.all([
    mine.page.waitForEvent('download'),
    mine.page.getByRole('link', { name: 'Download' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^anonymised-.*\.json$/);
  expect(mine.complaints.concat(theirs.complaints)).toEqual([]);
  await mine.context.close();
  await theirs.context.close();
});

test('a provider elsewhere is decided about where it stands, and stands in the record', async () => {
  const row = await app.json('POST', '/api/v1/providers', {
    kind: 'openai',
    baseUrl: `${upstream.url}/v1`,
    model: 'echo',
    makeDefault: false,
  });
  await app.db.everywhere.exec(`update provider set base_url = 'https://models.example/v1' where id = $1`, [
    row.body.id,
  ]);
  const { page, context, complaints } = await openWindow(browser);
  await page.goto(`${app.url}/settings`);
  await page.getByText('not decided').waitFor();
  await page.getByRole('button', { name: /^Data processing/ }).click();
  await page.getByLabel(/^Agreement on data processing/).fill('Agreement 12');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Yes, approve' }).click();
  await page.getByText('approved', { exact: true }).waitFor();
  await expectAccessible(page);
  await page.goto(`${app.url}/privacy`);
  await page.getByText('models.example').waitFor();
  await page.getByLabel('Contact', { exact: true }).fill('office@house.example');
  await page.getByRole('region', { name: 'Record of processing' }).getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await expectAccessible(page);
  const { body } = await app.json('GET', '/api/v1/privacy/record?format=markdown');
  expect(body).toContain('Agreement 12');
  expect(body).toContain('office@house.example');
  expect(complaints).toEqual([]);
  await context.close();
});
