import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../packages/server/src/test/app.ts';
import { makeMember, type TestMember } from '../packages/server/src/test/team.ts';
import type { Upstream } from '../packages/server/src/test/upstream.ts';
import { desktop, expectAccessible, expectFits, openWindow, phone, picture } from './lib/browser.ts';
import { openHouse, type PlayedHouse } from './lib/house.ts';

let house: PlayedHouse;
let browser: Browser;
let upstream: Upstream;
let app: TestApp;
let persona: string;

const policy = { policy: 'auto', delaySeconds: 3, reviewSeconds: 600, pages: 2, fallbackEmail: null };
const said = 'Recite: Breathe slowly. Count to four. Then tell me how it was.';

beforeAll(async () => {
  house = await openHouse('recite@5');
  ({ browser, app, upstream } = house);
  persona = await makePersona(app);
  await app.json('PUT', '/api/v1/organisation/supervision', policy);
});
afterAll(() => house?.close());

const held = (rung: string, title: string) => makeSession(app, persona, { policy: rung, title });
const write = async (session: TestSession, text: string): Promise<string> =>
  (await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text }, session.client)).body.replyId;
const review = async (id: string) => (await app.json('GET', `/api/v1/reviews/${id}`)).body;
const waiting = async (session: TestSession, text = said) => {
  const id = await write(session, text);
  await expect.poll(async () => (await review(id)).state, { timeout: 10_000 }).toBe('waiting');
  return id;
};

/** The window of whoever was invited. */
async function openChat(session: TestSession, options: BrowserContextOptions = desktop) {
  const opened = await openWindow(browser, options);
  const token = session.client.authorization.replace('Bearer ', '');
  await opened.page.goto(`${app.url}/join/none`);
  await opened.page.evaluate(
    ([id, secret]) => localStorage.setItem(`rapport-access-${id}`, secret as string),
    [session.id, token],
  );
  await opened.page.goto(`${app.url}/chat/${session.id}`);
  await opened.page.getByRole('textbox', { name: 'Message' }).waitFor();
  return opened;
}

async function openAs(member: TestMember, path: string) {
  const opened = await openWindow(browser, desktop);
  const [name = '', value = ''] = member.headers.cookie.split('=');
  await opened.context.addCookies([{ name, value, url: app.url }]);
  await opened.page.goto(app.url + path);
  return opened;
}

/** How often words stand on a page; the client's own message names them once. */
const times = async (page: Page, words: string): Promise<number> => (await page.content()).split(words).length - 1;
const draftOf = (page: Page) => page.locator('section.draft');

describe.each([
  ['desktop', desktop],
  ['phone', phone],
])('on %s', (name, size) => {
  test('a draft of the queue is opened and released, by keyboard alone', async () => {
    const title = `Queue on ${name}`;
    const session = await held('approve', title);
    const client = await openChat(session, size);
    const staff = await openWindow(browser, size);
    await staff.page.goto(`${app.url}/reviews`);
    await staff.page.getByRole('heading', { name: 'Nothing waits' }).waitFor();
    await expectFits(staff.page);
    await waiting(session);
    await client.page.getByText('A reply is being prepared; a person reads it first.').waitFor();
    await staff.page.getByRole('button', { name: new RegExp(title) }).focus();
    await staff.page.keyboard.press('Enter');
    await draftOf(staff.page).getByText('Breathe slowly.').waitFor();
    await draftOf(staff.page).getByText('Not visible to the client').waitFor();
    await staff.page.getByText(/^You have taken it on, until/).waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await staff.page.emulateMedia({ colorScheme });
      await expectFits(staff.page);
    }
    expect(await times(client.page, 'Count to four')).toBe(1);
    expect(await times(client.page, 'assets/staff')).toBe(0);
    await staff.page.keyboard.press('Escape');
    await staff.page.keyboard.press('j');
    await staff.page.keyboard.press('Enter');
    await draftOf(staff.page).getByRole('button', { name: 'Release', exact: true }).waitFor();
    await staff.page.keyboard.press('Control+Enter');
    await client.page.locator('.message.persona').getByText('Then tell me how it was.').waitFor();
    await staff.page.getByText('Released', { exact: true }).waitFor();
    await expectAccessible(staff.page);
    expect(staff.complaints.concat(client.complaints)).toEqual([]);
    await staff.context.close();
    await client.context.close();
  });
});

const words = (count: number) => Array.from({ length: count }, (_, i) => `wort${i}`).join(' ');

