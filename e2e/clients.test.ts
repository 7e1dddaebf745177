import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../packages/server/src/test/app.ts';
import { makeMember } from '../packages/server/src/test/team.ts';
import { desktop, expectAccessible, expectFits, openWindow, phone, picture } from './lib/browser.ts';
import { openHouse, type House } from './lib/house.ts';

let house: House;
let browser: Browser;
let app: TestApp;

beforeAll(async () => {
  house = await openHouse();
  ({ browser, app } = house);
});
afterAll(() => house?.close());

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

describe('questionnaires', () => {
  test('asked for in a session, filled in by keyboard on a phone, read by the team; item 9 calls a person', async () => {
    const { id: clientId } = (await app.json('POST', '/api/v1/clients', { name: 'Kim' })).body;
    const session = await makeSession(app, await makePersona(app), { clientId });
    const staff = await openWindow(browser, desktop);
    await staff.page.goto(`${app.url}/sessions/${session.id}`);
    const client = await openWindow(browser, phone);
    await client.page.goto(`${app.url}/icon.svg`);
    await client.page.evaluate(
      ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''),
      [session.id, session.client.authorization.slice(7)],
    );
    await client.page.goto(`${app.url}/chat/${session.id}`);
    await client.page.getByLabel('Message').waitFor();

    await staff.page.getByRole('button', { name: 'Ask for the PHQ-9' }).click();
    await staff.page.getByText('waits for the client').waitFor();
    await expectAccessible(staff.page);
    await client.page.getByRole('link', { name: 'Fill in a questionnaire' }).waitFor();
    await expectFits(client.page);
    await client.page.getByRole('link', { name: 'Fill in a questionnaire' }).click();
    await client.page.getByRole('heading', { name: 'PHQ-9' }).waitFor();
    await client.page.getByText('9 questions have no answer yet.').waitFor();
    await expectFits(client.page);
    await picture(client.page, 'questionnaire-phone');
    const groups = client.page.getByRole('group');
    for (let at = 0; at < 9; at += 1) {
      await groups.nth(at).getByLabel('Not at all').focus();
      await client.page.keyboard.press('Space');
      if (at === 8) await client.page.keyboard.press('ArrowDown');
    }
    await client.page.getByRole('button', { name: 'Send the answers' }).focus();
    await client.page.keyboard.press('Enter');
    await client.page.getByText('Thank you. Your team has your answers.').waitFor();
    await expectAccessible(client.page);
    await client.page.getByRole('link', { name: 'Back to the conversation' }).click();
    await client.page.getByText(/The AI persona stops here, and a person of our team has been called/).waitFor();

    // The page of the team follows by itself.
    await staff.page.getByText('1 of 27, minimal').waitFor();
    await staff.page.goto(`${app.url}/escalations`);
    await staff.page.locator('mark', { hasText: 'better off dead' }).waitFor();
    await staff.page.goto(`${app.url}/clients/${clientId}`);
    await staff.page.getByRole('button', { name: 'Enter a GAD-7' }).click();
    const form = staff.page.getByRole('dialog');
    for (const field of await form.getByRole('combobox').all()) await field.selectOption('2');
    await expectAccessible(staff.page);
    await form.getByRole('button', { name: 'Save' }).click();
    await staff.page.getByText('14 of 21, moderate').waitFor();
    for (const [at, item] of [12, 7, 4].entries())
      await app.json('POST', `/api/v1/clients/${clientId}/questionnaires`, {
        instrument: 'phq-9',
        answers: Array.from({ length: 9 }, (_, i) => (i < 8 ? Math.min(3, Math.ceil(item / 8)) : 0)),
        answeredAt: `2026-0${at + 1}-10T10:00:00.000Z`,
      });
    await staff.page.reload();
    await staff.page.getByRole('img', { name: /^PHQ-9: 4 times/ }).waitFor();
    await staff.page.getByText('PHQ-9 as a table').click();
    await staff.page.getByText('calls a person').waitFor();
    await expectAccessible(staff.page);
    await picture(staff.page, 'client-questionnaires');
    expect(staff.complaints.concat(client.complaints)).toEqual([]);
    await Promise.all([staff.context.close(), client.context.close()]);
  });
});

