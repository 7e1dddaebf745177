import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  makePersona,
  makeSession,
  startTestApp,
  type TestApp,
  type TestSession,
} from '../packages/server/src/test/app.ts';
import { grave, talking } from '../packages/server/src/test/talking.ts';
import { startUpstream, type Upstream } from '../packages/server/src/test/upstream.ts';
import { desktop, expectFits, launch, openWindow, phone } from './lib/browser.ts';

const webRoot = resolve(import.meta.dirname, '../packages/web/dist');
let browser: Browser;
let upstream: Upstream;
let app: TestApp;
let session: TestSession;

beforeAll(async () => {
  [browser, upstream] = await Promise.all([launch(), startUpstream()]);
  app = await startTestApp({ upstream: { url: upstream.url, model: 'words-20' }, config: { webRoot } });
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
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await upstream?.close();
});

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
