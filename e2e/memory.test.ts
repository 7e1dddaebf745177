import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../packages/server/src/test/app.ts';
import { makeBase } from '../packages/server/src/test/knowledge.ts';
import { remembering } from '../packages/server/src/test/remembering.ts';
import type { Upstream } from '../packages/server/src/test/upstream.ts';
import { desktop, expectFits, openWindow, phone, picture } from './lib/browser.ts';
import { openHouse, type PlayedHouse } from './lib/house.ts';

let house: PlayedHouse;
let browser: Browser;
let app: TestApp;
let upstream: Upstream;
let persona: string;
let memory: ReturnType<typeof remembering>;

beforeAll(async () => {
  house = await openHouse('echo');
  ({ browser, app, upstream } = house);
  persona = await makePersona(app);
  memory = remembering(app, upstream);
  await memory.setPolicy();
});
afterAll(() => house?.close());

const longName = 'Wilhelmina-Theodora Achterberg-van der Valkenburg-Konstantinopolitanski';

/** A client who has said some things of themselves, in a session that has ended. */
async function said(name: string, ...texts: string[]): Promise<{ client: string; session: TestSession }> {
  const client = await memory.makeClient(name);
  const session = await makeSession(app, persona, { clientId: client });
  for (const text of texts) await memory.say(session, text);
  await memory.end(session);
  return { client, session };
}

/** Types into a field that searches, and chooses by keyboard what is named so, wherever it stands. */
async function choose(page: Page, label: string, typed: string, option: string | RegExp) {
  const dialog = page.getByRole('dialog');
  const field = dialog.getByRole('combobox', { name: label });
  await field.focus();
  // What stood there for less of the text has gone when all of it is asked for.
  const answered = page.waitForResponse((response) => new URL(response.url()).searchParams.get('q') === typed);
  await page.keyboard.type(typed, { delay: 50 });
  await answered;
  const wanted = await dialog.getByRole('option', { name: option }).getAttribute('id');
  const active = () => field.getAttribute('aria-activedescendant');
  for (let at = await active(); at !== wanted; at = await active()) {
    await page.keyboard.press('ArrowDown');
    await expect.poll(active).not.toBe(at);
  }
  await page.keyboard.press('Enter');
  await expect.poll(() => field.getAttribute('aria-expanded')).toBe('false');
}

test.each([
  ['desktop', desktop],
  ['phone', { ...phone, colorScheme: 'dark' as const }],
])('staff approve, reject and correct by keyboard, and look at another day, on %s', async (on, options) => {
  const { client } = await said(
    longName,
    'I live with my brother in Leeds. I prefer green tea to coffee.',
    'My father was diagnosed with epilepsy when I was small, and my sister takes care of him.',
  );
  const { page, context, complaints } = await openWindow(browser, options);
  await page.goto(`${app.url}/clients/${client}/memories`);
  const list = page.getByRole('list', { name: 'Waiting' });
  await expect.poll(() => list.getByRole('listitem').count()).toBe(3);
  await list.getByText('sensitive').waitFor();
  await expectFits(page);
  await picture(page, `memories-waiting-${on}`);

  await page.getByRole('button', { name: /^Approve: My father/ }).focus();
  await page.keyboard.press('j');
  await page.keyboard.press('a');
  await expect.poll(() => list.getByRole('listitem').count()).toBe(2);
  expect(await memory.list(client, '?status=approved')).toMatchObject([{ statement: 'I prefer green tea to coffee.' }]);
  // The keyboard is where the one that has gone was.
  const focused = (name: string) =>
    expect.poll(() => page.evaluate(() => document.activeElement?.ariaLabel)).toBe(name);
  await focused('Approve: I live with my brother in Leeds.');
  await page.keyboard.press('k');
  await page.keyboard.press('r');
  await expect.poll(() => list.getByRole('listitem').count()).toBe(1);
  expect(await memory.list(client, '?status=retired')).toMatchObject([{ sensitivity: 'sensitive' }]);
  await focused('Approve: I live with my brother in Leeds.');
  await page.keyboard.press('c');
  await page.getByRole('dialog').getByLabel('What is to be remembered').fill('Lives with the brother, in York by now.');
  await expectFits(page);
  await picture(page, `memories-correct-${on}`);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('Nothing is waiting').waitFor();
  await expectFits(page);

  await page.getByRole('button', { name: 'Approved' }).click();
  await page.getByText('Lives with the brother, in York by now.').waitFor();
  await page.getByText('I prefer green tea to coffee.').first().waitFor();
  await expectFits(page);
  await picture(page, `memories-approved-${on}`);
  const written = page.getByRole('listitem').filter({ hasText: 'Lives with the brother' });
  await written.getByText('History').click();
  await written.getByText(/Written · Olga/).waitFor();
  await expectFits(page);
  await page.getByLabel('As it stood on').fill('2020-01-01');
  await page.getByText('Nothing is approved yet').waitFor();
  await page.getByLabel('As it stood on').fill('2090-01-01');
  await page.getByText('Lives with the brother, in York by now.').waitFor();
  expect(await page.getByRole('button', { name: /^Retire:/ }).count()).toBe(0);
  expect(complaints).toEqual([]);
  await context.close();
});

