import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { startUpstream, type Upstream } from '../packages/server/src/test/upstream.ts';
import { desktop, expectAccessible, launch, openWindow, phone } from './lib/browser.ts';

const webRoot = resolve(import.meta.dirname, '../packages/web/dist');
let browser: Browser;
let upstream: Upstream;

beforeAll(async () => {
  browser = await launch();
  upstream = await startUpstream();
});
afterAll(async () => {
  await browser?.close();
  await upstream?.close();
});

const start = () => startTestApp({ setUp: false, config: { webRoot } });

async function setUp(page: Page, url: string, model: string | null) {
  await page.goto(url);
  await page.getByLabel('Your name').fill('Olga Owner');
  await page.getByLabel('Name of your organisation').fill('House of Tests');
  if (model !== null) {
    await page.getByRole('radio', { name: /OpenAI-compatible/ }).check();
    await page.getByRole('textbox', { name: 'Address' }).fill(`${upstream.url}/v1`);
    await page.getByLabel('API key').fill('sk-CANARY-KEY');
    await page.getByRole('button', { name: 'Test with one real call' }).click();
    await page.getByText('Name the model to use.').first().waitFor();
    await page.getByLabel('Name of the model').fill(model);
    await page.getByRole('button', { name: 'Test with one real call' }).click();
    await page.getByText(/^It answers \(\d+ ms\)\.$/).waitFor();
  }
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
}

/** Adds the demo, starts a session with its first persona and returns the address of the invitation. */
async function startDemoSession(page: Page): Promise<string> {
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Add the demo' }).click();
  await page.getByRole('link', { name: 'New session' }).last().click();
  await page.getByLabel('Persona').selectOption({ label: 'Mira – wellbeing coach' });
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Start the session' }).click();
  await page.getByText('Hello, I am Mira, an AI coach.').waitFor();
  await page.getByRole('button', { name: 'Invite the client' }).click();
  await page.getByRole('button', { name: 'Create the link' }).click();
  await page.getByRole('img', { name: 'QR code of the link' }).waitFor();
  await expectAccessible(page);
  const link = await page.getByLabel('Link', { exact: true }).inputValue();
  await page.getByRole('button', { name: 'Close' }).click();
  return link;
}

async function join(page: Page, link: string) {
  await page.goto(link);
  await expectAccessible(page);
  await page.getByLabel(/How would you like to be called/).fill('Robin');
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByText('You are talking with an AI persona, supervised by people.').waitFor();
}

const send = async (page: Page, text: string) => {
  await page.getByRole('textbox', { name: /Message|Write/ }).last().fill(text);
  await page.keyboard.press('Enter');
};

