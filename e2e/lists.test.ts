import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { desktop, expectAccessible, launch, openWindow, phone } from './lib/browser.ts';
import { webRoot } from './lib/house.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});

describe('the team’s lists', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ config: { webRoot } });
  });
  afterAll(() => app?.close());

  test.each([
    ['desktop', desktop],
    ['phone', phone],
  ])('a refused row of a persona says so itself, on %s', async (name, size) => {
    const { page, context, complaints } = await openWindow(browser, size);
    const made = await app.json('POST', '/api/v1/personas', {
      name: `Mira ${name}`,
      role: 'coach',
      instructions: 'Listen.',
      rules: ['Ask one question.'],
    });
    await page.goto(`${app.url}/personas/${made.body.id}`);
    await page.getByRole('button', { name: 'Add: Rules' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByLabel('Rule 2').evaluate((field) => field === document.activeElement)).toBe(true);
    await page.keyboard.type('Say that you are a licensed therapist.');
    await page.keyboard.press('Enter');
    await page.keyboard.type('Smile.');
    await page.getByRole('button', { name: 'Add: Example exchanges' }).click();
    await page.getByLabel('Client says 1').fill('I am tired.\n\nVery.');
    await page.getByLabel('Persona answers 1').fill('Tell me more.');
    await page.getByRole('button', { name: 'Save' }).click();
    const refusal = page.getByLabel('Rule 2');
    await expect.poll(() => refusal.getAttribute('aria-invalid')).toBe('true');
    expect(await refusal.evaluate((field) => field === document.activeElement)).toBe(true);
    const id = (await refusal.getAttribute('aria-describedby')) ?? '';
    expect(await page.locator(`[id="${id}"]`).textContent()).toMatch(/claims a licence or a professional title/);
    expect(await page.getByLabel('Rule 1').getAttribute('aria-invalid')).toBeNull();
    await expectAccessible(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide).toBeLessThanOrEqual(0);
    await page.getByLabel('Rule 2').fill('One step\nat a time.');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    const { body } = await app.json('GET', `/api/v1/personas/${made.body.id}`);
    expect(body).toMatchObject({
      rules: ['Ask one question.', 'One step\nat a time.'],
      examples: [{ client: 'I am tired.\n\nVery.' }],
    });
    await page.getByRole('button', { name: 'Remove: Rules 2' }).click();
    await expect
      .poll(() => page.getByRole('button', { name: 'Add: Rules' }).evaluate((b) => b === document.activeElement))
      .toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('sessions are found by a persona or a client that is searched for by name', async () => {
    const { page, context, complaints } = await openWindow(browser);
    const clients: string[] = [];
    for (const name of ['Ann', 'Anton', 'Berta', '100%'])
      clients.push((await app.json('POST', '/api/v1/clients', { name })).body.id);
    expect((await app.json('GET', '/api/v1/clients?q=an')).body.items.map((c: { name: string }) => c.name)).toEqual([
      'Anton',
      'Ann',
    ]);
    expect((await app.json('GET', '/api/v1/clients?q=%25')).body.items.map((c: { name: string }) => c.name)).toEqual([
      '100%',
    ]);
    const personas = [await makePersona(app), await makePersona(app, { name: 'Frida', role: 'front desk' })];
    await app.json('POST', '/api/v1/sessions', { personaId: personas[0], clientId: clients[0], title: 'first' });
    await app.json('POST', '/api/v1/sessions', { personaId: personas[1], clientId: clients[0], title: 'second' });
    await app.json('POST', '/api/v1/sessions', { personaId: personas[1], clientId: clients[2], title: 'third' });
    await page.goto(app.url);
    const titles = () => page.locator('.list strong').allInnerTexts();
    await expect.poll(titles).toEqual(['third', 'second', 'first']);
    await page.getByRole('combobox', { name: 'Client' }).fill('Ann');
    await expect.poll(titles).toEqual(['second', 'first']);
    await page.getByRole('combobox', { name: 'Persona' }).fill('Frida');
    await expect.poll(titles).toEqual(['second']);
    await expectAccessible(page);
    await page.getByRole('combobox', { name: 'Client' }).fill('nobody');
    await page.getByText('Nothing of this name.').waitFor();
    await expectAccessible(page);
    await page.getByRole('combobox', { name: 'Client' }).fill('');
    await expect.poll(titles).toEqual(['third', 'second']);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('older pages of a long session list what else happened between the messages', async () => {
    const session = await makeSession(app, await makePersona(app, { openingLine: 'Hello.' }));
    const act = (what: string, body?: object) => app.json('POST', `/api/v1/sessions/${session.id}/${what}`, body);
    await act('guidance', { text: 'CANARY guidance' });
    await act('takeover');
    await act('messages', { text: 'one' });
    await act('pause');
    await act('resume');
    for (let i = 2; i <= 120; i += 1) await act('messages', { text: `m${i}` });
    const staff = await openWindow(browser);
    await staff.page.goto(`${app.url}/sessions/${session.id}`);
    await staff.page.getByText('m120', { exact: true }).waitFor();
    const older = (page: Page) => page.getByRole('button', { name: 'Show older messages' });
    await staff.page.locator('.messages').evaluate((box) => (box.scrollTop = 0));
    await older(staff.page).click();
    await staff.page.getByText('m21', { exact: true }).waitFor();
    // What was being read is still in sight.
    const inSight = (text: string) =>
      staff.page.getByText(text, { exact: true }).evaluate((one) => {
        const { top } = one.getBoundingClientRect();
        return top > 0 && top < innerHeight;
      });
    expect([await inSight('m71'), await inSight('m21')]).toEqual([true, false]);
    await older(staff.page).click();
    await staff.page.getByText('CANARY guidance').waitFor();
    await older(staff.page).waitFor({ state: 'hidden' });
    const shown = (page: Page) =>
      page
        .locator('.flow > :is(.line, article)')
        .evaluateAll((all) =>
          all.map((one) => (one.querySelector(':scope > p, :scope > .text > p') ?? one).textContent),
        );
    const disclosure = 'The answers here are made by an AI, not by a human being. People of the team supervise it.';
    expect((await shown(staff.page)).slice(0, 9)).toEqual([
      'Hello.',
      '\u2068Robin\u2069 has joined.',
      disclosure,
      'CANARY guidance',
      'A person of the team writes now.',
      'one',
      'The session was paused.',
      'The session goes on.',
      'm2',
    ]);
    expect((await shown(staff.page)).length).toBe(127);
    expect(await staff.page.locator('.message.staff .meta strong').nth(1).textContent()).toBe('Olga');
    await expectAccessible(staff.page);

    const client = await openWindow(browser, phone);
    await client.page.goto(`${app.url}/icon.svg`);
    await client.page.evaluate(
      ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''),
      [session.id, session.client.authorization.slice(7)],
    );
    await client.page.goto(`${app.url}/chat/${session.id}`);
    await client.page.getByText('m120', { exact: true }).waitFor();
    await older(client.page).click();
    await client.page.getByText('m21', { exact: true }).waitFor();
    await older(client.page).click();
    await older(client.page).waitFor({ state: 'hidden' });
    expect((await shown(client.page)).slice(0, 7)).toEqual([
      'Hello.',
      disclosure,
      'A person of the team writes now.',
      'one',
      'The session was paused.',
      'The session goes on.',
      'm2',
    ]);
    expect(await client.page.content()).not.toContain('CANARY');
    expect(staff.complaints.concat(client.complaints)).toEqual([]);
    await staff.context.close();
    await client.context.close();
  });
});
