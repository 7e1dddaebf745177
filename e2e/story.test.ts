import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { startUpstream, type Upstream } from '../packages/server/src/test/upstream.ts';
import { desktop, expectAccessible, launch, openWindow, phone } from './lib/browser.ts';
import { webRoot } from './lib/house.ts';

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
  // The list of sessions has a field of the same name.
  await page.getByRole('heading', { name: 'New session', level: 1 }).waitFor();
  await page.getByRole('combobox', { name: 'Persona' }).fill('Mira');
  await page.getByText(/^wellbeing coach · added/).waitFor();
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
  await page
    .getByRole('textbox', { name: /Message|Write/ })
    .last()
    .fill(text);
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
    await client.page
      .getByText(/word10 word11/)
      .last()
      .waitFor();
    expect(await client.page.getByText('AI-made').count()).toBeGreaterThan(0);
    // The laptop is closed in the middle of the reply.
    await client.page.reload();
    await client.page
      .locator('.message.persona')
      .getByText(/word58 word59/)
      .waitFor();
    await staff.page
      .locator('.message.persona')
      .getByText(/word58 word59/)
      .waitFor();
    const texts = await Promise.all(
      [client, staff].map((w) => w.page.locator('.message.persona').last().locator('p').allInnerTexts()),
    );
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
    await client.page
      .getByText(/The session is paused/)
      .first()
      .waitFor();
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
    for (const path of [
      '/',
      '/personas',
      `/personas/${persona.id}`,
      '/clients',
      '/knowledge',
      `/knowledge/${base.id}`,
      '/settings',
      '/sign-in',
      '/nowhere',
    ]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.goto(app.url + path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await expectAccessible(page);
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
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
    await page
      .getByText(/claims a licence or a professional title/)
      .first()
      .waitFor();
    await expectAccessible(page);
    await context.close();
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
