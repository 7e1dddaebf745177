import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../packages/server/src/test/app.ts';
import { signInAtProvider, startOidc } from '../packages/server/src/test/oidc.ts';
import { totpOf } from '../packages/server/src/test/totp.ts';
import { desktop, expectAccessible, expectFits, launch, narrow, openWindow, phone } from './lib/browser.ts';
import { webRoot } from './lib/house.ts';

const email = 'olga@house.example';
const password = 'correct horse battery';
let browser: Browser;
let app: TestApp;
/** Passkeys need a name, not an address of numbers. */
let base: string;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  app = await startTestApp({ config: { webRoot } });
  base = app.url.replace('127.0.0.1', 'localhost');
  await app.json('PUT', '/api/v1/me/password', { password });
});
afterEach(() => app?.close());

async function signIn(page: Page) {
  await page.goto(`${base}/sign-in`);
  await page.getByLabel('Name or e-mail address').fill('Olga');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}
const openSecurity = async (page: Page) => {
  await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
  await page.goto(`${base}/security`);
  await page.getByRole('heading', { name: 'Security', level: 1 }).waitFor();
};
/** The link of the newest letter in the development mailbox, read there as a person would. */
async function openLetter(page: Page, subject: string) {
  await page.goto(`${base}/mailbox`);
  await page.getByRole('heading', { name: subject }).first().waitFor();
  await expectAccessible(page);
  await page.getByRole('article').first().getByRole('link').click();
}

describe.each([
  ['desktop', desktop],
  ['phone', phone],
])('on %s', (_name, size) => {
  test('password, authenticator app, recovery code, and being signed out everywhere else', async () => {
    const { page, context, complaints } = await openWindow(browser, size);
    await page.goto(`${base}/sign-in`);
    await page.getByLabel('Name or e-mail address').waitFor();
    await expectAccessible(page);
    await signIn(page);
    await openSecurity(page);
    await page.getByLabel('Your password').fill(password);
    await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
    await page.getByAltText('QR code for the authenticator app').waitFor();
    await expectAccessible(page);
    const secret = await page.locator('code').first().innerText();
    await page.getByLabel('Code', { exact: true }).fill(await totpOf(secret));
    await page.getByRole('button', { name: 'Turn on', exact: true }).click();
    await page.getByText('Keep these recovery codes').waitFor();
    const recovery = await page.getByRole('status').locator('code').first().innerText();
    await expectAccessible(page);
    await context.close();

    const next = await openWindow(browser, size);
    await signIn(next.page);
    await next.page.getByText('Type the six digits').waitFor();
    await expectAccessible(next.page);
    await next.page.getByRole('button', { name: 'Use a recovery code' }).click();
    await next.page.getByLabel('Recovery code').fill(recovery);
    await next.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await openSecurity(next.page);
    await next.page.getByText('this device').waitFor();
    await next.page.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await next.page.getByRole('button', { name: 'Sign out everywhere else' }).waitFor({ state: 'detached' });
    expect(await app.db.everywhere.many('select method from login_session')).toEqual([{ method: 'recovery-code' }]);
    expect([...complaints, ...next.complaints]).toEqual([]);
    await next.context.close();
  });
});

