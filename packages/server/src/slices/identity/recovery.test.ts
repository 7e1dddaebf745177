import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { loginIdOf, makeMember, otherOrganisation, type TestMember } from '../../test/team.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const loginOf = (member: TestMember) => loginIdOf(app, member);

/** Stands for what the library stores when an authenticator app and a passkey are set up. */
async function withFactors(login: string) {
  const all = app.db.everywhere;
  await all.exec('update login set two_factor_enabled = true where id = $1', [login]);
  await all.exec(`insert into login_second_factor (id, login_id, secret, backup_codes) values ($1, $2, 's', 'b')`, [
    randomUUID(),
    login,
  ]);
  await all.exec(
    `insert into login_passkey (id, login_id, credential_id, public_key, counter, device_type, backed_up)
     values ($1, $2, $3, 'k', 0, 'singleDevice', false)`,
    [randomUUID(), login, randomUUID()],
  );
}

const left = (login: string) =>
  app.db.everywhere.one(
    `select two_factor_enabled as on, (select count(*) from login_second_factor where login_id = l.id) as factors,
       (select count(*) from login_passkey where login_id = l.id) as passkeys,
       (select count(*) from login_session where login_id = l.id) as sessions
     from login l where id = $1`,
    [login],
  );

const who = async (headers: Record<string, string>) =>
  (await app.json('GET', '/api/v1/me', undefined, headers)).body.userId;

test('an administrator resets a second factor: it is gone, recorded, told to the member, who signs in anew', async () => {
  const member = await makeMember(app, 'Lost', ['facilitator']);
  await app.json('PATCH', `/api/v1/members/${member.id}`, { email: 'lost@house.example' });
  const login = await loginOf(member);
  await withFactors(login);
  const administrator = await makeMember(app, 'Ada', ['administrator']);
  const reset = (id: string) =>
    app.json('POST', `/api/v1/members/${id}/reset-factors`, undefined, administrator.headers);
  expect((await reset(member.id)).status).toBe(200);
  expect(await left(login)).toEqual({ on: false, factors: 0, passkeys: 0, sessions: 0 });
  expect(await who(member.headers)).not.toBe(member.id);
  const audited = await app.json('GET', `/api/v1/audit?act=login.factors-reset&subjectId=${member.id}`);
  expect(audited.body.items).toMatchObject([{ actor: { id: administrator.id } }]);
  const [letter] = (await app.json('GET', '/api/v1/mailbox')).body.items;
  expect(letter).toMatchObject({ to: 'lost@house.example', subject: 'Your second factor was reset' });
  const again = await app.json('POST', '/api/v1/sign-in', { name: 'Lost', password: 'correct horse battery staple' });
  expect(again.body).toEqual({ secondFactor: false });
  // Owners are above an administrator.
  const owner = (await app.json('GET', '/api/v1/me')).body.userId;
  expect((await reset(owner)).status).toBe(403);
  expect((await reset(randomUUID())).status).toBe(404);
});

test('a sign-in that opens another organisation, too, is not weakened from here', async () => {
  const member = await makeMember(app, 'Shared', ['facilitator']);
  await otherOrganisation(app, member);
  const login = await loginOf(member);
  await withFactors(login);
  const answer = await app.json('POST', `/api/v1/members/${member.id}/reset-factors`);
  expect(answer.body.code).toBe('wrong-state');
  expect(await left(login)).toMatchObject({ on: true, factors: 1, passkeys: 1 });
});

test('somebody of two organisations sees both and goes on in the other, and only there', async () => {
  const member = await makeMember(app, 'Both', ['facilitator']);
  const stranger = await makeMember(app, 'One', ['facilitator']);
  const { org, user } = await otherOrganisation(app, member);
  const list = async () =>
    (await app.json('GET', '/api/v1/me/organisations', undefined, member.headers)).body.items.map(
      (one: { name: string; here: boolean }) => [one.name, one.here],
    );
  const move = (organisationId: string, as: TestMember) =>
    app.json('PUT', '/api/v1/me/organisation', { organisationId }, as.headers);
  expect(await list()).toEqual([
    ['Other House', false],
    ['Test House', true],
  ]);
  expect((await move(org, stranger)).status).toBe(404);
  expect((await move(randomUUID(), member)).status).toBe(404);
  expect((await move(org, member)).status).toBe(200);
  expect(await who(member.headers)).toBe(user);
  expect(await list()).toEqual([
    ['Other House', true],
    ['Test House', false],
  ]);
  expect((await app.json('GET', `/api/v1/members/${member.id}`, undefined, member.headers)).status).not.toBe(200);
  await app.db.everywhere.exec('update login_session set bound = true where org_id = $1', [org]);
  const home = (await app.json('GET', '/api/v1/me')).body.organisation.id;
  expect((await move(home, member)).status).toBe(404);
  expect(await list()).toEqual([['Other House', true]]);
});
