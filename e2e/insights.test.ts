import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../packages/server/src/test/app.ts';
import { grave, talking } from '../packages/server/src/test/talking.ts';
import { desktop, expectFits, openWindow, phone, picture } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

let house: House;
let browser: Browser;
let app: TestApp;
let session: TestSession;

beforeAll(async () => {
  house = await openHouse('words-20');
  ({ browser, app } = house);
  const talk = talking(app);
  session = await makeSession(app, await makePersona(app), { title: 'Sleeping again' });
  const said = [
    'I sleep badly since my sister left.',
    'Can sleeping be learned?',
    'My sister never sleeps well either.',
  ];
  for (const [at, text] of said.entries()) {
    await talk.post(session, text);
    await talk.untilEvent(session, 'reply.completed', at + 1);
  }
  await talk.post(session, grave);
  await talk.untilEvent(session, 'escalation.raised');
});
afterAll(() => house?.close());

describe.each([
  ['desktop', desktop],
  ['phone', phone],
])('on %s', (_, size) => {
  test('a session is seen as a whole: who says how much, what returns, and what was grave', async () => {
    const { page, context, complaints } = await openWindow(browser, size);
    await page.goto(`${app.url}/sessions/${session.id}`);
    await page.getByRole('link', { name: 'What this session shows' }).click();
    await page.getByRole('heading', { name: 'Insights: Sleeping again', level: 1 }).waitFor();
    await page.getByRole('img', { name: /^Words of client, persona and team/ }).waitFor();
    const client = page.getByRole('row', { name: /^Client/ }).first();
    expect(await client.getByRole('cell').first().innerText()).toBe('4');
    await page.getByText(/sister.*: in 2 messages/).waitFor();
    await page.locator('blockquote').first().waitFor();
    await page.getByText('Self-harm · in a message').waitFor();
    await page.getByText('One escalation').waitFor();
    await expectFits(page);
    await page.getByText('The same as a table').click();
    await expectFits(page);
    await page.getByRole('link', { name: 'To the session' }).click();
    await page.getByRole('heading', { name: 'Sleeping again' }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
});

test('a report is begun from what the log tells, written on, approved with a name, and taken along', async () => {
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/sessions/${session.id}/insights`);
  await page.getByText('There is no report yet.').waitFor();
  await page.getByRole('button', { name: 'Begin a report' }).click();
  await page.getByRole('heading', { name: 'Report: Sleeping again', level: 1 }).waitFor();
  await page.getByText('Nobody has approved it yet.').waitFor();
  await expectFits(page);
  await page.getByRole('button', { name: 'Add a section' }).click();
  const added = page.getByRole('group').last();
  await added.getByLabel('Heading').fill('Impression');
  await added.getByLabel('Text').fill('Tired, but hopeful.');
  await page.getByRole('button', { name: 'Up: Impression' }).click();
  const quoted = page.getByRole('group').filter({ hasText: 'Quoted from the log' });
  await quoted.getByLabel('Text').fill('They sleep badly.');
  await quoted.getByText('Changed: yours when it is saved.').waitFor();
  expect(await page.getByRole('button', { name: 'Approve…' }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Quoted from the log').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Approve…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve…' }).click();
  await page.getByText(/^Approved by /).waitFor();
  await page.getByText('Tired, but hopeful.').waitFor();
  await expectFits(page);
  const taken = page.waitForEvent('download');
  await page.getByRole('link', { name: 'PDF' }).click();
  expect((await taken).suggestedFilename()).toMatch(/^report-.*\.pdf$/);
  await page.getByRole('link', { name: 'To the session' }).click();
  await page.getByText('approved', { exact: true }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

describe('a thread', () => {
  let threadId: string;

  beforeAll(async () => {
    const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Toni' });
    const { body: thread } = await app.json('POST', `/api/v1/clients/${client.id}/threads`, {
      name: 'Sleeping through, one night after the other, in the new flat above the bakery',
    });
    threadId = thread.id;
    const persona = await makePersona(app);
    for (const title of ['First night', 'Second night']) {
      const one = await makeSession(app, persona, { clientId: client.id, threadId, title });
      await talking(app).post(one, `The oven starts at three. That was the ${title}.`);
      await talking(app).untilEvent(one, 'reply.completed');
    }
  });

  test.each([
    ['phone', phone],
    ['dark', { ...desktop, colorScheme: 'dark' as const }],
  ])('is summarised by a model with the words it rests on, and reported on, on %s', async (name, size) => {
    const { page, context, complaints } = await openWindow(browser, size);
    await page.goto(`${app.url}/threads/${threadId}/insights`);
    await page.getByRole('img', { name: /^Turns: client 2, persona 2, team 0$/ }).waitFor();
    await page.getByRole('button', { name: /^Ask (the model for a summary|again)$/ }).click();
    await page.getByText(/; asked by .*Olga/).waitFor();
    await page.getByText('Says what the quote says.').waitFor();
    await expectFits(page);
    await page.getByText(/^Rests on “.*First night.*”: one place in the log$/).click();
    await page.getByText(/message\.created/).waitFor();
    await picture(page, `insights-thread-${name}`);
    await page.getByRole('button', { name: 'Begin with a summary by the model' }).click();
    await page.getByRole('heading', { name: /^Report: Sleeping through/, level: 1 }).waitFor();
    await page.getByText('Made by an AI model').first().waitFor();
    await page
      .getByText(/^Rests on “.*First night.*”: one place in the log$/)
      .first()
      .waitFor();
    await expectFits(page);
    await picture(page, `insights-thread-report-${name}`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: /^Insights: .*Sleeping through/, level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('No model was asked yet.').waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
});

describe('the tone of a session', () => {
  let sessionId: string;

  beforeAll(async () => {
    const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Mo' });
    const one = await makeSession(app, await makePersona(app), { clientId: client.id, title: 'The letter' });
    await talking(app).post(one, 'I am afraid of the letter.');
    await talking(app).untilEvent(one, 'reply.completed');
    const yes = { purpose: 'emotion', given: true };
    expect((await app.json('POST', `/api/v1/clients/${client.id}/consents`, yes)).status).toBe(201);
    sessionId = one.id;
  });

  test('is guessed nowhere until it is switched on', async () => {
    const { page, context, complaints } = await openWindow(browser, desktop);
    await page.goto(`${app.url}/sessions/${sessionId}/insights`);
    await page.getByRole('heading', { name: 'Risk' }).waitFor();
    expect(await page.getByRole('heading', { name: 'Tone' }).count()).toBe(0);
    await page.goto(`${app.url}/safety`);
    const box = page.getByRole('checkbox', { name: /guess the tone of a session/ });
    expect(await box.isChecked()).toBe(false);
    await box.check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
    await expectFits(page);
    await picture(page, 'safety-emotion');
    expect(complaints).toEqual([]);
    await context.close();
  });

  test.each([
    ['phone', phone],
    ['dark', { ...desktop, colorScheme: 'dark' as const }],
  ])('is shown as a guess, with the words it rests on, on %s', async (name, size) => {
    const { page, context, complaints } = await openWindow(browser, size);
    await page.goto(`${app.url}/sessions/${sessionId}/insights`);
    await page.getByRole('button', { name: 'Have a model guess the tone' }).click();
    await page.getByText('A model’s guess, not a finding').waitFor();
    await page.getByRole('img', { name: 'Worried: 1 of 1' }).waitFor();
    await page.getByRole('img', { name: 'Calm: 0 of 1' }).waitFor();
    await page.getByText('The words that it rests on').click();
    await expectFits(page);
    await picture(page, `insights-tone-${name}`);
    await page.getByRole('checkbox', { name: /guess at the tone/ }).check();
    await page.getByRole('button', { name: 'Begin a report' }).click();
    await page.getByRole('heading', { name: 'Report: The letter', level: 1 }).waitFor();
    const section = page.getByRole('group').filter({ hasText: 'Made by an AI model' });
    expect(await section.getByLabel('Heading').inputValue()).toBe('Tone: a model’s guess, not a finding');
    await page.goto(`${app.url}/sessions/${sessionId}/insights`);
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('button', { name: 'Have a model guess the tone' }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
});

describe('a client over their sessions', () => {
  let clientId: string;
  let emptyId: string;
  const long = 'Walk to the lake before breakfast on every day of the week that has no appointment in the morning';

  beforeAll(async () => {
    const talk = talking(app);
    const persona = await makePersona(app);
    clientId = (await app.json('POST', '/api/v1/clients', { name: 'Kit' })).body.id;
    emptyId = (await app.json('POST', '/api/v1/clients', { name: 'Nobody yet' })).body.id;
    const goal = await app.json('POST', `/api/v1/clients/${clientId}/goals`, {
      title: long,
      milestones: [{ title: 'Shoes', state: 'reached' }, { title: 'Monday' }, { title: 'Rain', state: 'dropped' }],
    });
    for (const [at, points] of [3, 5, 8].entries()) {
      const one = await makeSession(app, persona, { clientId, title: `Talk ${at + 1}` });
      await talk.post(one, at === 1 ? grave : 'I walked to the lake.');
      await talk.untilEvent(one, at === 1 ? 'escalation.raised' : 'reply.completed');
      const scores = { effectiveness: points, engagement: points + 1, progress: points - 1 };
      const path = `/api/v1/sessions/${one.id}`;
      expect((await app.json('PUT', `${path}/goals`, { goalIds: [goal.body.id] })).status).toBe(200);
      expect((await app.json('PUT', `${path}/rating`, scores)).status).toBe(200);
      const answers = [points, 1, 1, 1, 1, 1, 1].map((answer) => Math.min(3, answer - 2));
      const entered = { instrument: 'gad-7', answers: answers.map((answer) => Math.max(0, answer)) };
      expect((await app.json('POST', `/api/v1/clients/${clientId}/questionnaires`, entered)).status).toBe(201);
    }
  });

  test.each([
    ['desktop', desktop],
    ['phone', phone],
    ['dark', { ...desktop, colorScheme: 'dark' as const }],
  ])('is seen as charts with their figures and places in the log, on %s', async (name, size) => {
    const { page, context, complaints } = await openWindow(browser, size);
    await page.goto(`${app.url}/clients/${clientId}`);
    await page.getByRole('link', { name: 'What the sessions show over time' }).click();
    await page.getByRole('heading', { name: 'Insights: \u2068Kit\u2069', level: 1 }).waitFor();
    await page.getByRole('img', { name: 'Engagement, 1 to 10: 4, 6, 9' }).waitFor();
    await page.getByText('Progress: 7 of 10').waitFor();
    await page.getByRole('img', { name: 'Flags in 1 of 3 sessions' }).waitFor();
    await page.getByRole('img', { name: '1 of 3 milestones reached.' }).waitFor();
    await page.getByRole('img', { name: /^GAD-7: 3 times/ }).waitFor();
    await expectFits(page);
    const risk = page.getByRole('region', { name: 'Risk over time' });
    await risk.getByText('Where it stands: 2 places in the log').click();
    await risk.getByText(/flag\.raised/).waitFor();
    await page.getByText('The same as a table').click();
    await page.getByRole('region', { name: 'How it went' }).getByRole('rowheader').nth(2).waitFor();
    await expectFits(page);
    await picture(page, `insights-client-${name}`);
    await page
      .getByRole('row', { name: /^Talk 1/ })
      .first()
      .getByRole('link')
      .click();
    await page.getByRole('heading', { name: 'Insights: Talk 1', level: 1 }).waitFor();
    await page.getByRole('img', { name: 'Engagement, 1 to 10: 4' }).waitFor();
    await page.getByText('Where the session chose it: one place in the log').click();
    await page.getByText(/session\.goals/).waitFor();
    await expectFits(page);
    await picture(page, `insights-session-${name}`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('who has had no session is shown as such', async () => {
    const { page, context, complaints } = await openWindow(browser, phone);
    await page.goto(`${app.url}/clients/${emptyId}/insights`);
    await page.getByText('There was no session yet.').waitFor();
    await page.getByText('No goal yet.').waitFor();
    await expectFits(page);
    await picture(page, 'insights-client-empty');
    expect(complaints).toEqual([]);
    await context.close();
  });
});
