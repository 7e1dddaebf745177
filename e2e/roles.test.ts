import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { makeMember, type TestMember } from '../packages/server/src/test/team.ts';
import { desktop, expectAccessible, openWindow } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

const all = ['owner', 'administrator', 'supervisor', 'facilitator', 'author', 'analyst'] as const;
type Role = (typeof all)[number];
const heads = ['owner', 'administrator'] as const;
const clinical = [...heads, 'supervisor', 'facilitator'] as const;

interface Entry {
  path: string;
  heading: string;
  /** The link of the menu that leads there. */
  link?: string;
  roles: readonly Role[];
  /** What stands there to be pressed, and for whom. */
  controls?: Record<string, readonly Role[]>;
}

let house: House;
let browser: Browser;
let app: TestApp;
/** What the pages are about; `:name` in a path stands for one of them. */
let ids: Record<string, string>;
let members: Record<Role, TestMember>;

beforeAll(async () => {
  house = await openHouse();
  ({ browser, app } = house);
  const persona = await makePersona(app);
  const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Ada' });
  const session = await makeSession(app, persona, { clientId: client.id, title: 'First talk' });
  const { body: base } = await app.json('POST', '/api/v1/knowledge-bases', { name: 'House rules' });
  const silence = { title: 'Silence', text: '# Silence\n\nAt ten.' };
  const { body: document } = await app.json('POST', `/api/v1/knowledge-bases/${base.id}/documents`, silence);
  const { body: thread } = await app.json('POST', `/api/v1/clients/${client.id}/threads`, { name: 'Flying' });
  ids = { persona, client: client.id, thread: thread.id, session: session.id, base: base.id, document: document.id };
  members = {} as typeof members;
  for (const role of all) members[role] = await makeMember(app, `Member ${role}`, [role]);
  await app.json('PUT', `/api/v1/clients/${client.id}/assignments`, { memberIds: [members.facilitator.id] });
});
afterAll(() => house?.close());