test.each([
  ['desktop', desktop],
  ['phone', { ...phone, colorScheme: 'dark' as const }],
])('a memory refers to a message and to a document, chosen by keyboard, on %s', async (on, options) => {
  const { client } = await said(longName, 'I bake rye bread on Sundays.', 'The oven is old.');
  const base = await makeBase(app, { name: `Bread ${on}` });
  const { body: grains } = await app.json('POST', base.path, { title: 'Grains of the north', text: 'Rye is a grain.' });
  const { body: found } = await app.json('GET', `/api/v1/clients/${client}/messages?q=rye%20bread`);
  const rye = found.items.find(({ author }: { author: string }) => author === 'client');
  const { page, context, complaints } = await openWindow(browser, options);
  await page.goto(`${app.url}/clients/${client}/memories`);
  const dialog = page.getByRole('dialog');
  const write = async (statement: string, kind: string) => {
    await page.getByRole('button', { name: 'Write a memory' }).click();
    await dialog.getByLabel('What is to be remembered').fill(statement);
    await dialog.getByLabel('What it has to do with').selectOption(kind);
  };
  const save = async (relation: string) => {
    await dialog.getByLabel('What it does to it').selectOption(relation);
    await expectFits(page);
    await picture(page, `memory-refers-${relation.toLowerCase().replaceAll(' ', '-')}-${on}`);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'hidden' });
  };
  await write('Bakes each week.', 'A message');
  // Nothing is sent without what it is to refer to.
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Nothing is chosen yet').waitFor();
  const asked: string[] = [];
  page.on('request', (request) => void (request.url().includes('/messages?') && asked.push(request.url())));
  await choose(page, 'A message', 'RYE bread', /I bake rye bread on Sundays\..*the client/);
  // Not once a letter: each opens what was said with the client.
  expect(asked.length).toBeLessThan(4);
  await save('Supports');
  await write('Thinks rye is a fruit.', 'A document');
  await choose(page, 'Knowledge base', `Bread ${on}`.slice(0, 8), `Bread ${on}`);
  await choose(page, 'A document', 'grains', /Grains of the north/);
  await save('Takes the place of');
  expect(await memory.list(client, '?status=approved')).toMatchObject([
    { references: [{ kind: 'document', id: grains.id, relation: 'supersedes' }] },
    { references: [{ kind: 'message', id: rye.id, relation: 'supports' }] },
  ]);
  await page.getByRole('button', { name: 'Approved' }).click();
  await page.getByText('Supports: ').getByRole('link', { name: 'a message of a conversation' }).waitFor();
  await page.getByText('Takes the place of: ').getByRole('link', { name: 'Grains of the north' }).waitFor();
  await expectFits(page);
  await picture(page, `memory-referred-${on}`);
  expect(complaints).toEqual([]);
  await context.close();
});

test('whoever approves sees what a proposal may contradict, and says by keyboard which thread it is about', async () => {
  const { client } = await said('Robin', 'I like green tea.');
  await memory.write(client, { statement: 'Hates green tea.' });
  const { body: thread } = await app.json('POST', `/api/v1/clients/${client}/threads`, { name: 'Sleep' });
  const { page, context, complaints } = await openWindow(browser, phone);
  await page.goto(`${app.url}/clients/${client}/memories`);
  const hints = page.getByRole('list', { name: 'may contradict' });
  await hints.getByRole('link', { name: 'Hates green tea.' }).waitFor();
  await expectFits(page);
  await picture(page, 'memory-contradicts-phone');
  await page.getByRole('button', { name: /^Approve: / }).focus();
  await page.keyboard.press('t');
  const dialog = page.getByRole('dialog', { name: 'What it is about' });
  await choose(page, 'Thread', 'Sle', /Sleep/);
  await expectFits(page);
  await picture(page, 'memory-about-phone');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'of a thread' }).waitFor();
  expect(await memory.list(client, '?status=proposed')).toMatchObject([{ subject: { kind: 'thread', id: thread.id } }]);
  await expectFits(page);
  expect(complaints).toEqual([]);
  await context.close();
});

