/**
 * Takes the pictures of the README and the docs from the running product: a server of its own on a temporary data
 * directory, a local upstream as the model, real Chromium. Run it with `npm run screenshots`.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'docs/images');
const port = 4399;
const url = `http://127.0.0.1:${port}`;
const dataDir = mkdtempSync(join(tmpdir(), 'rapport-pictures-'));

const said =
  'That sounds tiring, Sam. Before we look for a step: what was the **last hour** before bed like yesterday?';
const chunk = (content, finish = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: content ? { content } : {}, finish_reason: finish }] })}\n\n`;
const usage = { prompt_tokens: 612, completion_tokens: 24, prompt_tokens_details: { cached_tokens: 512 } };
const upstream = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const last = `${chunk('', 'stop')}data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`;
  response.end(
    said
      .split(/(?<= )/)
      .map((word) => chunk(word))
      .join('') + last,
  );
}).listen(4398, '127.0.0.1');
const server = spawn(process.execPath, [join(root, 'packages/server/src/main.ts')], {
  env: { ...process.env, RAPPORT_PORT: String(port), RAPPORT_DATA_DIR: dataDir, RAPPORT_LOG_LEVEL: 'error' },
  stdio: 'inherit',
});
const ended = new Promise((resolve) => server.once('exit', resolve));
const ready = async () => {
  for (let i = 0; i < 300; i += 1) {
    if (
      await fetch(`${url}/readyz`).then(
        (r) => r.ok,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the server did not become ready');
};
const api = async (method, path, body, headers = {}) => {
  const init = { method, headers: { ...(body ? { 'content-type': 'application/json' } : {}), ...headers } };
  const response = await fetch(`${url}/api/v1${path}`, body ? { ...init, body: JSON.stringify(body) } : init);
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return response.status === 204 ? null : response.json();
};

async function talk() {
  const { personaIds, clientId } = await api('POST', '/demo');
  const session = await api('POST', '/sessions', { personaId: personaIds[0], clientId });
  await api('POST', '/sessions', { personaId: personaIds[1], title: 'Front desk, rehearsal' });
  const invitation = await api('POST', `/sessions/${session.id}/invitations`, { alias: 'Sam' });
  const { accessToken } = await api('POST', `/invitations/${invitation.token}/accept`, {});
  const client = { authorization: `Bearer ${accessToken}` };
  await api('POST', `/sessions/${session.id}/guidance`, { text: 'Ask about the evening before you suggest anything.' });
  await api(
    'POST',
    `/sessions/${session.id}/messages`,
    { text: 'I slept badly again after the night shift. I lay awake until noon.' },
    client,
  );
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const [knowledgeBase] = (await api('GET', '/knowledge-bases')).items.filter(({ name }) =>
    name.startsWith('Wellbeing'),
  );
  const unused = await api('POST', `/sessions/${session.id}/invitations`, { alias: 'Sam, second device' });
  return { session, accessToken, personaId: personaIds[0], knowledgeBase, unused };
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

async function picture(name, path, { dark = false, phone = false, before, act } = {}) {
  const context = await browser.newContext({
    viewport: phone ? { width: 390, height: 780 } : { width: 1280, height: 800 },
    colorScheme: dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  if (before) {
    await page.goto(`${url}/icon.svg`);
    await page.evaluate(before.run, before.with);
  }
  await page.goto(url + path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await act?.(page);
  await page.waitForTimeout(700);
  await page.screenshot({ path: join(out, `${name}.png`) });
  await context.close();
}

try {
  mkdirSync(out, { recursive: true });
  await ready();
  await picture('setup', '/setup');
  const provider = { kind: 'openai', baseUrl: 'http://127.0.0.1:4398/v1', model: 'local-model', label: 'Local model' };
  await api('POST', '/setup', { ownerName: 'Owner', organisation: 'Riverside Practice', provider });
  await picture('empty', '/');
  const { session, accessToken, personaId, knowledgeBase, unused } = await talk();
  const run = ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token);
  const before = { run, with: [session.id, accessToken] };
  await picture('sessions', '/');
  await picture('session', `/sessions/${session.id}`);
  await picture('session-dark', `/sessions/${session.id}`, { dark: true });
  await picture('session-phone', `/sessions/${session.id}`, { phone: true });
  await picture('chat', `/chat/${session.id}`, { before });
  await picture('chat-phone', `/chat/${session.id}`, { phone: true, dark: true, before });
  await picture('persona', `/personas/${personaId}`);
  await picture('settings', '/settings');
  await picture('knowledge', '/knowledge');
  await picture('new-session', '/sessions/new', {
    async act(page) {
      await page.getByRole('combobox', { name: 'Persona' }).fill('Mira');
      await page.getByRole('combobox', { name: 'Client' }).fill('Sam (demo)');
    },
  });
  await picture('invite', `/sessions/${session.id}`, {
    async act(page) {
      await page.getByRole('button', { name: 'Invite the client' }).click();
      await page.getByLabel('Name or alias for the client (optional)').fill('Sam');
      await page.getByRole('button', { name: 'Create the link' }).click();
      await page.getByLabel('Link', { exact: true }).waitFor();
      // What the link opens stays out of the picture.
      await page.getByLabel('Link', { exact: true }).evaluate((input) => {
        input.value = 'http://127.0.0.1:4310/join/…';
      });
      await page
        .getByRole('img', { name: 'QR code of the link' })
        .evaluate((image) => (image.style.filter = 'blur(3px)'));
    },
  });
  await picture('join', `/join/${unused.token}`, { phone: true });
  await picture('documents', `/knowledge/${knowledgeBase.id}`);
  await picture('passages', `/knowledge/${knowledgeBase.id}/test`, {
    async act(page) {
      await page.getByLabel('A question, as a client would write it').fill('What helps after a night shift?');
      await page.getByRole('button', { name: 'Search' }).click();
      await page.getByText('score').first().waitFor();
    },
  });
  await picture('takeover', `/sessions/${session.id}`, {
    async act(page) {
      await page.getByRole('button', { name: 'Take over' }).click();
      await page
        .getByLabel('Write to the client')
        .fill('This is Ann from the team, I am reading along. How are you feeling right now?');
    },
  });
} finally {
  await browser.close();
  upstream.close();
  upstream.closeAllConnections();
  server.kill('SIGTERM');
  await ended;
  rmSync(dataDir, { recursive: true, force: true });
}