async function both(session: TestSession) {
  const client = await openChat(session);
  const staff = await openWindow(browser, desktop);
  await staff.page.goto(`${app.url}/sessions/${session.id}`);
  await staff.page.getByRole('heading', { name: 'Supervision' }).waitFor();
  return {
    client,
    staff,
    async close() {
      expect(staff.complaints.concat(client.complaints)).toEqual([]);
      await staff.context.close();
      await client.context.close();
    },
  };
}

const reply = (page: Page) => page.locator('.message.persona');

test('edited while it streams: the caret stays, and what follows is joined', async () => {
  const session = await held('approve', 'Edited');
  const { client, staff, close } = await both(session);
  const draft = draftOf(staff.page);
  await write(session, `[play recite@120] ${words(40)}`);
  await draft.getByText(/wort3/).waitFor();
  await draft.getByRole('button', { name: 'Edit' }).click();
  const box = draft.getByRole('textbox', { name: 'Your version' });
  await box.press('Control+Home');
  await box.pressSequentially('Dear Robin, ');
  await draft.getByText('Stored.').waitFor();
  await draft
    .locator('.follows')
    .getByText(/wort15/)
    .waitFor();
  await box.pressSequentially('hello: ');
  const caret = () => box.evaluate((one) => (one as HTMLTextAreaElement).selectionStart);
  expect(await caret()).toBe(19);
  await draft.getByText('Finished. It waits for a decision.').waitFor();
  await expectAccessible(staff.page);
  await draft.getByRole('button', { name: 'Take it into your version' }).click();
  expect(await caret()).toBe(19);
  expect(await box.inputValue()).toMatch(/^Dear Robin, hello: .* wort39$/);
  expect(await reply(client.page).count()).toBe(0);
  await staff.page.keyboard.press('Control+Enter');
  await reply(client.page)
    .getByText(/^Dear Robin, hello: .* wort39$/)
    .waitFor();
  await staff.page.getByText(/^Released by .*19 characters changed/).waitFor();
  await expect.poll(() => staff.page.locator('.messages').evaluate((log) => log === document.activeElement)).toBe(true);
  expect(await client.page.content()).not.toContain('characters changed');
  await close();
});

test('released sentence by sentence: the client reads the first while the next is made', async () => {
  const session = await held('approve', 'Sentences');
  const { client, staff, close } = await both(session);
  const draft = draftOf(staff.page);
  await write(session, `[play recite@60] First comes this. Then comes ${words(20)}. And at last that.`);
  const first = draft.getByRole('button', { name: /^Release up to “.*First comes this\.”$/ });
  await first.focus();
  await staff.page.keyboard.press('Enter');
  await client.page.locator('.cursor').getByText('First comes this.').waitFor();
  await draft.locator('.released').getByText('First comes this.').waitFor();
  expect(await client.page.locator('.cursor').innerText()).not.toContain('Then comes');
  await draft.getByText('Finished. It waits for a decision.').waitFor();
  await draft.getByRole('button', { name: /that\.”$/ }).click();
  await reply(client.page)
    .getByText(/And at last that\.$/)
    .waitFor();
  await draft.waitFor({ state: 'detached' });
  await close();
});

test('rejected, and tried again with the reason; then rejected for good', async () => {
  const session = await held('approve', 'Rejected');
  const { client, staff, close } = await both(session);
  const draft = draftOf(staff.page);
  await waiting(session);
  await draft.getByRole('button', { name: 'Reject…' }).click();
  const dialog = staff.page.getByRole('dialog');
  await expectAccessible(staff.page);
  await dialog.getByRole('button', { name: 'Reject and try again' }).click();
  await dialog.getByText('Choose at least one reason.').waitFor();
  await dialog.getByLabel('Wrong tone').check();
  await dialog.getByLabel(/^Note/).fill('Shorter, please.');
  // Not what releases it outside.
  await staff.page.keyboard.press('Control+Enter');
  await draft.getByText('Finished. It waits for a decision.').waitFor();
  await dialog.getByRole('button', { name: 'Reject and try again' }).click();
  await staff.page.getByText(/^Rejected by /).waitFor();
  await expect
    .poll(() => JSON.stringify(upstream.requests.at(-1)?.body))
    .toContain('Not like this: tone. Shorter, please.');
  await draft.getByText('Finished. It waits for a decision.').waitFor();
  await draft.getByRole('button', { name: 'Reject…' }).click();
  await dialog.getByLabel('Something else').check();
  await dialog.getByRole('button', { name: 'Reject', exact: true }).click();
  await draft.waitFor({ state: 'detached' });
  await client.page.getByText('A reply is being prepared').waitFor({ state: 'detached' });
  expect(await reply(client.page).count()).toBe(0);
  expect(await client.page.content()).not.toMatch(/Shorter|Wrong tone|Rejected/);
  await close();
});

