import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { makeBase, type TestBase } from '../packages/server/src/test/knowledge.ts';
import { playing, talking } from '../packages/server/src/test/talking.ts';
import { desktop, expectFits, narrow, openWindow } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

let house: House;
let browser: Browser;
let app: TestApp;
let base: TestBase;
let talk: ReturnType<typeof talking>;

beforeAll(async () => {
  house = await openHouse('echo');
  ({ browser, app } = house);
  talk = talking(app);
  base = await makeBase(app, { name: 'House rules' });
  await app.json('POST', base.path, { title: 'Hours', text: 'On Saturday the clinic is open from 9:00 to 12:00.' });
});
afterAll(() => house?.close());

const said =
  'Recite: On Saturday the clinic is open from 9:00 to 12:00 [1]. On Saturday the clinic is open from 9:00 to 14:00 [1].';

test('the team sees which cited sentence was not found, in a draft and in the conversation; the client sees the mark that holds', async () => {
  const persona = await makePersona(app, { knowledgeBaseId: base.id, ...playing('recite@0') });
  const session = await makeSession(app, persona, { policy: 'approve' });
  await talk.post(session, said);
  await talk.untilEvent(session, 'draft.ready');
  for (const size of [desktop, narrow]) {
    const { page, context, complaints } = await openWindow(browser, size);
    await page.goto(`${app.url}/sessions/${session.id}`);
    await page.getByText('1 not found').waitFor();
    await page.getByText('not found in the source', { exact: true }).waitFor();
    await expectFits(page);
    if (size === narrow) {
      await page.getByRole('button', { name: 'Release', exact: true }).click();
      await page.getByText('12:00 [1].').first().waitFor();
      await page.getByText('1 not found').waitFor();
      await page.getByText('9:00 to 14:00.').first().waitFor();
      await expectFits(page);
    }
    expect(complaints).toEqual([]);
    await context.close();
  }
});

test('an answer is approved, tried, made of a changed draft, and revoked', async () => {
  const persona = await makePersona(app, { knowledgeBaseId: base.id, ...playing('echo') });
  const session = await makeSession(app, persona, { policy: 'approve' });
  await talk.post(session, 'Is there a car park?');
  const { replyId } = (await talk.untilEvent(session, 'draft.ready')).data;
  const { page, context, complaints } = await openWindow(browser, desktop);

  await page.goto(`${app.url}/knowledge/${base.id}/answers`);
  await expectFits(page);
  await page.getByText('New approved answer').click();
  await page.getByLabel('Question').fill('What does a missed appointment cost?');
  await page.getByLabel('Answer', { exact: true }).fill('Nothing the **first** time.');
  await page.getByRole('button', { name: 'Approve', exact: true }).click();
  await page.getByRole('heading', { name: 'What does a missed appointment cost?' }).waitFor();
  await page.getByText('Approved by').waitFor();

  await page.goto(`${app.url}/knowledge/${base.id}/test`);
  await page.getByRole('searchbox').fill('What does a missed appointment cost me?');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText('like the approved question 1.00').waitFor();
  await expectFits(page);

  await page.goto(`${app.url}/reviews`);
  await page.locator('button.item').click();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByLabel('Your version').fill('Yes, behind the building.');
  await page.getByRole('button', { name: 'Finish editing' }).click();
  await page.getByRole('button', { name: 'Edit', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Release', exact: true }).click();
  await page.getByRole('button', { name: 'Make it an approved answer' }).click();
  await expectFits(page);
  await page.getByRole('button', { name: 'Approve', exact: true }).click();
  await page.getByText('It is an approved answer now.').waitFor();
  expect((await app.json('GET', `/api/v1/reviews/${replyId}`)).body.state).toBe('released');

  await page.goto(`${app.url}/knowledge/${base.id}/answers`);
  const card = page.getByRole('listitem').filter({ hasText: 'Is there a car park?' });
  await card.getByText('made of a released reply').waitFor();
  await card.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await card.waitFor({ state: 'detached' });
  await page.getByLabel('Show revoked answers too').check();
  await card.getByText('Revoked by').waitFor();
  await page.setViewportSize(narrow.viewport);
  await expectFits(page);
  expect(complaints).toEqual([]);
  await context.close();
});

test('an evaluation is made, runs, and shows what a deleted document has cost', async () => {
  const own = await makeBase(app, { name: 'Prices' });
  const { body: tea } = await app.json('POST', own.path, { title: 'Tea', text: 'Tea is free.' });
  await app.json('POST', own.path, { title: 'Parking', text: 'There is a car park behind the building.' });
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/knowledge/${own.id}/evaluations`);
  await page.getByText('No evaluation yet.').waitFor();
  await expectFits(page);
  await page.getByRole('button', { name: 'New evaluation' }).click();
  await page.getByLabel('Name').fill('First questions');
  await page.getByLabel('A question, as a client would write it').fill('Is tea free?');
  await page.getByLabel('Document that should be found').fill('Te');
  await page.getByRole('option', { name: /^Tea/ }).click();
  await expectFits(page);
  await page.getByRole('button', { name: 'Save and run' }).click();
  await page.getByText('100 % of the expected documents').waitFor();
  await app.json('DELETE', `${own.path}/${tea.id}`);
  await page.getByText('1 lost').waitFor();
  await page.getByRole('img', { name: /100 %, 0 %/ }).waitFor();
  await page.getByText('not in the first ten').waitFor();
  await expectFits(page);
  await page.setViewportSize(narrow.viewport);
  await expectFits(page);
  expect(complaints).toEqual([]);
  await context.close();
});

test('several documents are moved and deleted at once', async () => {
  const own = await makeBase(app, { name: 'Many' });
  for (const title of ['Tea', 'Coffee', 'Water'])
    await app.json('POST', own.path, { title, text: `${title} is free.` });
  const { page, context, complaints } = await openWindow(browser, narrow);
  await page.goto(`${app.url}/knowledge/${own.id}`);
  await page.getByLabel('Choose: Tea').check();
  await page.getByLabel('Choose: Water').check();
  await page.getByText('2 documents chosen').waitFor();
  await expectFits(page);
  await page.getByRole('button', { name: 'Move', exact: true }).click();
  await page.getByRole('dialog').getByLabel('Folder').fill('Guides');
  await expectFits(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: /Guides/ }).waitFor();
  await page.getByText('2 documents chosen').waitFor({ state: 'detached' });
  await page.getByLabel('Choose: Coffee').check();
  await page.getByRole('group', { name: '1 document chosen' }).getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByLabel('Choose: Coffee').waitFor({ state: 'detached' });
  await page.setViewportSize(desktop.viewport);
  await expectFits(page);
  expect(complaints).toEqual([]);
  await context.close();
});
