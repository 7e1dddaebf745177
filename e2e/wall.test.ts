import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { startUpstream, type Upstream } from '../packages/server/src/test/upstream.ts';
import { desktop, expectFits, launch, openWindow } from './lib/browser.ts';

const webRoot = resolve(import.meta.dirname, '../packages/web/dist');
const count = 200;
const together = 10;
/** As the page takes rooms on: so many are asked for before the first of them has answered. */
const atOnce = 20;
let browser: Browser;
let upstream: Upstream;
let app: TestApp;
let sessions: { id: string; roomId: string; title: string }[];

/** In their order, a few at a time. */
async function each<T, R>(all: T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < all.length; at += together)
    done.push(...(await Promise.all(all.slice(at, at + together).map(work))));
  return done;
}

const say = async ({ id }: { id: string }, text: string) => {
  const { status } = await app.json('POST', `/api/v1/sessions/${id}/messages`, { text });
  expect(status).toBe(202);
};

beforeAll(async () => {
  [browser, upstream] = await Promise.all([launch(), startUpstream()]);
  app = await startTestApp({ upstream: { url: upstream.url, model: 'words-3' }, config: { webRoot } });
  const personaId = await makePersona(app);
  sessions = await each(
    Array.from({ length: count }, (_, at) => `Talk ${String(at).padStart(3, '0')}`),
    async (title) => (await app.json('POST', '/api/v1/sessions', { personaId, title })).body,
  );
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await upstream?.close();
});

interface Taken {
  /** Rooms that the page asked for, and those of them that follow. */
  asked: Set<string>;
  synced: Set<string>;
  /** The most that were asked for and had not answered. */
  waiting: number;
}

/** Which rooms of sessions the page takes on over its socket. */
function watchRooms(page: Page): Taken {
  const taken: Taken = { asked: new Set(), synced: new Set(), waiting: 0 };
  const answered = new Set<string>();
  const rooms = new Set(sessions.map(({ roomId }) => roomId));
  const on = (payload: string | Buffer, told: (t: string, room: string) => void) => {
    const { t, room } = JSON.parse(String(payload)) as { t: string; room?: string };
    if (room !== undefined && rooms.has(room)) told(t, room);
  };
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) =>
      on(payload, (t, room) => {
        if (t === 'sub') taken.asked.add(room);
        taken.waiting = Math.max(taken.waiting, taken.asked.size - answered.size);
      }),
    );
    // Where its log ends comes first, then that there is nothing more.
    socket.on('framereceived', ({ payload }) =>
      on(payload, (t, room) => {
        answered.add(room);
        if (t === 'synced') taken.synced.add(room);
      }),
    );
  });
  return taken;
}

test('the wall follows 200 running sessions, taken on a few at a time, and shows what happens in each of them', async () => {
  const { page, context, complaints } = await openWindow(browser, desktop);
  const taken = watchRooms(page);
  await page.goto(`${app.url}/wall`);
  await page.getByText(`${count} sessions are running.`).waitFor();
  await expect.poll(() => taken.synced.size, { timeout: 40_000 }).toBe(count);
  expect(taken.asked.size).toBe(count);
  expect(taken.waiting).toBeLessThanOrEqual(atOnce);
  // From here on nothing is read: what a tile shows has come to the page by itself.
  const nothing = { items: [], next: null };
  await page.route('**/api/v1/sessions/*/messages*', (route) => route.fulfill({ json: nothing }));
  await each(sessions, (one) => say(one, `Said in ${one.title}.`));
  const tile = (title: string) => page.locator('.tile', { has: page.getByRole('link', { name: title, exact: true }) });
  const [first, last] = [sessions[0]?.title ?? '', sessions.at(-1)?.title ?? ''];
  for (const title of [first, last]) {
    await tile(title).scrollIntoViewIfNeeded();
    await tile(title).getByText(`Said in ${title}.`).waitFor();
    await tile(title)
      .getByText(/w0 w1 w2/)
      .waitFor();
  }
  await expectFits(page);
  // High enough for all of them.
  await page.setViewportSize({ width: 1280, height: 30_000 });
  const shown = () =>
    page.locator('.tile').evaluateAll(
      (tiles) =>
        tiles.filter((one) => {
          const title = one.querySelector('a')?.textContent ?? '';
          return (one.textContent ?? '').includes(`Said in ${title}.`) && (one.textContent ?? '').includes('w0 w1 w2');
        }).length,
    );
  await expect.poll(shown, { timeout: 40_000 }).toBe(count);
  for (const session of [sessions[0], sessions.at(-1)]) {
    if (!session) continue;
    await say(session, 'And once more.');
    await tile(session.title).getByText('And once more.').waitFor();
  }
  expect(complaints).toEqual([]);
  await context.close();
}, 120_000);
