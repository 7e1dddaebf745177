import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../packages/server/src/test/app.ts';
import { desktop, expectAccessible, expectFits, narrow, openWindow } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';
import { startProxy } from './lib/proxy.ts';

let house: House;
let browser: Browser;
let app: TestApp;

beforeAll(async () => {
  house = await openHouse('recite@5');
  ({ browser, app } = house);
});
afterAll(() => house?.close());

const act = (session: { id: string }, what: string, body?: object, headers = {}) =>
  app.json('POST', `/api/v1/sessions/${session.id}/${what}`, body, headers);
const write = (session: TestSession, text: string) => act(session, 'messages', { text }, session.client);

async function openChat(page: Page, session: TestSession, url = app.url) {
  await page.goto(`${url}/icon.svg`);
  await page.evaluate(
    ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''),
    [session.id, session.client.authorization.slice(7)],
  );
  await page.goto(`${url}/chat/${session.id}`);
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
}

test('a message that arrives before the answer that it was taken stands there once', async () => {
  const session = await makeSession(app, await makePersona(app));
  const { page, context, complaints } = await openWindow(browser, narrow);
  const kept: (() => void)[] = [];
  await page.routeWebSocket(/\/live/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      if (String(frame).includes('"t":"ack"')) kept.push(() => socket.send(frame));
      else socket.send(frame);
    });
  });
  await openChat(page, session);
  await page.getByRole('textbox', { name: 'Message' }).fill('Is a person there?');
  await page.getByRole('button', { name: 'Send' }).click();
  // The persona of this test repeats what it was told.
  const said = page.locator('.message.client', { hasText: 'Is a person there?' });
  await expect.poll(() => kept.length).toBe(1);
  await page.getByRole('article').filter({ hasText: /^You/ }).waitFor();
  expect(await said.count()).toBe(1);
  for (const pass of kept) pass();
  // The next one goes out once the first is known to have been taken.
  await page.getByRole('textbox', { name: 'Message' }).fill('And now?');
  await page.getByRole('button', { name: 'Send' }).click();
  await page
    .getByRole('article')
    .filter({ hasText: /^You.*And now/ })
    .waitFor();
  expect(await said.count()).toBe(1);
  expect(complaints).toEqual([]);
  await context.close();
});

const tooWide = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
/** How far the conversation is from its end, in pixels. */
const fromEnd = (page: Page) =>
  page.locator('.messages').evaluate((box) => Math.round(box.scrollHeight - box.scrollTop - box.clientHeight));

test('a session is started with exactly what is shown as chosen, however long the lists are', async () => {
  const first = await makePersona(app, { name: 'Ada', role: 'night listener' });
  await makePersona(app, { name: 'Ada', role: 'day listener' });
  for (let i = 0; i < 31; i += 1)
    await app.json('POST', '/api/v1/personas', { name: `Draft ${i}`, role: 'coach', instructions: 'Listen.' });
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/sessions/new`);
  const persona = page.getByRole('combobox', { name: 'Persona' });
  await page.getByRole('button', { name: 'Start the session' }).click();
  await page.getByText('Choose the persona to start with.').waitFor();
  await persona.fill('Adelheid');
  await page.getByText('Nothing of this name.').waitFor();
  await page.getByRole('button', { name: 'Start the session' }).click();
  expect(new URL(page.url()).pathname).toBe('/sessions/new');
  // Two of one name: neither is chosen by typing it, and each says what it is.
  await persona.fill('Ada');
  await page.getByRole('option', { name: /day listener/ }).waitFor();
  await expectAccessible(page);
  await persona.press('ArrowDown');
  await persona.press('ArrowDown');
  await persona.press('Enter');
  await page.getByText(/^night listener · added/).waitFor();
  await page.getByRole('button', { name: 'Start the session' }).click();
  await page.waitForURL(/\/sessions\/[\da-f-]{36}$/);
  const { body } = await app.json('GET', `/api/v1/sessions/${page.url().slice(-36)}`);
  expect(body.persona.id).toBe(first);
  // By its address, and not by a name that another has too.
  await page.goto(`${app.url}/sessions/new?persona=${first}`);
  await page.getByText(/^night listener · added/).waitFor();
  expect(await persona.inputValue()).toBe('Ada');
  await persona.fill('Ad');
  await persona.blur();
  await page.getByText('Nothing is chosen yet: choose one of the list.').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('the end of the conversation is followed until a person scrolls up', async () => {
  const session = await makeSession(app, await makePersona(app));
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/sessions/${session.id}`);
  await page.getByRole('textbox').first().waitFor();
  const long = `Recite: ${Array.from({ length: 250 }, (_, i) => `w${i}`).join(' ')}\n\n- a\n- b\n\n\`\`\`\ncode\n\`\`\`\n\n`;
  for (const round of [1, 2]) {
    await write(session, `${long}end${round}`);
    await page.locator('.message.persona').getByText(`end${round}`).waitFor();
    await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'hidden' });
    await expect.poll(() => fromEnd(page)).toBeLessThanOrEqual(1);
  }
  await page.locator('.messages').hover();
  await page.mouse.wheel(0, -300);
  const jump = page.getByRole('button', { name: 'Jump to the newest' });
  await jump.waitFor();
  await write(session, `${long}end3`);
  await page.locator('.message.persona').getByText('end3').waitFor();
  expect(await fromEnd(page)).toBeGreaterThan(200);
  await expectAccessible(page);
  await jump.click();
  await jump.waitFor({ state: 'hidden' });
  await expect.poll(() => fromEnd(page)).toBeLessThanOrEqual(1);
  // One's own message brings the end into view.
  await act(session, 'takeover');
  await page.locator('.messages').hover();
  await page.mouse.wheel(0, -400);
  await jump.waitFor();
  await page.getByRole('textbox', { name: 'Write to the client' }).fill('Here I am.');
  await page.keyboard.press('Enter');
  await page.getByText('Here I am.').waitFor();
  await expect.poll(() => fromEnd(page)).toBeLessThanOrEqual(1);
  expect(complaints).toEqual([]);
  await context.close();
});

