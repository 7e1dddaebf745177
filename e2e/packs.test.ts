import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { desktop, expectFits, narrow, openWindow, phone, picture } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

let house: House;
let browser: Browser;
let app: TestApp;

beforeAll(async () => {
  house = await openHouse();
  ({ browser, app } = house);
});
afterAll(() => house?.close());

describe('jurisdiction packs', () => {
  test('are chosen on the page of the organisation, and say there what they enforce and why nothing weaker goes', async () => {
    const { page, complaints } = await openWindow(browser, desktop);
    await page.goto(`${app.url}/settings`);
    const packs = page.getByRole('group', { name: 'Jurisdiction packs' });
    await packs.getByText('Illinois: therapy by licensed people', { exact: true }).waitFor();
    await packs.getByText('Source, reasons and limits: Illinois').click();
    await packs.getByText('Section 20(b)(1) and (2)').waitFor();
    expect(await packs.getByRole('link', { name: /Public Act 104-0054/ }).getAttribute('href')).toContain('ilga.gov');
    await packs.getByRole('checkbox', { name: /Illinois/ }).check();
    await packs.getByRole('checkbox', { name: /California/ }).check();
    await packs.getByRole('button', { name: 'Put these in force' }).click();
    await packs.getByText('in force, version 2026.1').first().waitFor();
    const least = page.getByLabel('At least', { exact: true });
    await expect.poll(() => least.inputValue()).toBe('draft-only');
    await page.getByText(/Nothing weaker than .* can be chosen because of: Illinois/).waitFor();
    expect(await least.locator('option[value=approve]').isDisabled()).toBe(true);
    await packs.getByText('Changes', { exact: true }).click();
    await packs.getByText('us-ca-sb243 2026.1, us-il-wopr 2026.1').waitFor();
    await expectFits(page);
    await picture(page, 'packs-desktop');
    await page.emulateMedia({ colorScheme: 'dark' });
    await expectFits(page);
    await picture(page, 'packs-dark');
    expect(complaints).toEqual([]);
  });

  test('a session says why it stands where it stands, on a phone, too', async () => {
    await app.json('PUT', '/api/v1/organisation/packs', { packs: ['us-il-wopr', 'eu-ai-act-50'] });
    const session = await makeSession(app, await makePersona(app));
    for (const [name, options] of [
      ['phone', phone],
      ['narrow', narrow],
    ] as const) {
      const { page, context } = await openWindow(browser, options);
      await page.goto(`${app.url}/settings`);
      await page.getByText('in force, version 2026.1').first().waitFor();
      await expectFits(page);
      await picture(page, `packs-${name}`);
      await page.goto(`${app.url}/sessions/${session.id}`);
      await page.getByText(/Nothing weaker than .* can be chosen because of: Illinois/).waitFor();
      await expectFits(page);
      await picture(page, `packs-session-${name}`);
      await context.close();
    }
  });
});