test('item 9 entered for a client without a session calls the team, which acknowledges it on its page', async () => {
  const long = 'Wilhelmina-Theodora Achterberg-van der Valkenburg-Konstantinopolitanski';
  const { id } = (await app.json('POST', '/api/v1/clients', { name: long })).body;
  const { page, context, complaints } = await openWindow(browser, phone);
  await page.goto(`${app.url}/clients/${id}`);
  await page.getByRole('button', { name: 'Enter a PHQ-9' }).click();
  const form = page.getByRole('dialog');
  for (const field of await form.getByRole('combobox').all()) await field.selectOption('1');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByText('An answer gives reason to worry: an escalation was raised, and the team is called.').waitFor();
  await page.goto(`${app.url}/escalations`);
  const row = page.getByRole('listitem').filter({ hasText: long });
  await row.getByText('Risk in answers that were entered').waitFor();
  await row.locator('mark', { hasText: 'better off dead' }).waitFor();
  await expectFits(page);
  await picture(page, 'escalation-entered-phone');
  await row.getByRole('button', { name: /^Acknowledge/ }).click();
  await row.getByText('acknowledged by').waitFor();
  await row.getByRole('link', { name: long }).click();
  await page.getByRole('heading', { name: long, level: 1 }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

describe('the plan of a session', () => {
  test('time, goals, a transfer and how it went; the client sees the time alone', async () => {
    const { id: clientId } = (await app.json('POST', '/api/v1/clients', { name: 'Noor' })).body;
    await app.json('POST', `/api/v1/clients/${clientId}/goals`, { title: 'Sleep through' });
    const finn = await makeMember(app, 'Finn', ['facilitator']);
    await app.json('PUT', `/api/v1/clients/${clientId}/assignments`, { memberIds: [finn.id] });
    const session = await makeSession(app, await makePersona(app), { clientId });
    const client = await openWindow(browser, phone);
    await client.page.goto(`${app.url}/icon.svg`);
    await client.page.evaluate(
      ([id, token]) => localStorage.setItem(`rapport-access-${id}`, token ?? ''),
      [session.id, session.client.authorization.slice(7)],
    );
    await client.page.goto(`${app.url}/chat/${session.id}`);
    const { page, context, complaints } = await openWindow(browser, desktop);
    await page.goto(`${app.url}/sessions/${session.id}`);
    await page.getByText('Planned time', { exact: true }).click();
    await page.getByLabel('Minutes from now').fill('30');
    await page.getByRole('button', { name: 'Set the time' }).click();
    await page.getByText(/^(30|29) minutes left/).waitFor();
    await client.page.getByText(/^(30|29) minutes left/).waitFor();
    await expectFits(client.page);
    await page.getByLabel('Sleep through').check();
    await expect
      .poll(async () => (await app.json('GET', `/api/v1/sessions/${session.id}/plan`)).body.goals.length)
      .toBe(1);
    await app.db.everywhere.exec('update session set timer_ends_at = now() where id = $1', [session.id]);
    await page.getByText('The planned time is over.').waitFor();
    await client.page.getByText('The planned time is over.').waitFor();

    await page.getByRole('button', { name: 'Hand to a colleague' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Colleague').fill('Finn');
    await dialog.getByLabel(/^Note for the team/).fill('Please go on.');
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Hand to a colleague' }).click();
    await page.getByText('Run by: Finn').waitFor();
    await page.getByText('Please go on.').waitFor();
    await expectAccessible(page);
    await picture(page, 'session-plan');

    await page.getByRole('button', { name: 'End session' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
    await page.getByText('How did it go?').waitFor();
    for (const scale of ['Effectiveness', 'Engagement', 'Progress'])
      await page.getByLabel(`${scale}, 1 to 10`).selectOption('8');
    await page.getByLabel(/^In a sentence/).fill('A good talk.');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.reload();
    await expect.poll(() => page.getByLabel('Progress, 1 to 10').inputValue()).toBe('8');
    await picture(page, 'session-rated');
    expect(complaints.concat(client.complaints)).toEqual([]);
    await Promise.all([context.close(), client.context.close()]);
  });
});