describe.each([
  ['desktop', desktop],
  ['phone', phone],
])('on %s', (_name, size) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app?.close());

  test('two windows: set-up, demo, invitation, streaming, guidance, takeover, pause, reload, end', async () => {
    const staff = await openWindow(browser, size);
    const client = await openWindow(browser, size);
    await setUp(staff.page, app.url, 'recite');
    const link = await startDemoSession(staff.page);
    await join(client.page, link);

    const poem = 'Recite: ' + Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
    await send(client.page, poem);
    await staff.page.getByText('Recite: word0').waitFor();
    await client.page.getByText(/word10 word11/).last().waitFor();
    expect(await client.page.getByText('AI-made').count()).toBeGreaterThan(0);
    // The laptop is closed in the middle of the reply.
    await client.page.reload();
    await client.page.locator('.message.persona').getByText(/word58 word59/).waitFor();
    await staff.page.locator('.message.persona').getByText(/word58 word59/).waitFor();
    const texts = await Promise.all([client, staff].map((w) => w.page.locator('.message.persona').last().locator('p').allInnerTexts()));
    expect(texts[0]).toEqual(texts[1]);

    await staff.page.getByLabel('Private guidance to the persona').fill('CANARY guidance');
    await staff.page.getByRole('button', { name: 'Send guidance' }).click();
    await staff.page.locator('.message.guidance').getByText('CANARY guidance').waitFor();

    await staff.page.getByRole('button', { name: 'Take over' }).click();
    await client.page.getByText('A person of the team is writing with you.').waitFor();
    await staff.page.getByRole('textbox', { name: 'Write to the client' }).pressSequentially('Here');
    await client.page.getByText('A person of the team is typing…').waitFor();
    await send(staff.page, 'Here is a person.');
    await client.page.getByText('Here is a person.').waitFor();
    await client.page.getByText('A person of the team is typing…').waitFor({ state: 'hidden' });
    await client.page.getByRole('textbox', { name: 'Message' }).pressSequentially('Oh');
    await staff.page.getByText(/ is typing…$/).waitFor();
    await staff.page.getByRole('button', { name: 'Hand back' }).click();
    await client.page.getByText('You are talking with an AI persona').waitFor();

    await staff.page.getByRole('button', { name: 'Pause' }).click();
    await client.page.getByText(/The session is paused/).first().waitFor();
    await staff.page.getByRole('button', { name: 'Resume' }).click();
    await client.page.getByText('The session goes on.').waitFor();

    expect(await client.page.content()).not.toContain('CANARY');
    await expectAccessible(staff.page);
    await expectAccessible(client.page);

    await staff.page.getByRole('button', { name: 'End session' }).first().click();
    await staff.page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
    await client.page.getByText('This session has ended.').waitFor();
    expect(staff.complaints.concat(client.complaints)).toEqual([]);
    await staff.context.close();
    await client.context.close();
  });

  test('every page of the team is accessible, in light and dark', async () => {
    const { page, context, complaints } = await openWindow(browser, size);
    const persona = (await app.json('GET', '/api/v1/personas')).body.items[0];
    const base = (await app.json('GET', '/api/v1/knowledge-bases')).body.items[0];
    for (const path of ['/', '/personas', `/personas/${persona.id}`, '/clients', '/knowledge', `/knowledge/${base.id}`, '/settings', '/sign-in', '/nowhere']) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.goto(app.url + path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await expectAccessible(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(wide, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
      }
    }
    expect(complaints).toEqual([]);
    await context.close();
  });
});

