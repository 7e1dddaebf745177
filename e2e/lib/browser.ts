import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, devices, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** The real Chromium of the system; `npm test` says where it is. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

export const phone = { ...devices['Pixel 7'] };
/** As narrow as phones come. */
export const narrow = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
export const desktop = { viewport: { width: 1280, height: 800 } };

/** A window of its own, as another person's would be. Anything the page complains about fails the test. */
export async function openWindow(browser: Browser, options: Parameters<Browser['newContext']>[0] = desktop) {
  const context: BrowserContext = await browser.newContext(options);
  const page: Page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A refused request is part of some stories; what the page itself does wrong never is.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  return { context, page, complaints };
}

/** No accessibility violation on the page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  // A page that has not come yet has no violation, or only those of an empty one.
  await page.locator('main h1, main h2').first().waitFor();
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  const found = violations.map((v) => `${page.url()} ${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
  expect(found).toEqual([]);
}

/** Accessible, and nothing of it, an open dialog included, sticks out to the side. */
export async function expectFits(page: Page): Promise<void> {
  await expectAccessible(page);
  const wide = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('dialog[open], main, header')]
      .filter((box) => box.scrollWidth > box.clientWidth)
      .map((box) => box.tagName),
  );
  expect(wide, `${page.url()} scrolls sideways`).toEqual([]);
}

const pictures = process.env['RAPPORT_PICTURES'];

/** What a page looks like, kept where `RAPPORT_PICTURES` says for people to look at; elsewhere nothing. */
export async function picture(
  page: Page,
  name: string,
  options: { fullPage?: boolean } = { fullPage: true },
): Promise<void> {
  if (!pictures) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), ...options });
}
