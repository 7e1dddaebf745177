import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { getDocumentProxy } from 'unpdf';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { makeBase } from '../packages/server/src/test/knowledge.ts';
import { desktop, expectFits, openWindow, phone, picture } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

const file = async (name: string) =>
  new Uint8Array(await readFile(resolve(import.meta.dirname, '../packages/server/src/test/documents', name)));

let house: House;
let browser: Browser;
let app: TestApp;
let baseId: string;
let documentId: string;

beforeAll(async () => {
  house = await openHouse();
  ({ browser, app } = house);
  ({ id: baseId } = await makeBase(app, { name: 'Better nights' }));
});
afterAll(() => house?.close());

const quote = 'felt at midnight';

/** Where a program other than the page's finds the line, as a fraction of the height of its page. */
async function heightOf(name: string, page: number, line: string): Promise<number> {
  const pdf = await getDocumentProxy(await file(name), { verbosity: 0 });
  const found = await pdf.getPage(page);
  const { items } = await found.getTextContent();
  const item = items.find((one) => 'str' in one && one.str.includes(line));
  if (!item || !('transform' in item)) throw new Error(`${line} is not on page ${page} of ${name}`);
  return 1 - Number(item.transform[5]) / found.getViewport({ scale: 1 }).height;
}

/** What is seen of a page: where the marks stand on it, and how much of the marked place, and of the rest, is ink. */
const seen = (page: Page, within: string) =>
  page.locator(`${within} .drawn`).evaluate((box) => {
    const canvas = box.querySelector('canvas') as HTMLCanvasElement;
    const whole = canvas.getBoundingClientRect();
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const ink = (x: number, y: number, width: number, height: number) => {
      const { data } = context.getImageData(
        x * canvas.width,
        y * canvas.height,
        Math.max(width * canvas.width, 1),
        Math.max(height * canvas.height, 1),
      );
      let dark = 0;
      for (let at = 0; at < data.length; at += 4) if ((data[at] ?? 255) < 128) dark += 4;
      return dark / data.length;
    };
    const marks = [...box.querySelectorAll('rect')].map((rect) => {
      const { left, top, width, height } = rect.getBoundingClientRect();
      const [x, y] = [(left - whole.left) / whole.width, (top - whole.top) / whole.height];
      const size = [width / whole.width, height / whole.height] as const;
      return { from: y, to: y + size[1], ink: ink(x, y, ...size) };
    });
    return { marks, ink: ink(0, 0, 1, 1) };
  });

async function expectMarked(page: Page, within: string) {
  await page
    .locator(within)
    .getByText(/The passage is marked\./)
    .waitFor();
  const { marks, ink } = await seen(page, within);
  const height = await heightOf('handbook.pdf', 1, quote);
  expect(marks.some(({ from, to }) => from < height && height < to)).toBe(true);
  expect(ink).toBeGreaterThan(0.01);
  for (const mark of marks) expect(mark.ink).toBeGreaterThan(ink);
}

test('a PDF is uploaded, read, asked about, quoted, and the quote is seen on its page', async () => {
  const staff = await openWindow(browser, desktop);
  const { page } = staff;
  await page.goto(`${app.url}/knowledge/${baseId}`);
  await page.getByText('Connecting…').waitFor({ state: 'hidden' });
  await page
    .getByLabel('Drop files or folders here, or choose files')
    .setInputFiles([
      { name: 'Handbook.pdf', mimeType: 'application/pdf', buffer: Buffer.from(await file('handbook.pdf')) },
    ]);
  await page.getByText(/3 pages · \d+ passages/).waitFor();
  const { body } = await app.json('GET', `/api/v1/knowledge-bases/${baseId}/documents`);
  documentId = body.items[0].id;
  const session = await makeSession(app, await makePersona(app, { knowledgeBaseId: baseId }));
  await page.goto(`${app.url}/sessions/${session.id}`);
  await app.json(
    'POST',
    `/api/v1/sessions/${session.id}/messages`,
    { text: 'Until when may a café at four in the afternoon be felt?' },
    session.client,
  );
  const side = page.getByRole('complementary', { name: 'Supervision' });
  const source = side.locator('.source').filter({ hasText: quote }).getByRole('link').first();
  await source.hover();
  await page.getByRole('tooltip').locator('mark').getByText(quote).first().waitFor();
  await expectMarked(page, '.surroundings');
  await picture(page, 'pdf-hover-desktop', {});
  await expectFits(page);
  await source.click();
  await expectMarked(page, '.beside');
  await expectFits(page);
  await picture(page, 'pdf-page-desktop', {});
  await page.getByRole('button', { name: 'Next page' }).click();
  await page.getByText('Page 2 of 3').waitFor();
  await page.getByRole('img', { name: /^Page 2 of / }).waitFor();
  await expect.poll(() => page.locator('.drawn').getAttribute('aria-busy')).toBe('false');
  expect(await seen(page, '.beside')).toMatchObject({ marks: [] });
  expect((await seen(page, '.beside')).ink).toBeGreaterThan(0.01);
  await page.getByRole('button', { name: 'Previous page' }).click();
  await expectMarked(page, '.beside');
  expect(staff.complaints).toEqual([]);
  await staff.context.close();
}, 120_000);