const pages: Entry[] = [
  { path: '/', heading: 'Sessions', link: 'Sessions', roles: clinical, controls: { 'New session': clinical } },
  { path: '/sessions/new', heading: 'New session', roles: clinical, controls: { 'Start the session': clinical } },
  {
    path: '/sessions/:session',
    heading: 'First talk',
    roles: clinical,
    controls: {
      Pause: clinical,
      'Take over': clinical,
      'End session': clinical,
      'Send guidance': clinical,
      PDF: clinical,
    },
  },
  {
    path: '/sessions/:session/insights',
    heading: 'Insights: First talk',
    roles: clinical,
    controls: { 'Begin a report': clinical },
  },
  { path: '/escalations', heading: 'Escalations', link: 'Escalations', roles: clinical },
  { path: '/reviews', heading: 'Reviews', link: 'Reviews', roles: clinical, controls: { Decided: clinical } },
  { path: '/wall', heading: 'Live wall', link: 'Live', roles: clinical },
  {
    path: '/personas',
    heading: 'Personas',
    link: 'Personas',
    roles: all,
    controls: { 'New persona': [...heads, 'supervisor', 'author'] },
  },
  {
    path: '/personas/:persona',
    heading: 'Mira',
    roles: all,
    controls: {
      Save: [...heads, 'supervisor', 'author'],
      Publish: [...heads, 'supervisor'],
      Archive: [...heads, 'supervisor', 'author'],
      'Add: Rules': [...heads, 'supervisor', 'author'],
      'Start a session': clinical,
    },
  },
  { path: '/personas/:persona/memories', heading: 'Memories of \u2068Mira\u2069', roles: clinical },
  {
    path: '/clients',
    heading: 'Clients',
    link: 'Clients',
    roles: clinical,
    controls: { 'New client': clinical, 'Break-glass access': ['facilitator'] },
  },
  {
    path: '/clients/:client',
    heading: 'Ada',
    roles: clinical,
    controls: {
      'New goal': clinical,
      'Write the note': clinical,
      'Enter a PHQ-9': clinical,
      'Begin a report': clinical,
    },
  },
  {
    path: '/clients/:client/insights',
    heading: 'Insights: \u2068Ada\u2069',
    roles: clinical,
    controls: { 'Begin a report': clinical },
  },
  { path: '/clients/:client/memories', heading: 'Memories of \u2068Ada\u2069', roles: clinical },
  { path: '/threads', heading: 'Threads', link: 'Threads', roles: clinical, controls: { 'New thread': clinical } },
  { path: '/threads/:thread', heading: 'Flying', roles: clinical, controls: { 'Refer to a memory': clinical } },
  { path: '/threads/:thread/insights', heading: 'Insights: \u2068Flying\u2069', roles: clinical },
  {
    path: '/knowledge',
    heading: 'Knowledge',
    link: 'Knowledge',
    roles: all,
    controls: { 'New knowledge base': [...heads, 'author'] },
  },
  {
    path: '/knowledge/:base',
    heading: 'House rules',
    roles: all,
    controls: {
      'Test retrieval': all,
      'Settings and access': [...heads, 'author'],
      'Paste text': [...heads, 'author'],
      'Delete: Silence': [...heads, 'author'],
      'Download: Silence': all,
    },
  },
  { path: '/knowledge/:base/test', heading: 'Test retrieval', roles: all },
  {
    path: '/knowledge/:base/documents/:document',
    heading: 'Silence',
    roles: all,
    controls: { 'Download the original': all, 'Read it again': [...heads, 'author'] },
  },
  { path: '/knowledge/:base/evaluations', heading: 'Evaluations', roles: all },
  { path: '/knowledge/:base/answers', heading: 'Approved answers', roles: all },
  {
    path: '/insights',
    heading: 'Figures of supervision',
    link: 'Figures',
    roles: [...heads, 'supervisor', 'analyst'],
  },
  {
    path: '/audit',
    heading: 'Audit log',
    link: 'Audit',
    roles: [...heads, 'supervisor'],
    controls: { 'Export as CSV': heads, 'Check the whole log': [...heads, 'supervisor'] },
  },
  {
    path: '/break-glass',
    heading: 'Break-glass access',
    roles: clinical,
    controls: { 'Break the glass': [...heads, 'facilitator'] },
  },
  {
    path: '/privacy',
    heading: 'Privacy',
    link: 'Privacy',
    roles: [...heads, 'supervisor', 'analyst'],
    controls: { Prepare: [...heads, 'analyst'], 'Erase…: Ada': heads, 'Copy the key': [...heads, 'supervisor'] },
  },
  {
    path: '/security',
    heading: 'Security',
    link: 'Security',
    roles: all,
    controls: { 'Add a passkey': all, 'Add the provider': heads },
  },
  { path: '/mailbox', heading: 'Development mailbox', roles: heads },
  {
    path: '/settings',
    heading: 'Settings',
    link: 'Settings',
    roles: clinical,
    controls: { Save: heads, 'Add a provider': heads, 'Set price': heads, 'Set budget': heads },
  },
  {
    path: '/settings/members',
    heading: 'Members',
    roles: clinical,
    controls: { 'Invite somebody': heads, 'Open: Olga': heads },
  },
  {
    path: '/settings/roles',
    heading: 'Roles',
    roles: clinical,
    controls: { 'New role': heads, 'Open: Author': clinical },
  },
  { path: '/settings/teams', heading: 'Teams', roles: clinical, controls: { 'New team': heads } },
  { path: '/settings/api-keys', heading: 'API keys', roles: heads, controls: { 'New API key': heads } },
];

const refused = 'This page is not open to you';

