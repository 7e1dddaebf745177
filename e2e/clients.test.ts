import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { desktop, expectAccessible, expectFits, launch, openWindow, phone } from './lib/browser.ts';

const webRoot = resolve(import.meta.dirname, '../packages/web/dist');
const pictures = process.env['RAPPORT_PICTURES'];
let browser: Browser;
let app: TestApp;

beforeAll(async () => {
  browser = await launch();
  app = await startTestApp({ config: { webRoot } });
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

const picture = async (page: Page, name: string): Promise<void> => {
  if (!pictures) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: resolve(pictures, `${name}.png`), fullPage: true });
};

describe('the page of a client', () => {
  test('a client is made, found by a tag, given a goal with milestones, and changed', async () => {
    const { page, context, complaints } = await openWindow(browser, desktop);
    await app.json('POST', '/api/v1/clients', { name: 'Somebody else' });
    await page.goto(`${app.url}/clients`);
    await page.getByRole('button', { name: 'New client' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Name').fill('Robin');
    await form.getByLabel(/^Contact/).fill('+1 555 0100');
    await form.getByLabel(/^Tags/).fill('Sleep, Tuesday');
    await form.getByLabel(/^Risk factors \(/).fill('Lives alone\nHad a fall');
    await expectAccessible(page);
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'Robin' }).waitFor();
    await page.getByText('Lives alone; Had a fall').waitFor();
    await page.getByText('No goal yet.').waitFor();
    await expectAccessible(page);
    await picture(page, 'client-empty');

    await page.getByRole('button', { name: 'New goal' }).click();
    const goal = page.getByRole('dialog');
    await goal.getByLabel('Goal', { exact: true }).fill('Sleep through the night');
    await goal.getByRole('button', { name: 'Add a milestone' }).click();
    await goal.getByLabel('Milestone 1', { exact: true }).fill('In bed by eleven');
    await goal.getByLabel('Where milestone 1 stands').selectOption('reached');
    await goal.getByLabel('Milestone 1 until').fill('2027-01-31');
    await expectAccessible(page);
    await picture(page, 'client-goal');
    await goal.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('list', { name: 'Milestones' }).getByText('In bed by eleven').waitFor();

    await page.getByLabel('Who it is for').selectOption('private');
    await page.getByText(/You alone read it/).waitFor();
    await page.getByLabel('Note', { exact: true }).fill('Seemed tired.\nAsk again.');
    await page.getByRole('button', { name: 'Write the note' }).click();
    await page.getByRole('button', { name: 'Change the note' }).click();
    await page.getByRole('dialog').getByLabel('Note', { exact: true }).fill('Seemed well.');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('Seemed well.').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No note yet.').waitFor();

    await page.getByText('Change the profile').click();
    await page.getByLabel('Notes shared with the team').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    const [kept] = (await app.json('GET', '/api/v1/clients?tag=tuesday')).body.items;
    expect(kept.personaKnows).toEqual({ goals: true, riskFactors: true, notes: true });

    await page.getByRole('link', { name: 'All clients' }).click();
    await page.getByRole('link', { name: 'Somebody else' }).waitFor();
    await page.getByRole('button', { name: 'Tuesday' }).click();
    await page.getByRole('link', { name: 'Somebody else' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Robin' }).waitFor();
    await expectAccessible(page);
    await picture(page, 'clients');
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('it fits a phone, in the dark, with long words in everything', async () => {
    const long = (word: string) => `${word} ${word.repeat(12)}`;
    const { id } = (
      await app.json('POST', '/api/v1/clients', {
        name: long('Ada'),
        about: long('Sleeps'),
        contact: long('Phone'),
        tags: ['tag'.repeat(13), 'short'],
        riskFactors: [long('Alone')],
      })
    ).body;
    const milestones = [{ title: long('Step'), state: 'open', dueOn: '2027-02-01' }];
    await app.json('POST', `/api/v1/clients/${id}/goals`, { title: long('Goal'), detail: long('Why'), milestones });
    const { page, context, complaints } = await openWindow(browser, { ...phone, colorScheme: 'dark' });
    await page.goto(`${app.url}/clients/${id}`);
    await page.getByRole('button', { name: /^Change goal/ }).waitFor();
    await expectFits(page);
    await picture(page, 'client-phone-dark');
    await page.getByRole('button', { name: /^Change goal/ }).click();
    await expectFits(page);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
