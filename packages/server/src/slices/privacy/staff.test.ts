import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../platform/ids.ts';
import { readZip } from '../../platform/zip/zip.ts';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { joinTeam, type TestMember } from '../../test/team.ts';
import { entries } from './catalogue.ts';

const mark = 'zqstaffmember';
const address = `${mark}@house.example`;
let app: TestApp;
let orgId: string;
let member: TestMember;
let secrets: string[];

beforeAll(async () => {
  app = await startTestApp();
  orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
  const invited = await app.json('POST', '/api/v1/member-invitations', {
    roles: ['supervisor'],
    name: mark,
    email: address,
  });
  member = await joinTeam(app, invited.body.token, `Mia ${mark}`);
  const as = (method: string, path: string, body?: unknown) =>
    app.json(method, `/api/v1/${path}`, body, member.headers);
  const team = await app.json('POST', '/api/v1/teams', { name: 'Night shift' });
  await app.json('PUT', `/api/v1/teams/${team.body.id}/members`, { memberIds: [member.id] });
  const client = await app.json('POST', '/api/v1/clients', { name: 'Robin' });
  await app.json('PUT', `/api/v1/clients/${client.body.id}/assignments`, { memberIds: [member.id], teamIds: [] });
  await as('POST', 'auth/two-factor/enable', { password: 'correct horse battery staple' });
  const { login_id: loginId } = await app.db.everywhere.one<{ login_id: string }>(
    'select login_id from app_user where id = $1',
    [member.id],
  );
  const rows: [string, unknown[]][] = [
    [
      `insert into login_passkey (id, login_id, name, credential_id, public_key, counter, device_type, backed_up)
       values ($1, $2, $3, 'zqsecretcredential', 'zqsecretpublic', 0, 'singleDevice', false)`,
      [newId(), loginId, `Key ring ${mark}`],
    ],
    [
      `insert into api_key (org_id, id, user_id, name, hint, token_hash, scopes)
       values ($1, $2, $3, $4, 'rk_abc', '\\x00', '{members.read}')`,
      [orgId, newId(), member.id, `Robot ${mark}`],
    ],
    [
      `insert into deid_export (org_id, id, form, purpose, created_by, created_by_name)
       values ($1, $2, 'anonymised', 'research', $3, $4)`,
      [orgId, newId(), member.id, `Mia ${mark}`],
    ],
    [
      'insert into review_deputy (org_id, user_id, deputy_id) select $1, $2, id from app_user where id <> $2 limit 1',
      [orgId, member.id],
    ],
    [`update app_user set user_name = $2, external_id = $3 where id = $1`, [member.id, `dir-${mark}`, `ext-${mark}`]],
  ];
  for (const [text, values] of rows) await app.db.everywhere.exec(text, values);
  const hidden = await app.db.everywhere.many<{ secret: string }>(
    `select password as secret from login_account where login_id = $1 and password is not null
     union select secret from login_second_factor where login_id = $1 union select backup_codes from login_second_factor where login_id = $1
     union select token from login_session where login_id = $1`,
    [loginId],
  );
  secrets = ['zqsecretcredential', 'zqsecretpublic', ...hidden.map(({ secret }) => secret)];
});
afterAll(() => app.close());

const names = ['manifest.json', 'account.json', 'account.md', 'account.pdf'];
const at = (object: unknown, path: string): unknown =>
  path.split('.').reduce((from, name) => (from as Record<string, unknown>)[name], object);

test('a member takes out everything stored about them, without a secret; what each table gives is said in the catalogue', async () => {
  const answer = await app.fetch('/api/v1/me/account/export', { headers: member.headers });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/zip']);
  const files = await readZip(Buffer.from(await answer.arrayBuffer()), { names, fileBytes: 10_000_000, ratio: 150 });
  const text = (files.get('account.json') ?? '').toString();
  const account = JSON.parse(text) as Record<string, unknown>;
  expect(files.get('account.pdf')?.subarray(0, 5).toString()).toBe('%PDF-');
  for (const kept of [
    address,
    `Mia ${mark}`,
    `Key ring ${mark}`,
    `Robot ${mark}`,
    `dir-${mark}`,
    `ext-${mark}`,
    'Night shift',
  ]) {
    expect(text).toContain(kept);
    expect(files.get('account.md')?.toString()).toContain(kept);
  }
  expect(secrets.length).toBeGreaterThan(5);
  for (const secret of secrets) expect(text).not.toContain(secret);

  for (const [table, entry] of entries) {
    if (entry.about !== 'staff') continue;
    const [, path] = /^account\.json: ([\w.]+)$/.exec(entry.exported) ?? [];
    if (path === undefined) {
      expect(entry.exported, table).toMatch(/^(not: |in the ).{5}/);
      continue;
    }
    const found = at(account, path);
    expect(Array.isArray(found) ? found.length : Object.keys(found ?? {}).length, `${table}: ${path}`).toBeGreaterThan(
      0,
    );
  }
  expect(account['acts']).toEqual(expect.arrayContaining([expect.objectContaining({ act: 'login.sign-in' })]));
  const client = await app.fetch('/api/v1/me/account/export', { headers: { authorization: 'Bearer nobody' } });
  expect(client.status).toBe(401);
});

/** Every row that holds the mark, in any table. */
async function placesOfMark(): Promise<string[]> {
  const tables = await app.db.everywhere.many<{ name: string }>(
    `select c.relname as name from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const [row] = await app.db.everywhere.many(`select 1 from "${name}" t where t::text ilike $1 limit 1`, [
      `%${mark}%`,
    ]);
    if (row) found.push(name);
  }
  return found;
}

test('what is stored about a member goes when they are removed; the name when the audit log tells of them no more', async () => {
  expect(await placesOfMark()).toEqual(
    expect.arrayContaining(['api_key', 'app_user', 'deid_export', 'login', 'login_passkey', 'member_invitation']),
  );
  expect((await app.json('DELETE', `/api/v1/members/${member.id}`)).status).toBe(200);
  expect(await placesOfMark()).toEqual(['app_user']);
  const row = await app.db.everywhere.one(
    'select name, email, user_name, external_id, login_id from app_user where id = $1',
    [member.id],
  );
  expect(row).toEqual({ name: `Mia ${mark}`, email: null, user_name: null, external_id: null, login_id: null });
  for (const table of ['member_role', 'team_member', 'client_assignment', 'api_key'])
    expect(await app.db.everywhere.many(`select 1 from ${table} where user_id = $1`, [member.id]), table).toEqual([]);

  const { createRetained } = await import('./retained.ts');
  const { heldSubjects } = await import('./holds.store.ts');
  const { audit: kept } = createRetained(heldSubjects, app.audit, async () => {});
  const sweep = (before: string) => app.db.in(orgId).tx((tx) => kept.sweep(tx, orgId, before, 1000));
  await sweep(new Date(Date.now() - 86_400_000).toISOString());
  expect(await placesOfMark()).toEqual(['app_user']);
  await app.audit.checkpointAll();
  // The newest entry of a log is never trimmed.
  await app.json('GET', '/api/v1/clients');
  await sweep(new Date(Date.now() + 60_000).toISOString());
  expect(await placesOfMark()).toEqual([]);
});