/** A window of somebody, and everything that it was refused or complained about. */
async function windowOf({ headers }: TestMember) {
  const { page, context, complaints } = await openWindow(browser, desktop);
  const [name = '', value = ''] = headers.cookie.split('=');
  await context.addCookies([{ name, value, url: app.url }]);
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${new URL(response.url()).pathname}`);
  });
  return { page, context, complaints };
}

const addressOf = (path: string) => app.url + path.replace(/:(\w+)/g, (_, name: string) => ids[name] ?? '');
const pressable = (within: Page | Locator, name: string) =>
  within.getByRole('button', { name, exact: true }).or(within.getByRole('link', { name, exact: true }));

async function expectPage(page: Page, entry: Entry, role: Role) {
  await page.goto(addressOf(entry.path), { waitUntil: 'networkidle' });
  // On a busy machine the network may be quiet before a page has read what it shows.
  const headed = (wanted: string) =>
    expect
      .poll(() => page.getByRole('heading', { level: 1 }).innerText(), { message: entry.path, timeout: 15_000 })
      .toBe(wanted);
  if (!entry.roles.includes(role)) {
    // On the way in everybody is led to the first page of their own.
    if (entry.path === '/') await headed('Personas');
    else {
      await headed(refused);
      await page.getByRole('main').getByRole('link', { name: 'Go back to the start' }).waitFor();
    }
    expect(await page.getByRole('main').locator('form').count()).toBe(0);
    return;
  }
  await headed(entry.heading);
  for (const [name, roles] of Object.entries(entry.controls ?? {})) {
    const found = pressable(page.getByRole('main'), name);
    if (roles.includes(role)) await found.first().waitFor();
    else expect(await found.count(), `${role} ${entry.path} ${name}`).toBe(0);
  }
}

describe('what they may do is shown, and what they may not is told kindly', () => {
  let windows: { role: Role; opened: Awaited<ReturnType<typeof windowOf>> }[];
  beforeAll(async () => {
    windows = await Promise.all(all.map(async (role) => ({ role, opened: await windowOf(members[role]) })));
  });
  afterAll(() => Promise.all(windows.map(({ opened }) => opened.context.close())));

  // Most of the time is waiting for a page to become quiet, which goes at once for all.
  test.each(pages)('$path', async (entry) => {
    await Promise.all(windows.map(({ role, opened }) => expectPage(opened.page, entry, role)));
    expect(windows.flatMap(({ opened }) => opened.complaints.splice(0))).toEqual([]);
  });

  test.each(all)('in the menu: %s', async (role) => {
    const page = windows.find((one) => one.role === role)?.opened.page;
    const menu = await page?.getByRole('navigation', { name: 'Main menu' }).getByRole('link').allInnerTexts();
    expect(menu).toEqual(pages.filter((one) => one.link && one.roles.includes(role)).map((one) => one.link));
  });
});

test('a page that is not open says so accessibly, and leads back to one that is', async () => {
  const { page, context, complaints } = await windowOf(members.analyst);
  await page.goto(`${app.url}/audit`);
  await page.getByRole('heading', { name: refused }).waitFor();
  expect(await page.title()).toBe(`${refused} · Rapport`);
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Go back to the start' }).click();
  await page.getByRole('heading', { name: 'Personas', level: 1 }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('a role of one’s own that only reads along writes, steers and takes away nothing', async () => {
  const { body: role } = await app.json('POST', '/api/v1/roles', {
    name: 'Listener',
    permissions: ['sessions.read', 'sessions.follow', 'clients.read', 'clients.read-all', 'providers.read'],
  });
  const { page, context, complaints } = await windowOf(await makeMember(app, 'Listener', [role.id]));
  await page.goto(addressOf('/sessions/:session'), { waitUntil: 'networkidle' });
  await page.getByRole('heading', { name: 'First talk' }).waitFor();
  await page.getByRole('log').waitFor();
  expect(await page.getByRole('textbox').count()).toBe(0);
  for (const name of ['Pause', 'Take over', 'End session', 'PDF', 'Send'])
    expect(await pressable(page, name).count()).toBe(0);
  await page.goto(`${app.url}/settings`, { waitUntil: 'networkidle' });
  await page.getByText('Model providers').waitFor();
  for (const name of ['Add a provider', 'Set price', 'Save']) expect(await pressable(page, name).count()).toBe(0);
  await page.goto(`${app.url}/clients`, { waitUntil: 'networkidle' });
  await page.getByRole('link', { name: 'Ada' }).click();
  await page.getByText('Who looks after this client').waitFor();
  await page.waitForLoadState('networkidle');
  expect(await page.getByRole('main').getByRole('textbox').count()).toBe(0);
  for (const name of ['New goal', 'Write the note', 'Enter a PHQ-9', 'Begin a report'])
    expect(await pressable(page, name).count()).toBe(0);
  await expectAccessible(page);
  expect(complaints).toEqual([]);
  await context.close();
});