describe('without a model', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app?.close());

  test('the reference engine quotes with citations, is labelled, and says when no passage answers', async () => {
    const staff = await openWindow(browser);
    const client = await openWindow(browser);
    await setUp(staff.page, app.url, null);
    await join(client.page, await startDemoSession(staff.page));
    await send(client.page, 'What helps in the last hour before bed?');
    await client.page.getByText('The reference material says:').waitFor();
    await client.page.getByText('Quotes from reference material – not an AI model').waitFor();
    await client.page.getByText('Sources').click();
    await send(client.page, 'How do I repair a bicycle chain?');
    await client.page.getByText('No passage of the reference material answers this.').waitFor();
    await expectAccessible(client.page);
    await staff.context.close();
    await client.context.close();
  });

  test('a persona that claims a title is refused with the reason', async () => {
    const { page, context } = await openWindow(browser);
    await page.goto(`${app.url}/personas`);
    await page.getByRole('button', { name: 'New persona' }).click();
    await page.getByLabel('Name').fill('Dr. Mira');
    await page.getByLabel('Role').fill('wellbeing coach');
    await page.getByLabel('Instructions').fill('Listen.');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText(/claims a licence or a professional title/).first().waitFor();
    await expectAccessible(page);
    await context.close();
  });
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
    const made = await app.json('POST', '/api/v1/personas', { name: `Mira ${name}`, role: 'coach', instructions: 'Listen.', rules: ['Ask one question.'] });
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
    expect(body).toMatchObject({ rules: ['Ask one question.', 'One step\nat a time.'], examples: [{ client: 'I am tired.\n\nVery.' }] });
    await page.getByRole('button', { name: 'Remove: Rules 2' }).click();
    await expect.poll(() => page.getByRole('button', { name: 'Add: Rules' }).evaluate((b) => b === document.activeElement)).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('sessions are found by a persona or a client that is searched for by name', async () => {
    const { page, context, complaints } = await openWindow(browser);
    const clients: string[] = [];
    for (const name of ['Ann', 'Anton', 'Berta', '100%']) clients.push((await app.json('POST', '/api/v1/clients', { name })).body.id);
    expect((await app.json('GET', '/api/v1/clients?q=an')).body.items.map((c: { name: string }) => c.name)).toEqual(['Anton', 'Ann']);
    expect((await app.json('GET', '/api/v1/clients?q=%25')).body.items.map((c: { name: string }) => c.name)).toEqual(['100%']);
    const personas = [await makePersona(app), await makePersona(app, { name: 'Frida', role: 'front desk' })];
    await app.json('POST', '/api/v1/sessions', { personaId: personas[0], clientId: clients[0], title: 'first' });
    await app.json('POST', '/api/v1/sessions', { personaId: personas[1], clientId: clients[0], title: 'second' });
    await app.json('POST', '/api/v1/sessions', { personaId: personas[1], clientId: clients[2], title: 'third' });
    await page.goto(app.url);
    const titles = () => page.locator('.list strong').allInnerTexts();
    await expect.poll(titles).toEqual(['third', 'second', 'first']);
    await page.getByLabel('Client', { exact: true }).fill('Ann');
    await expect.poll(titles).toEqual(['second', 'first']);
    await page.getByLabel('Persona', { exact: true }).fill('Frida – front desk');
    await expect.poll(titles).toEqual(['second']);
    await expectAccessible(page);
    await page.getByLabel('Client', { exact: true }).fill('nobody');
    await page.getByText('Nothing of this name.').waitFor();
    await expectAccessible(page);
    await page.getByLabel('Client', { exact: true }).fill('');
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
    const inSight = (text: string) => staff.page.getByText(text, { exact: true }).evaluate((one) => {
      const { top } = one.getBoundingClientRect();
      return top > 0 && top < innerHeight;
    });
    expect([await inSight('m71'), await inSight('m21')]).toEqual([true, false]);
    await older(staff.page).click();
    await staff.page.getByText('CANARY guidance').waitFor();
    await older(staff.page).waitFor({ state: 'hidden' });
    const shown = (page: Page) => page.locator('.messages > :is(.line, article)').evaluateAll((all) => all.map((one) => (one.querySelector(':scope > p') ?? one).textContent));
    expect((await shown(staff.page)).slice(0, 8)).toEqual([
      'Hello.', 'The client has joined.', 'CANARY guidance', 'A person of the team writes now.', 'one',
      'The session was paused.', 'The session goes on.', 'm2',
    ]);
    expect((await shown(staff.page)).length).toBe(126);
    expect(await staff.page.locator('.message.staff .meta strong').first().textContent()).toBe('Olga');
    await expectAccessible(staff.page);

    const client = await openWindow(browser, phone);
    await client.page.goto(`${app.url}/icon.svg`);
    await client.page.evaluate(([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''), [session.id, session.client.authorization.slice(7)]);
    await client.page.goto(`${app.url}/chat/${session.id}`);
    await client.page.getByText('m120', { exact: true }).waitFor();
    await older(client.page).click();
    await client.page.getByText('m21', { exact: true }).waitFor();
    await older(client.page).click();
    await older(client.page).waitFor({ state: 'hidden' });
    expect((await shown(client.page)).slice(0, 6)).toEqual([
      'Hello.', 'A person of the team writes now.', 'one', 'The session was paused.', 'The session goes on.', 'm2',
    ]);
    expect(await client.page.content()).not.toContain('CANARY');
    expect(staff.complaints.concat(client.complaints)).toEqual([]);
    await staff.context.close();
    await client.context.close();
  });
});

describe('a hostile message', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app?.close());

  test('runs nothing, loads nothing, and its links show where they go', async () => {
    const staff = await openWindow(browser);
    await setUp(staff.page, app.url, 'recite');
    await startDemoSession(staff.page);
    const outside: string[] = [];
    staff.page.on('request', (request) => {
      if (!request.url().startsWith(app.url)) outside.push(request.url());
    });
    await send(
      staff.page,
      'Recite: <img src=x onerror="window.pwned=1"> <script>window.pwned=1</script> ![pic](http://127.0.0.1:9/pic.png) [click](http://evil.test/a) [js](javascript:alert(1))',
    );
    await staff.page.locator('.message.persona').getByText('(evil.test)').last().waitFor();
    expect(await staff.page.evaluate(() => 'pwned' in window)).toBe(false);
    expect(await staff.page.locator('.message img').count()).toBe(0);
    expect(await staff.page.locator('.message a[href^="javascript"]').count()).toBe(0);
    expect(outside).toEqual([]);
    await staff.context.close();
  });
});
