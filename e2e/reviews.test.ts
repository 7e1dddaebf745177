import { resolve } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  makePersona,
  makeSession,
  startTestApp,
  type TestApp,
  type TestSession,
} from '../packages/server/src/test/app.ts';
import { makeMember, type TestMember } from '../packages/server/src/test/team.ts';
import { startUpstream, type Upstream } from '../packages/server/src/test/upstream.ts';
import { desktop, expectAccessible, expectFits, launch, openWindow, phone } from './lib/browser.ts';

const webRoot = resolve(import.meta.dirname, '../packages/web/dist');
let browser: Browser;
let upstream: Upstream;
let app: TestApp;
let persona: string;

const policy = { policy: 'auto', delaySeconds: 3, reviewSeconds: 600, pages: 2, fallbackEmail: null };
const said = 'Recite: Breathe slowly. Count to four. Then tell me how it was.';

beforeAll(async () => {
  [browser, upstream] = await Promise.all([launch(), startUpstream()]);
  app = await startTestApp({ upstream: { url: upstream.url, model: 'recite@5' }, config: { webRoot } });
  persona = await makePersona(app);
  await app.json('PUT', '/api/v1/organisation/supervision', policy);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await upstream?.close();
});

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
    await draftOf(staff.page).getByRole('button', { name: 'Release', exact: true }).focus();
    await staff.page.keyboard.press('Control+Enter');
    await client.page.locator('.message.persona').getByText('Then tell me how it was.').waitFor();
    await staff.page.getByText('Released', { exact: true }).waitFor();
    await expectAccessible(staff.page);
    expect(staff.complaints.concat(client.complaints)).toEqual([]);
    await staff.context.close();
    await client.context.close();
  });
});