test('a first answer that was made before the draft ended is not kept as the newest', async () => {
  const session = await held('approve', 'Late answer');
  const staff = await openWindow(browser, desktop);
  let first = true;
  await staff.page.route('**/api/v1/reviews/*', async (route) => {
    const answer = await route.fetch();
    const id = route.request().url().split('/').at(-1) ?? '';
    if (first && (await answer.json()).state === 'drafting') {
      first = false;
      await expect.poll(async () => (await review(id)).state).toBe('waiting');
    }
    await route.fulfill({ response: answer });
  });
  await staff.page.goto(`${app.url}/sessions/${session.id}`);
  await staff.page.getByRole('heading', { name: 'Supervision' }).waitFor();
  await write(session, `[play recite@60] ${words(20)}.`);
  await draftOf(staff.page).getByText('Finished. It waits for a decision.').waitFor();
  expect(first).toBe(false);
  await staff.context.close();
});

test('taken over: the draft goes, and a person writes', async () => {
  const session = await held('approve', 'Taken over');
  const { client, staff, close } = await both(session);
  await waiting(session);
  await draftOf(staff.page).getByRole('button', { name: 'Take over' }).click();
  await client.page.getByText('A person of the team is writing with you.').waitFor();
  await draftOf(staff.page).waitFor({ state: 'detached' });
  await staff.page.getByRole('textbox', { name: 'Write to the client' }).fill('I am here.');
  await staff.page.keyboard.press('Enter');
  await client.page.getByText('I am here.').waitFor();
  expect(await reply(client.page).count()).toBe(0);
  await close();
});

test('two who decide at once: one decision, and both learn whose', async () => {
  const [ann, ben] = [await makeMember(app, 'Ann', ['supervisor']), await makeMember(app, 'Ben', ['supervisor'])];
  const session = await held('approve', 'Race');
  const id = await waiting(session);
  const windows = [await openAs(ann, `/sessions/${session.id}`), await openAs(ben, `/sessions/${session.id}`)];
  const buttons = windows.map(({ page }) => draftOf(page).getByRole('button', { name: 'Release', exact: true }));
  await Promise.all(buttons.map((button) => button.waitFor()));
  await Promise.all(buttons.map((button) => button.click()));
  await expect.poll(async () => (await review(id)).decision?.name).toMatch(/Ann|Ben/);
  const { decision } = await review(id);
  for (const { page } of windows) {
    await page.getByText(new RegExp(`^Released by .*${decision.name}`)).waitFor();
    expect(await reply(page).count()).toBe(1);
  }
  for (const { context } of windows) await context.close();

  const other = await held('approve', 'Claimed first');
  await waiting(other);
  const [first, second] = [await openAs(ann, '/reviews'), await openAs(ben, '/reviews')];
  await first.page.getByRole('button', { name: /Claimed first/ }).click();
  await first.page.getByText(/^You have taken it on/).waitFor();
  await second.page.getByRole('button', { name: /Claimed first.*Ann/ }).click();
  await draftOf(second.page)
    .getByText(/Ann.* is reading it, until/)
    .waitFor();
  await draftOf(second.page).getByRole('button', { name: 'Release', exact: true }).click();
  await second.page.getByRole('alert').getByText('Ann is reading this draft.').waitFor();
  await first.page.keyboard.press('Control+Enter');
  await draftOf(second.page)
    .getByText(/Released.*Ann/)
    .waitFor();
  await second.page.getByRole('button', { name: 'Decided' }).click();
  await second.page.getByRole('link', { name: 'Claimed first' }).waitFor();
  await expectFits(second.page);
  await first.context.close();
  await second.context.close();
});

test('delayed: it goes out by itself; nobody in time: the client learns that a person answers', async () => {
  const session = await held('delayed', 'Delayed');
  const { client, staff, close } = await both(session);
  await write(session, said);
  await client.page.getByText('A reply is being prepared; a person may read it first.').waitFor();
  await draftOf(staff.page)
    .getByText(/^Goes out by itself in 0:0\d$/)
    .waitFor();
  await reply(client.page).getByText('Count to four.').waitFor();
  await staff.page.getByText(/^Released by .*by itself/).waitFor();

  await staff.page.getByLabel('Supervision of this session').selectOption('approve');
  await staff.page.getByText('In force: Replies are approved.').waitFor();
  const id = await waiting(session, 'Recite: Second one.');
  await app.db.everywhere.exec('update review set due_at = now() where id = $1', [id]);
  await client.page.getByText('A person will answer you.').waitFor();
  await draftOf(staff.page).getByText('Overdue').waitFor();
  await expectAccessible(client.page);
  await close();
});