test('a passkey of this device is made, signs in without a password, and is removed', async () => {
  const { page, context, complaints } = await openWindow(browser);
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await signIn(page);
  await openSecurity(page);
  await page.getByLabel('Name of the passkey').fill('This laptop');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('This laptop').waitFor();
  await page.getByRole('button', { name: 'Sign out', exact: true }).first().click();
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await openSecurity(page);
  expect(await app.db.everywhere.many('select method from login_session')).toEqual([{ method: 'passkey' }]);
  const taken = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Take it along' }).click();
  expect((await taken).suggestedFilename()).toMatch(/\.zip$/);
  await page.getByRole('button', { name: 'Remove the passkey This laptop' }).click();
  await page.getByText('This laptop').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Sign out', exact: true }).first().click();
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.getByRole('alert').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('an address is confirmed, signs in by a link, and sets a forgotten password anew', async () => {
  const { page, context, complaints } = await openWindow(browser, phone);
  await signIn(page);
  await openSecurity(page);
  await page.getByLabel('New e-mail address').fill(email);
  await page.getByRole('button', { name: 'Send a letter to confirm it' }).click();
  await page.getByText('a letter is on its way').waitFor();
  await openLetter(page, 'Confirm your e-mail address');
  await page.getByText('Confirm that this address is yours.').waitFor();
  expect(page.url()).not.toContain('#');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await page.getByText('The address is confirmed.').waitFor();
  await context.clearCookies();

  await page.goto(`${base}/sign-in`);
  await page.getByLabel('E-mail address', { exact: true }).fill(email);
  await page.getByRole('button', { name: 'Send me a sign-in link' }).click();
  await page.getByText('a letter is on its way').waitFor();
  await openLetter(page, 'Your sign-in link');
  await page.getByRole('button', { name: 'Sign in now' }).click();
  await openSecurity(page);
  await page.getByText(`Your address is ${email}.`).waitFor();
  await page.getByText('Link by e-mail').waitFor();
  await context.clearCookies();

  await page.goto(`${base}/sign-in`);
  await page.getByLabel('E-mail address', { exact: true }).fill(email);
  await page.getByRole('button', { name: 'I forgot my password' }).click();
  await page.getByText('a letter is on its way').waitFor();
  await openLetter(page, 'Set a new password');
  await page.getByLabel('New password').fill('password1234');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText('among the passwords that are tried first').waitFor();
  await expectAccessible(page);
  await page.getByLabel('New password').fill('a better one by far');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText('The new password is set.').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('an organisation asks for a second factor; its own provider signs members in', async () => {
  const oidc = await startOidc({ olga: { email, email_verified: true } });
  await app.db.everywhere.exec('update login set email = $1, email_verified = true', [email]);
  const { page, context, complaints } = await openWindow(browser);
  try {
    await page.goto(`${base}/security`);
    await page.getByLabel('Name on the button').fill('House accounts');
    await page.getByLabel('Issuer address').fill(oidc.issuer);
    await page.getByLabel('Client id').fill('rapport');
    await page.getByLabel('Client secret').fill('only for tests');
    await page.getByRole('button', { name: 'Add the provider' }).click();
    const redirect = await page.getByText('/api/v1/auth/callback/').innerText();
    await expectAccessible(page);
    oidc.serve({ client_id: 'rapport', client_secret: 'only for tests', redirect_uris: [redirect] });
    await page.getByLabel('Minutes without use').fill('30');
    await page.getByRole('button', { name: 'Save' }).last().click();
    await expect.poll(async () => (await app.json('GET', '/api/v1/organisation/sign-in')).body.idleMinutes).toBe(30);
    await page.getByLabel('Everybody needs a second factor').click();
    await expect
      .poll(async () => (await app.json('GET', '/api/v1/organisation/sign-in')).body.secondFactorRequired)
      .toBe(true);

    // The test goes through the provider's own pages itself; the window stays where it is until then.
    await page.route(`${oidc.issuer}/**`, (route) => route.fulfill({ status: 204 }));
    const begun = page.waitForRequest((request) => request.url().startsWith(`${oidc.issuer}/auth`));
    await page.goto(`${base}/sign-in`);
    await page.getByRole('button', { name: 'Go on with House accounts' }).click();
    const back = await signInAtProvider((await begun).url(), 'olga');
    await page.goto(back);
    await page.getByText('Set up an authenticator app to go on').waitFor();
    await page.getByText('You signed in through your organisation').waitFor();
    await expectAccessible(page);
    await context.clearCookies();
    await signIn(page);
    await page.getByText('Set up an authenticator app to go on').waitFor();
    await page.getByRole('button', { name: 'Set up an authenticator app' }).waitFor();
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
    await oidc.close();
  }
});

test('where no letter can arrive none is offered, and the owner reads why', async () => {
  const silent = await app.second({ localMode: false });
  const { page, context, complaints } = await openWindow(browser, narrow);
  try {
    await page.goto(`${silent.url}/sign-in`);
    await page.getByText('This server sends no letters').waitFor();
    expect(await page.getByRole('button', { name: 'Send me a sign-in link' }).count()).toBe(0);
    await expectFits(page);
    await page.getByLabel('Name or e-mail address').fill('Olga');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
    await page.goto(`${silent.url}/settings`);
    await page.getByText('RAPPORT_SMTP_URL names no mail server').waitFor();
    await expectFits(page);
    await page.goto(`${silent.url}/security`);
    await page.getByText('To confirm another address a letter is needed').waitFor();
    expect(await page.getByLabel('New e-mail address').count()).toBe(0);
    await page.goto(`${silent.url}/mailbox`);
    await page.getByText('There is no development mailbox here').waitFor();
    await expectFits(page);
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
    await silent.close();
  }
});