test('a quote leads to its conversation, where staff see what a reply was given', async () => {
  const { client } = await said('Robin', 'I prefer green tea to coffee.');
  const [proposed] = await memory.list(client);
  await memory.act(proposed.id, 'approve');
  const session = await makeSession(app, persona, { clientId: client });
  await memory.say(session, 'Shall we have tea?');
  const { page, context, complaints } = await openWindow(browser);
  await page.goto(`${app.url}/sessions/${session.id}`);
  await page.getByText('What it was given').click();
  await page.getByText('Memory: I prefer green tea to coffee. · found by its words').waitFor();
  await expectFits(page);
  await picture(page, 'session-given');
  await page.getByRole('link', { name: 'All memories of the client' }).click();
  await page.getByRole('button', { name: 'Approved' }).click();
  await page.getByRole('link', { name: 'The conversation it was said in' }).click();
  await page.waitForURL(/\/sessions\//);
  await page.getByText('You said: I prefer green tea to coffee.').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test.each([
  ['desktop', desktop],
  ['phone', phone],
])('a client sees what is remembered, says how it is instead, and has it forgotten, on %s', async (on, options) => {
  const { client, session } = await said('Kim', 'I prefer green tea to coffee.');
  await memory.write(client, { statement: 'Sails a red boat.' });
  const { page, context, complaints } = await openWindow(browser, options);
  await page.goto(`${app.url}/icon.svg`);
  await page.evaluate(
    ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''),
    [session.id, session.client.authorization.slice(7)],
  );
  await page.goto(`${app.url}/record/${session.id}`);
  await page.getByText('I prefer green tea to coffee.').waitFor();
  await page.getByText('waits for the team').waitFor();
  await expectFits(page);
  await picture(page, `own-memories-${on}`);
  await page.getByRole('button', { name: 'Correct: Sails a red boat.' }).click();
  await page.getByLabel('How it is instead').fill('My boat is blue.');
  await expectFits(page);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('My boat is blue.').waitFor();
  await expect.poll(() => page.getByText('Sails a red boat.').count()).toBe(0);
  await page.getByRole('button', { name: 'Forget: I prefer green tea' }).click();
  await page.getByRole('button', { name: 'Yes, forget it: I prefer green tea' }).click();
  await expect.poll(() => page.getByText('I prefer green tea to coffee.').count()).toBe(0);
  await expectFits(page);
  expect(
    (await memory.list(client, '?status=proposed')).map(({ statement }: { statement: string }) => statement),
  ).toEqual(['My boat is blue.']);
  expect(complaints).toEqual([]);
  await context.close();
});

test('an organisation sets what is remembered', async () => {
  const { page, context, complaints } = await openWindow(browser);
  await page.goto(`${app.url}/privacy`);
  const section = page.getByRole('region', { name: 'Memories' });
  await section.getByLabel('When a session ends').selectOption('never');
  await section.getByLabel('At most so many tokens of a prompt').fill('0');
  await section.getByRole('button', { name: 'Save' }).click();
  await section.getByText('Saved.').waitFor();
  await expectFits(page);
  await section.scrollIntoViewIfNeeded();
  await picture(page, 'memory-policy');
  expect((await app.json('GET', '/api/v1/memory-policy')).body).toMatchObject({ propose: 'never', budgetTokens: 0 });
  await memory.setPolicy();
  expect(complaints).toEqual([]);
  await context.close();
});

test.each([
  ['desktop', desktop],
  ['phone', { ...phone, colorScheme: 'dark' as const }],
])(
  'what a persona knows with everybody is written, referred to, corrected and retired on its page, on %s',
  async (on, options) => {
    const own = await makePersona(app, { name: longName });
    const { page, context, complaints } = await openWindow(browser, options);
    await page.goto(`${app.url}/personas/${own}`);
    await page.getByRole('link', { name: 'Memories' }).click();
    await page.getByRole('heading', { name: `Memories of \u2068${longName}\u2069`, level: 1 }).waitFor();
    await page.getByText('Nothing is approved yet').waitFor();
    await expectFits(page);
    const write = async (statement: string, contradicts?: string) => {
      await page.getByRole('button', { name: 'Write a memory' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('What is to be remembered').fill(statement);
      if (contradicts) {
        await dialog.getByLabel('What it has to do with').selectOption('Another memory');
        await dialog.getByLabel('Another memory').selectOption({ label: contradicts });
        await dialog.getByLabel('What it does to it').selectOption('Contradicts');
        await expectFits(page);
        await picture(page, `persona-memory-form-${on}`);
      }
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'hidden' });
      await page.getByText(statement, { exact: true }).first().waitFor();
    };
    await write('The house is open on weekdays.');
    await write('The house is closed on Mondays.', 'The house is open on weekdays.');
    await page.getByText('Contradicts: ').getByRole('link', { name: 'The house is open on weekdays.' }).waitFor();
    await expectFits(page);
    await picture(page, `persona-memories-${on}`);
    await page.getByRole('button', { name: 'Correct: The house is open on weekdays.' }).click();
    await page.getByRole('dialog').getByLabel('What is to be remembered').fill('The house is open on four days.');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page
      .getByText('Takes the place of: ')
      .getByRole('link', { name: 'The house is open on weekdays.' })
      .waitFor();
    await page.getByRole('button', { name: 'Retire: The house is closed on Mondays.' }).click();
    await expect.poll(() => page.getByRole('button', { name: /^Retire: / }).count()).toBe(1);
    await page.getByRole('button', { name: 'Retired' }).click();
    await page.getByText('The house is closed on Mondays.').waitFor();
    await expectFits(page);
    expect(complaints).toEqual([]);
    await context.close();
  },
);