test('in a session on a phone the page comes with the focus', async () => {
  const { page, context, complaints } = await openWindow(browser, phone);
  const { body } = await app.json('GET', '/api/v1/sessions');
  await page.goto(`${app.url}/sessions/${body.items[0].id}`);
  const source = page.locator('.source').filter({ hasText: quote }).getByRole('link').first();
  await page
    .locator('summary')
    .filter({ hasText: /Sources|Supervision/ })
    .first()
    .click();
  await source.focus();
  await expectMarked(page, '.surroundings');
  await expectFits(page);
  await picture(page, 'pdf-hover-phone', {});
  expect(complaints).toEqual([]);
  await context.close();
});

const address = async () => {
  const { body } = await app.json('GET', `/api/v1/knowledge-bases/${baseId}/documents/${documentId}`);
  const start = body.text.indexOf(quote);
  return `${app.url}/knowledge/${baseId}/documents/${documentId}?start=${start}&end=${start + quote.length}`;
};

test('on a phone, in the dark, the page stands above its text', async () => {
  const { page, context, complaints } = await openWindow(browser, { ...phone, colorScheme: 'dark' });
  await page.goto(await address());
  await expectMarked(page, '.beside');
  await page.locator('.reading mark').getByText(quote).waitFor();
  await expectFits(page);
  await picture(page, 'pdf-page-phone-dark');
  expect(complaints).toEqual([]);
  await context.close();
});

/** In place of the document's file: as long as it says, with what comes at first, and the rest when it is let go. */
async function comesSlowly(page: Page, length: number, first: Buffer) {
  let goOn: (rest: Buffer) => void = () => {};
  const site = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': length, 'access-control-allow-origin': '*' });
    response.write(first);
    goOn = (rest) => response.end(rest);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  const { port } = site.address() as AddressInfo;
  await page.route(/\/file\?version=/, (route) => route.continue({ url: `http://127.0.0.1:${port}/` }));
  const close = () => {
    site.closeAllConnections();
    site.close();
  };
  return { goOn: (rest: Buffer) => goOn(rest), close };
}

test('while a long file is on its way, how much of it is there is seen, and the text can be read', async () => {
  const { page, context, complaints } = await openWindow(browser, desktop);
  const whole = Buffer.from(await file('handbook.pdf'));
  const slow = await comesSlowly(page, whole.length, whole.subarray(0, 20_000));
  await page.goto(await address());
  const bar = page.getByRole('progressbar', { name: 'The file is on its way.' });
  await expect.poll(() => bar.getAttribute('value')).toBe(String(20_000 / whole.length));
  await page.locator('.reading mark').getByText(quote).waitFor();
  await expectFits(page);
  slow.goOn(whole.subarray(20_000));
  await expectMarked(page, '.beside');
  expect(complaints).toEqual([]);
  slow.close();
  await context.close();
});

test('where the program that draws is not there any more, that is said at once', async () => {
  const { page, context, complaints } = await openWindow(browser, desktop);
  await page.route(/pdf\.worker/, (route) => route.fulfill({ status: 404 }));
  await page.goto(await address());
  await page.locator('.beside').getByText('did not arrive').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('of a file that is too large nothing more is fetched', async () => {
  const { page, context, complaints } = await openWindow(browser, desktop);
  const slow = await comesSlowly(page, 60_000_001, Buffer.from('%PDF-1.7'));
  await page.goto(await address());
  await page.locator('.beside').getByText('too large to be drawn').waitFor();
  await expectFits(page);
  expect(complaints).toEqual([]);
  slow.close();
  await context.close();
});

test.each([
  ['damaged', async () => Buffer.from('%PDF-1.7\nnot at all'), 'the file is damaged'],
  ['cut off', async () => Buffer.from((await file('handbook.pdf')).slice(0, 700)), 'the file is damaged'],
  ['locked', async () => Buffer.from(await file('sealed.pdf')), 'asks for a password'],
  ['without the passage', async () => Buffer.from(await file('scan.pdf')), 'was not found on this page'],
  ['kept back', () => Promise.resolve(null), 'did not arrive'],
])('of a file that is %s, that is said, and the text stays', async (_, given, words) => {
  const { page, context, complaints } = await openWindow(browser, desktop);
  const body = await given();
  await page.route(/\/file\?version=/, (route) => (body ? route.fulfill({ body }) : route.abort()));
  await page.goto(await address());
  await page.locator('.beside').getByText(words).waitFor();
  await page.locator('.reading mark').getByText(quote).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
