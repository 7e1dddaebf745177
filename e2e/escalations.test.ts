import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../packages/server/src/test/app.ts';
import { safetySettings } from '../packages/server/src/test/talking.ts';
import type { Upstream } from '../packages/server/src/test/upstream.ts';
import { desktop, expectAccessible, expectFits, openWindow, phone, picture } from './lib/browser.ts';
import { openHouse, type PlayedHouse } from './lib/house.ts';

let house: PlayedHouse;
let browser: Browser;
let app: TestApp;
let upstream: Upstream;
let persona: string;

beforeAll(async () => {
  house = await openHouse('words-20');
  ({ browser, app, upstream } = house);
  persona = await makePersona(app);
  await app.json('PUT', '/api/v1/safety', { ...safetySettings, ackSeconds: 3600 });
});
afterAll(() => house?.close());

async function openChat(session: TestSession, options: Parameters<typeof openWindow>[1] = phone) {
  const client = await openWindow(browser, options);
  await client.page.goto(`${app.url}/icon.svg`);
  await client.page.evaluate(
    ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''),
    [session.id, session.client.authorization.slice(7)],
  );
  await client.page.goto(`${app.url}/chat/${session.id}`);
  await client.page.getByLabel('Message').waitFor();
  return client;
}

const grave = 'I am going to kill myself tonight';

describe('a grave message', () => {
  test('fixed text, no model, takeover; a missed deadline is told to the fallback contact; somebody acknowledges by keyboard', async () => {
    const session = await makeSession(app, persona, {
      title: 'A talk with a title that is rather long, as titles are',
    });
    const client = await openChat(session);
    await client.page.getByText(/The answers here are made by an AI/).waitFor();
    const staff = await openWindow(browser, desktop);
    await staff.page.goto(`${app.url}/escalations`);
    await staff.page.getByText('Nobody is waiting for a person.').waitFor();
    await expectAccessible(staff.page);
    const asked = upstream.requests.length;

    await client.page.getByLabel('Message').fill(grave);
    await client.page.getByRole('button', { name: 'Send' }).click();
    await client.page.getByText(/The AI persona stops here, and a person of our team has been called/).waitFor();
    await client.page.getByText('The AI persona has stopped. The team has been called; nobody writes yet.').waitFor();
    await expectAccessible(client.page);
    await expectFits(client.page);
    await picture(client.page, 'grave-phone');
    expect(upstream.requests.length).toBe(asked);

    // The list follows by itself.
    await staff.page.locator('mark', { hasText: 'kill myself' }).waitFor();
    await expectAccessible(staff.page);
    await picture(staff.page, 'escalations');
    await app.db.everywhere.exec('update escalation set due_at = now(), next_page_at = now() where session_id = $1', [
      session.id,
    ]);
    await staff.page.getByText('overdue').waitFor();
    await staff.page.getByText(/the fallback contact was told/).waitFor();
    const mailbox = await app.json('GET', '/api/v1/mailbox');
    expect(JSON.stringify(mailbox.body)).toContain('fallback@house.example');
    await staff.page.getByRole('button', { name: /^Acknowledge/ }).focus();
    await staff.page.keyboard.press('Enter');
    await staff.page.getByText(/acknowledged by Olga/).waitFor();
    await client.page.getByText(/A person of the team has seen that you need somebody/).waitFor();
    await staff.page.getByRole('button', { name: /^Resolve/ }).click();
    await staff.page.getByLabel('Note for the team').fill('Called. Is with family now.');
    await expectAccessible(staff.page);
    await staff.page.getByRole('dialog').getByRole('button', { name: 'Resolve' }).click();
    await staff.page.getByText('Called. Is with family now.').waitFor();

    // Read again from the beginning, everything stands there as it did.
    await client.page.reload();
    await client.page.getByText(/The AI persona stops here, and a person of our team has been called/).waitFor();
    await staff.page.goto(`${app.url}/sessions/${session.id}`);
    await staff.page.locator('mark', { hasText: 'kill myself' }).waitFor();
    await staff.page.getByText('Self-harm, high: found by rules').waitFor();
    await expectAccessible(staff.page);
    await picture(staff.page, 'flagged-session');
    expect(staff.complaints.concat(client.complaints)).toEqual([]);
    await Promise.all([staff.context.close(), client.context.close()]);
  });

  test('“I need a person” is always there, and says honestly that nobody writes yet', async () => {
    const session = await makeSession(app, persona);
    const client = await openChat(session, desktop);
    await client.page.getByRole('button', { name: 'I need a person' }).click();
    await client.page.getByText(/Nobody is writing here yet/).waitFor();
    await expectAccessible(client.page);
    await picture(client.page, 'asked-desktop');
    const staff = await openWindow(browser, { ...phone, colorScheme: 'dark' });
    await staff.page.goto(`${app.url}/escalations`);
    await staff.page.getByText('Asked for a person').first().waitFor();
    await staff.page.getByText('1 client waits for a person.').waitFor();
    await expectAccessible(staff.page);
    await expectFits(staff.page);
    await picture(staff.page, 'escalations-phone-dark');
    expect(staff.complaints.concat(client.complaints)).toEqual([]);
    await Promise.all([staff.context.close(), client.context.close()]);
  });

  test('texts and deadlines are set on a page', async () => {
    const staff = await openWindow(browser, desktop);
    const { page } = staff;
    await page.goto(`${app.url}/safety`);
    await page.getByLabel('Letters at most').fill('7');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.locator('summary', { hasText: 'Self-harm' }).click();
    await page.getByLabel('Self-harm, en').fill('Words of our own. Call 555.');
    await expectAccessible(page);
    await picture(page, 'safety');
    await page.getByRole('button', { name: 'Publish: Self-harm' }).click();
    await page.locator('summary', { hasText: 'version 1' }).waitFor();
    await page.reload();
    await expect.poll(() => page.getByLabel('Letters at most').inputValue()).toBe('7');
    const session = await makeSession(app, persona);
    const client = await openChat(session);
    await client.page.getByLabel('Message').fill(grave);
    await client.page.getByRole('button', { name: 'Send' }).click();
    await client.page.getByText('Words of our own. Call 555.').waitFor();
    expect(staff.complaints.concat(client.complaints)).toEqual([]);
    await Promise.all([staff.context.close(), client.context.close()]);
  });
});
