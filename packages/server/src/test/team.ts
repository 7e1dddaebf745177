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