test('the rung can be chosen everywhere, and a stricter one is named', async () => {
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/settings`);
  const group = page.getByRole('group', { name: 'Supervision' });
  await group.getByLabel('At least').selectOption('delayed');
  await group.getByRole('button', { name: 'Save' }).click();
  await group.getByText('Saved.').waitFor();
  await expectFits(page);
  const session = await held('auto', 'Stricter');
  await page.goto(`${app.url}/sessions/${session.id}`);
  await page.getByText(/In force: Replies are delayed, because a stricter policy holds/).waitFor();
  await app.json('PUT', '/api/v1/organisation/supervision', policy);
  await page.goto(`${app.url}/sessions/new`);
  await page.getByLabel('Supervision').waitFor();
  expect(await page.getByLabel('Supervision').locator('option').count()).toBe(6);
  await page.getByLabel('Supervision').selectOption('draft-only');
  await page.getByText(/The persona only proposes/).waitFor();
  await page.goto(`${app.url}/reviews`);
  await makeMember(app, 'Dora', ['supervisor']);
  await page.reload();
  await page.getByLabel('My deputy').selectOption({ label: 'Dora' });
  await page.getByText('Saved.').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

describe.each([
  ['desktop', desktop],
  ['phone', phone],
])('the wall on %s', (name, size) => {
  test('shows every running session as it goes, and leads to it', async () => {
    const [free, bound] = [await held('auto', `Free on ${name}`), await held('approve', `Bound on ${name}`)];
    await write(free, 'Recite: Said before.');
    const { page, context, complaints } = await openWindow(browser, size);
    await page.goto(`${app.url}/wall`);
    const tile = (title: string) => page.locator('.tile', { has: page.getByRole('link', { name: title }) });
    await tile(`Free on ${name}`).scrollIntoViewIfNeeded();
    await tile(`Free on ${name}`).getByText('Said before.').last().waitFor();
    await write(free, `[play recite@50] ${words(30)}`);
    await tile(`Free on ${name}`).locator('.cursor').waitFor();
    await tile(`Free on ${name}`)
      .getByText(/wort29$/)
      .last()
      .waitFor();
    await waiting(bound);
    await tile(`Bound on ${name}`).scrollIntoViewIfNeeded();
    await tile(`Bound on ${name}`).locator('.held').getByText('Not visible to the client').waitFor();
    await tile(`Bound on ${name}`)
      .getByText(/^Waiting for/)
      .waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await expectFits(page);
    }
    await page.getByRole('link', { name: `Bound on ${name}` }).click();
    await page.getByRole('heading', { name: `Bound on ${name}` }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
});

test('what the gate finds in a held draft is marked where it stands, and goes with the words', async () => {
  const session = await held('approve', 'A grave draft');
  const client = await openChat(session);
  const id = await waiting(session, 'Recite: That is fine. You should kill yourself now. And then the garden.');
  const { findings, text } = await review(id);
  const marked = findings.map(({ start, end }: { start: number; end: number }) => text.slice(start, end));
  expect(marked).toEqual([expect.stringContaining('kill yourself')]);
  const staff = await openWindow(browser, desktop);
  await staff.page.goto(`${app.url}/sessions/${session.id}`);
  const draft = draftOf(staff.page);
  await draft.getByText('Self-harm, high: found by rules').waitFor();
  expect(await draft.locator('mark').allTextContents()).toEqual(marked);
  await expectFits(staff.page);
  await picture(staff.page, 'draft-flagged');
  await draft.getByRole('button', { name: 'Edit' }).click();
  await draft.getByLabel('Your version').fill('That is fine. And then the garden.');
  await expect.poll(async () => (await review(id)).findings).toEqual([]);
  await draft.getByRole('button', { name: 'Finish editing' }).click();
  await draft.getByText('And then the garden.').waitFor();
  expect(await draft.locator('mark').count()).toBe(0);
  await draft.getByRole('button', { name: 'Release', exact: true }).click();
  await client.page.getByText('That is fine. And then the garden.').waitFor();
  // The client's own message names it once.
  expect(await times(client.page, 'kill yourself')).toBe(1);
  expect(staff.complaints.concat(client.complaints)).toEqual([]);
  await Promise.all([staff.context.close(), client.context.close()]);
});