test('a reply that broke off says who made it; trying again is offered only while it is possible', async () => {
  const session = await makeSession(app, await makePersona(app));
  const staff = await openWindow(browser, desktop);
  const client = await openWindow(browser, narrow);
  await staff.page.goto(`${app.url}/sessions/${session.id}`);
  const proxy = await startProxy(app.port);
  await openChat(client.page, session, proxy.url);
  await write(session, 'Break it. [play fault-cut]');
  for (const { page } of [staff, client]) {
    const broken = page.locator('.message.persona', { has: page.locator('.ended') });
    await broken.getByText('AI-made · recite@5').waitFor();
    await broken.getByText('Mira', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
  }
  const pause = staff.page.getByRole('button', { name: 'Pause' });
  await pause.focus();
  await staff.page.keyboard.press('Enter');
  const resume = staff.page.getByRole('button', { name: 'Resume' });
  await resume.waitFor();
  expect(await resume.evaluate((button) => button === document.activeElement)).toBe(true);
  await client.page.getByText('It does not answer while the session is paused.').waitFor();
  await client.page.getByRole('button', { name: 'Try again' }).waitFor({ state: 'hidden' });
  expect(await staff.page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  expect(await staff.page.getByText('Persona answers', { exact: true }).count()).toBe(0);
  await resume.click();
  await write(session, 'Recite: once more');
  await client.page.getByRole('button', { name: 'Regenerate' }).waitFor();
  await act(session, 'takeover');
  await client.page.getByText('A person of the team is writing with you.').waitFor();
  await client.page.getByRole('button', { name: 'Regenerate' }).waitFor({ state: 'hidden' });
  // The connection is lost while the session is paused: that is what is said.
  await act(session, 'handback');
  await act(session, 'pause');
  await client.page
    .getByText(/The session is paused\. You can/)
    .first()
    .waitFor();
  proxy.outage();
  await client.page.getByText(/^Connection lost/).waitFor();
  proxy.heal();
  await act(session, 'end');
  await staff.page.getByText('Ended', { exact: true }).waitFor();
  expect(await staff.page.getByRole('heading', { name: 'Supervision' }).count()).toBe(0);
  await expectAccessible(staff.page);
  await client.context.close();
  await staff.context.close();
  await proxy.close();
});

test('invitations: one after another, without a link that is dead, also when the session has ended', async () => {
  const personaId = await makePersona(app);
  const { body: session } = await app.json('POST', '/api/v1/sessions', { personaId });
  const { page, context, complaints } = await openWindow(browser, desktop);
  // As on plain http over a network.
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'clipboard'));
  await page.goto(`${app.url}/sessions/${session.id}`);
  await page.getByRole('button', { name: 'Invite the client' }).click();
  await page.getByRole('button', { name: 'Create the link' }).click();
  const link = page.getByLabel('Link', { exact: true });
  const url = await link.inputValue();
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByRole('button', { name: 'Copied', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Withdraw' }).click();
  await link.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Create the link' }).click();
  await link.waitFor();
  expect(await link.inputValue()).not.toBe(url);
  const second = (await link.inputValue()).split('/').at(-1) ?? '';
  await page.getByRole('button', { name: 'Create another link' }).click();
  await page.getByRole('button', { name: 'Create the link' }).click();
  await link.waitFor();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Invite the client' }).click();
  await page.getByRole('button', { name: 'Create the link' }).waitFor();
  expect(await link.count()).toBe(0);
  await page.getByRole('button', { name: 'Close' }).click();
  // Whoever joins is shown by the name they gave.
  const { body: accepted } = await app.json('POST', `/api/v1/invitations/${second}/accept`, { alias: 'Robin' });
  await page.getByText(/Robin.* has joined\./).waitFor();
  await act(session, 'messages', { text: 'Recite: hi' }, { authorization: `Bearer ${accepted.accessToken}` });
  await page.locator('.message.client .meta').getByText('Robin', { exact: true }).waitFor();
  await act(session, 'end');
  await page.getByRole('button', { name: 'Invitations' }).click();
  await page.getByRole('button', { name: 'Withdraw' }).first().waitFor();
  await expectAccessible(page);
  expect(complaints).toEqual([]);
  await context.close();
});

test('an address that names nothing says so, inside the menu where there is one', async () => {
  const { page, context } = await openWindow(browser, desktop);
  for (const path of [
    '/sessions/abc',
    '/personas/0192-x',
    '/knowledge/abc',
    '/nowhere',
    `/sessions/${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}`,
  ]) {
    await page.goto(app.url + path);
    await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).waitFor();
    expect(await page.locator('body').innerText()).not.toMatch(/UUID|\/id/);
  }
  await page.goto(`${app.url}/chat/abc`);
  await page.getByText('You need an invitation to see this session.').waitFor();
  expect(await page.locator('body').innerText()).not.toMatch(/UUID|\/id/);
  await context.close();
});

test('an invitation says who invites and to whom before it is accepted, and a dead one offers nothing', async () => {
  const persona = await makePersona(app, { name: 'M'.repeat(60), role: 'r'.repeat(120) });
  const { body: session } = await app.json('POST', '/api/v1/sessions', { personaId: persona });
  const { body: invitation } = await app.json('POST', `/api/v1/sessions/${session.id}/invitations`, {});
  const { page, context, complaints } = await openWindow(browser, narrow);
  await page.goto(invitation.url);
  await page.getByText(/Test House.* invites you to talk with .*MMM.*, an AI persona/).waitFor();
  await expectFits(page);
  await app.json('DELETE', `/api/v1/sessions/${session.id}/invitations/${invitation.id}`);
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByText('This invitation does not work any more.').waitFor();
  await page.getByRole('button', { name: 'Join' }).waitFor({ state: 'detached' });
  await page.reload();
  await page.getByText('This invitation does not work any more.').waitFor();
  expect(await page.getByRole('textbox').count()).toBe(0);
  await expectFits(page);
  expect(complaints).toEqual([]);
  await context.close();
});

test('on a narrow phone nothing sticks out or is broken letter by letter', async () => {
  const role = 'r'.repeat(200);
  const session = await makeSession(app, await makePersona(app, { role }));
  const row = Array.from({ length: 9 }, (_, i) => `| considerable${i} `).join('');
  await write(session, `Recite: ${row}|\n${'|---'.repeat(9)}|\n${row}|`);
  const { page, context } = await openWindow(browser, narrow);
  await openChat(page, session);
  const table = page.locator('.message.persona .scroll');
  await table.waitFor();
  expect(await tooWide(page)).toBeLessThanOrEqual(0);
  const cell = await table
    .locator('th')
    .first()
    .evaluate((one) => one.getBoundingClientRect().height);
  expect(cell).toBeLessThan(60);
  const sticksOut = await page
    .locator('.message')
    .evaluateAll((all) =>
      all.some((one) =>
        [...one.querySelectorAll('.badge')].some(
          (b) => b.getBoundingClientRect().right > one.getBoundingClientRect().right,
        ),
      ),
    );
  expect(sticksOut).toBe(false);
  await expectAccessible(page);
  await page.goto(app.url);
  // The menu is one line, which comes along with the keyboard.
  const settings = page.getByRole('link', { name: 'Settings' });
  await settings.focus();
  const last = await settings.boundingBox();
  expect((last?.x ?? 999) + (last?.width ?? 0)).toBeLessThanOrEqual(narrow.viewport.width);
  expect(await tooWide(page)).toBeLessThanOrEqual(0);
  await context.close();
});

test('two who edit one persona do not undo each other, and nothing unsaved is left unasked', async () => {
  const id = await makePersona(app, { name: 'Vera' });
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(`${app.url}/personas/${id}`);
  const publish = page.getByRole('button', { name: 'Publish' });
  await page.getByText('Published as it stands.').waitFor();
  expect(await publish.isDisabled()).toBe(true);
  await page.getByLabel('Role').fill('listener');
  const asked: string[] = [];
  page.once('dialog', (dialog) => {
    asked.push(dialog.message());
    void dialog.dismiss();
  });
  await page.getByRole('link', { name: 'Clients' }).click();
  await expect.poll(() => asked).toEqual(['What you have changed is not saved. Leave without saving?']);
  expect(new URL(page.url()).pathname).toBe(`/personas/${id}`);
  await app.json('PATCH', `/api/v1/personas/${id}`, { style: 'brief' });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/^Somebody else has changed this persona/).waitFor();
  const { body } = await app.json('GET', `/api/v1/personas/${id}`);
  expect(body).toMatchObject({ role: 'wellbeing coach', style: 'brief' });
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await page.getByLabel('Role').fill('  listener ');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await page.getByLabel('Role').fill('quiet listener');
  await page.getByText('Saved.').waitFor({ state: 'hidden' });
  await publish.click();
  await page.getByText('Version 2 is published. Running sessions keep theirs.').waitFor();
  await expect.poll(() => publish.isDisabled()).toBe(true);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(() => navigator.clipboard.writeText('a'.repeat(300)));
  await page.getByLabel('Role').press('ControlOrMeta+V');
  await page.getByText('Cut off: no more than 200 characters fit.').waitFor();
  await page.getByLabel('Role').fill('quiet listener');
  await page.getByRole('button', { name: 'Archive' }).click();
  await page.getByRole('button', { name: 'Bring back from the archive' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Personas' }).click();
  await page.getByRole('heading', { name: 'Personas' }).waitFor();
  expect(await page.getByText('Vera').count()).toBe(0);
  await page.getByLabel('Show archived personas too').check();
  await page.getByRole('link', { name: /Vera/ }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('a filter is there again after a look at a session; a provider is not removed by one press', async () => {
  const personaId = await makePersona(app, { name: 'Wanda' });
  await app.json('POST', '/api/v1/sessions', { personaId, title: 'found again' });
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.goto(app.url);
  await page.getByRole('combobox', { name: 'Persona' }).fill('Wanda');
  await page.getByLabel('Search').fill('found');
  await expect.poll(() => page.locator('.list strong').allInnerTexts()).toEqual(['found again']);
  await page.getByRole('link', { name: /found again/ }).click();
  await page.getByRole('heading', { name: 'found again' }).waitFor();
  expect(await page.getByRole('navigation').locator('.active').allInnerTexts()).toEqual(['Sessions']);
  await page.goBack();
  await expect.poll(() => page.getByRole('combobox', { name: 'Persona' }).inputValue()).toBe('Wanda');
  expect(await page.getByLabel('Search').inputValue()).toBe('found');
  await page.getByRole('link', { name: 'Sessions', exact: true }).click();
  await expect.poll(() => page.getByLabel('Search').inputValue()).toBe('');
  await page.getByRole('link', { name: 'Settings' }).click();
  await page
    .getByRole('button', { name: /^Remove: / })
    .first()
    .click();
  await page.getByText(/^It is the default\. Its key is deleted/).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect((await app.json('GET', '/api/v1/providers')).body.items).toHaveLength(1);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${app.url}/api/docs`);
  await expectAccessible(page);
  expect(complaints).toEqual([]);
  await context.close();
});
