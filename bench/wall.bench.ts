/**
 * The live wall in a real browser: 200 sessions with replies streaming in all of them at once, half of them held for
 * review. What counts is the script the page runs for each frame of the screen.
 */
import { chromium, type CDPSession, type Page } from 'playwright-core';
import { forkUpstream } from './lib/fork.ts';
import { report, type Row } from './lib/report.ts';
import { makePersona, makeSession, startServer, type BenchSession } from './lib/server.ts';
import { percentile, round } from './lib/stats.ts';

const sessions = 200;
const seconds = 15;
/** One token every 100 ms is a person's reading pace times two. */
const model = 'words-400@100';
const goalMs = 16;
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The figures of Chromium's own performance domain, in seconds and counts. */
async function metricsOf(browser: CDPSession): Promise<Record<string, number>> {
  const { metrics } = await browser.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/** The times between the frames that the screen would show, until `ms` have passed. Milliseconds. */
const framesDuring = (page: Page, ms: number): Promise<number[]> =>
  page.evaluate<number[]>(`new Promise((resolve) => {
    const gaps = [];
    const began = performance.now();
    let last = began;
    const frame = (now) => {
      gaps.push(now - last);
      last = now;
      if (now - began > ${ms}) resolve(gaps);
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  })`);

async function measure(what: string, page: Page, cdp: CDPSession): Promise<Row> {
  const before = await metricsOf(cdp);
  const gaps = await framesDuring(page, seconds * 1000);
  const now = await metricsOf(cdp);
  const each = (name: string) => round((((now[name] ?? 0) - (before[name] ?? 0)) * 1000) / gaps.length);
  const script = each('ScriptDuration');
  return {
    what,
    frames: gaps.length,
    'script ms a frame': script,
    'style and layout ms a frame': round(each('LayoutDuration') + each('RecalcStyleDuration')),
    'all tasks ms a frame': each('TaskDuration'),
    'frame gap p50 ms': round(percentile(gaps, 0.5)),
    'frame gap p95 ms': round(percentile(gaps, 0.95)),
    [`script ≤ ${goalMs} ms`]: script <= goalMs ? 'yes' : 'NO',
  };
}

const upstream = await forkUpstream();
const server = await startServer({ RAPPORT_OPENAI_BASE_URL: `${upstream.url}/v1`, RAPPORT_MODEL: model });
const personaId = await makePersona(server);
const all: BenchSession[] = [];
for (let n = 0; n < sessions; n += 1) {
  const session = await makeSession(server, personaId);
  if (n % 2) await server.json('PUT', `/api/v1/sessions/${session.id}/policy`, { policy: 'approve' });
  all.push(session);
}

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable', { timeDomain: 'timeTicks' });
await page.goto(`${server.url}/wall`);
await page.getByText(`${sessions} sessions are running.`).waitFor();
// The last one in the list is the last that is followed.
await after(3000);
const rows = [await measure('nothing is said', page, cdp)];
for (const { id, token } of all) {
  void server.json('POST', `/api/v1/sessions/${id}/messages`, { text: 'go' }, { authorization: `Bearer ${token}` });
  await after(10);
}
await after(3000);
const writing = () => page.locator('.tile .cursor').count();
const inSight = await writing();
rows.push(await measure(`${sessions} replies stream, ${inSight} of them in sight`, page, cdp));
await page.mouse.move(900, 500);
const scrolling = setInterval(() => void page.mouse.wheel(0, 240).catch(() => {}), 250);
rows.push(await measure('the same, while a person scrolls', page, cdp));
clearInterval(scrolling);
await browser.close();
await server.stop();
upstream.close();
report('wall', rows, [
  `${sessions} sessions, half of them under approval, one token every 100 ms in each; a window of 1920 × 1080; ${seconds} s each; script is Chromium's ScriptDuration.`,
  `Goal: script of at most ${goalMs} ms a frame on average.`,
]);
