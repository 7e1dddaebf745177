import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { makeMember, otherOrganisation } from '../packages/server/src/test/team.ts';
import { desktop, expectFits, narrow, openWindow } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

const long = (word: string) => `${word} ${word.repeat(12)}`;
let house: House;
let browser: Browser;
let app: TestApp;
let ids: Record<string, string>;

beforeAll(async () => {
  house = await openHouse();
  ({ browser, app } = house);
  const post = async (path: string, body?: object) => (await app.json('POST', `/api/v1${path}`, body)).body;
  await app.json('PATCH', '/api/v1/organisation', { name: long('House') });
  const persona = await makePersona(app, { name: long('Mira'), role: long('coach') });
  const client = await post('/clients', {
    name: long('Ada'),
    about: long('Sleeps'),
    tags: ['tag'.repeat(13)],
    riskFactors: [long('Alone')],
  });
  const session = await makeSession(app, persona, { clientId: client.id, title: long('Talk') });
  await post(`/sessions/${session.id}/messages`, { text: long('Hello') });
  const base = await post('/knowledge-bases', { name: long('Rules') });
  const text = { title: long('Tea'), text: `# ${long('Tea')}`, folder: long('Drinks'), tags: ['tag'.repeat(15)] };
  const document = await post(`/knowledge-bases/${base.id}/documents`, text);
  const member = await makeMember(app, long('Finn'), ['facilitator']);
  await otherOrganisation(app, member);
  await post('/member-invitations', { roles: ['author'], email: `${'guest'.repeat(10)}@house.example` });
  await post('/roles', { name: long('Desk').slice(0, 60), permissions: ['clients.read'] });
  await post('/teams', { name: long('West') });
  await post('/api-keys', { name: long('Report'), scopes: ['members.read'] });
  await post('/break-glass', { clientId: client.id, reason: `${long('Urgent')} indeed`, minutes: 15 });
  await post('/privacy/holds', { subject: { kind: 'client', id: client.id }, reason: long('Court') });
  await post('/privacy/deid-exports', { form: 'anonymised', purpose: 'research', pick: {}, terms: [] });
  const folder = await post('/thread-folders', { name: long('Folder').slice(0, 80) });
  const thread = await post(`/clients/${client.id}/threads`, { name: long('Flying'), folderId: folder.id });
  ids = { persona, client: client.id, thread: thread.id, session: session.id, base: base.id, document: document.id };
});
afterAll(() => house?.close());

const paths = [
  '/',
  '/sessions/new',
  '/sessions/:session',
  '/reviews',
  '/wall',
  '/personas',
  '/personas/:persona',
  '/clients',
  '/clients/:client',
  '/threads',
  '/threads/:thread',
  '/threads/:thread/insights',
  '/knowledge',
  '/knowledge/:base',
  '/knowledge/:base/test',
  '/knowledge/:base/documents/:document',
  '/audit',
  '/break-glass',
  '/privacy',
  '/security',
  '/mailbox',
  '/settings',
  '/settings/members',
  '/settings/roles',
  '/settings/teams',
  '/settings/api-keys',
  '/sign-in',
  '/join-team/none',
  '/nowhere',
];
const addressOf = (path: string) => app.url + path.replace(/:(\w+)/g, (_, name: string) => ids[name] ?? '');

type Window = Awaited<ReturnType<typeof openWindow>>;

describe.each([
  ['a narrow phone in the dark', narrow, 'dark'],
  ['a desktop in the light', desktop, 'light'],
] as const)('on %s', (_, size, colorScheme) => {
  let opened: Window;
  beforeAll(async () => {
    opened = await openWindow(browser, { ...size, colorScheme });
  });
  afterAll(() => opened?.context.close());

  test.each(paths)('%s fits and is accessible with long names, and its one heading is its title', async (path) => {
    const { page, complaints } = opened;
    await page.goto(addressOf(path), { waitUntil: 'networkidle' });
    await expectFits(page);
    const [heading, ...further] = await page.getByRole('heading', { level: 1 }).allInnerTexts();
    expect(further).toEqual([]);
    expect(await page.title()).toBe(`${heading} · Rapport`);
    expect(complaints.splice(0)).toEqual([]);
  });
});

const dialogs: [path: string, opener: RegExp][] = [
  ['/personas', /^New persona$/],
  ['/clients', /^New client$/],
  ['/clients/:client', /^New goal$/],
  ['/threads', /^New thread$/],
  ['/threads/:thread', /^Change$/],
  ['/knowledge', /^New knowledge base$/],
  ['/knowledge/:base', /^Paste text$/],
  ['/knowledge/:base', /^From a web address$/],
  ['/knowledge/:base', /^Rename or move: Tea/],
  ['/knowledge/:base', /^Delete: Tea/],
  ['/knowledge/:base', /^Settings and access$/],
  ['/break-glass', /^Break the glass$/],
  ['/privacy', /^Texts: Research$/],
  ['/privacy', /^Hold…: Ada/],
  ['/privacy', /^Erase…: Ada/],
  ['/privacy', /^Lift…: Ada/],
  ['/settings', /^Add a provider$/],
  ['/settings/members', /^Invite somebody$/],
  ['/settings/members', /^Open: Finn/],
  ['/settings/roles', /^New role$/],
  ['/settings/roles', /^Open: Author$/],
  ['/settings/teams', /^New team$/],
  ['/settings/api-keys', /^New API key$/],
  ['/settings/api-keys', /^Revoke: Report/],
  ['/sessions/:session', /^Invite the client$/],
  ['/sessions/:session', /^End session$/],
];

const hasFocus = (where: Locator) => where.evaluate((box) => box.contains(document.activeElement));
/** What the browser draws around whatever has the focus, in pixels. */
const ring = (page: Page) =>
  page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
    return outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth);
  });

describe('a dialog is opened, walked through and left by the keyboard, which goes on where it was', () => {
  let opened: Window;
  beforeAll(async () => {
    opened = await openWindow(browser, narrow);
  });
  afterAll(() => opened?.context.close());

  test.each(dialogs)('%s %s', async (path, opener) => {
    const { page, complaints } = opened;
    if (page.url() !== addressOf(path)) await page.goto(addressOf(path), { waitUntil: 'networkidle' });
    const button = page.getByRole('button', { name: opener }).first();
    await button.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('heading', { level: 2 }).first().waitFor();
    await expect.poll(() => hasFocus(dialog)).toBe(true);
    const count = await dialog.locator('button, input, select, textarea, a, summary').count();
    for (let at = 0; at < Math.min(count, 8); at += 1) {
      await page.keyboard.press('Tab');
      // The browser's own bar may come between the last and the first; the page behind never does.
      const behind = await page.evaluate(
        () => document.activeElement !== document.body && !document.activeElement?.closest('dialog'),
      );
      expect(behind).toBe(false);
      if (await hasFocus(dialog)) expect(await ring(page)).toBeGreaterThanOrEqual(2);
    }
    await expectFits(page);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await hasFocus(button)).toBe(true);
    expect(complaints.splice(0)).toEqual([]);
  });
});

test('the keyboard goes on in the list when the row it was in is gone', async () => {
  await app.json('POST', '/api/v1/api-keys', { name: 'First', scopes: ['members.read'] });
  const { page, context, complaints } = await openWindow(browser, narrow);
  await page.goto(`${app.url}/settings/api-keys`);
  await page.getByRole('button', { name: 'Revoke: First' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('First', { exact: true }).waitFor({ state: 'detached' });
  await expect.poll(() => hasFocus(page.getByRole('main'))).toBe(true);
  expect(complaints).toEqual([]);
  await context.close();
});
