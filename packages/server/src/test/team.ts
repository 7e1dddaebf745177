import { randomUUID } from 'node:crypto';
import type { TestApp } from './app.ts';

export interface TestMember {
  id: string;
  name: string;
  headers: { cookie: string };
}

const password = 'correct horse battery staple';

/** A member of the organisation with these roles, invited by the owner, who has joined and signed in. */
export async function makeMember(
  app: TestApp,
  name: string,
  roles: string[],
  by: Record<string, string> = {},
): Promise<TestMember> {
  const invited = await app.json('POST', '/api/v1/member-invitations', { roles, name }, by);
  if (invited.status !== 201) throw new Error(`inviting answered ${invited.status}: ${JSON.stringify(invited.body)}`);
  return joinTeam(app, invited.body.token, name);
}

/** Accepts an invitation into a team and signs in. */
export async function joinTeam(app: TestApp, token: string, name: string): Promise<TestMember> {
  const joined = await app.json('POST', `/api/v1/join-team/${token}`, { name, password });
  if (joined.status !== 201) throw new Error(`joining answered ${joined.status}: ${JSON.stringify(joined.body)}`);
  const signedIn = await app.json('POST', '/api/v1/sign-in', { ...joined.body, password });
  if (signedIn.status !== 200) throw new Error(`sign-in answered ${signedIn.status}: ${JSON.stringify(signedIn.body)}`);
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const me = await app.json('GET', '/api/v1/me', undefined, { cookie });
  return { id: me.body.userId, name, headers: { cookie } };
}

export const loginIdOf = async (app: TestApp, { id }: TestMember): Promise<string> =>
  (await app.db.everywhere.one<{ login_id: string }>('select login_id from app_user where id = $1', [id])).login_id;

/** A further organisation, to which the member's sign-in belongs as an author. */
export async function otherOrganisation(app: TestApp, member: TestMember): Promise<{ org: string; user: string }> {
  const [org, user] = [randomUUID(), randomUUID()];
  const all = app.db.everywhere;
  await all.exec(`insert into org (id, name, slug) values ($1, 'Other House', $2)`, [org, `other-${org}`]);
  await app.keyring.create(all, org, org);
  await all.exec(`insert into app_user (org_id, id, name, login_id) values ($1, $2, 'Elsewhere', $3)`, [
    org,
    user,
    await loginIdOf(app, member),
  ]);
  await all.exec(`insert into member_role (org_id, user_id, built_in) values ($1, $2, 'author')`, [org, user]);
  return { org, user };
}
