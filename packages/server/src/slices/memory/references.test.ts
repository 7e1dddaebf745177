import type { SaidMessage } from '@rapport/protocol/sessions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultRules } from '../../platform/limits/rules.ts';
import { makePersona, makeSession, type TestApp } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { makeBase } from '../../test/knowledge.ts';
import { remembering } from '../../test/remembering.ts';
import { makeMember, type TestMember } from '../../test/team.ts';
import type { Upstream } from '../../test/upstream.ts';

let app: TestApp;
let upstream: Upstream;
let persona: string;
let memory: ReturnType<typeof remembering>;
let fred: TestMember;

beforeAll(async () => {
  ({ app, upstream } = await startPlayed());
  persona = await makePersona(app);
  memory = remembering(app, upstream);
  fred = await makeMember(app, 'Fred', ['facilitator']);
});
afterAll(() => app?.close());

const said = async (client: string, query = '', headers = {}) =>
  app.json('GET', `/api/v1/clients/${client}/messages${query}`, undefined, headers);

test('what was said in all sessions with a client is found by a part of it, page by page', async () => {
  const client = await memory.makeClient('Nina');
  const [first, second] = [
    await makeSession(app, persona, { clientId: client, title: 'First' }),
    await makeSession(app, persona, { clientId: client, title: 'Second' }),
  ];
  await memory.say(first, 'I bake rye bread.');
  await memory.say(second, `${'Much before it. '.repeat(40)}The BREAD is sour.`);
  await memory.say(await makeSession(app, persona, { clientId: await memory.makeClient() }), 'Bread of somebody else.');
  const all = (await said(client)).body.items as SaidMessage[];
  expect(all.map(({ author, sessionTitle }) => [author, sessionTitle])).toEqual([
    ['persona', 'Second'],
    ['client', 'Second'],
    ['persona', 'First'],
    ['client', 'First'],
  ]);
  const found = (await said(client, '?q=bread%20is')).body.items as SaidMessage[];
  expect(found).toMatchObject([{ author: 'persona' }, { author: 'client', sessionId: second.id }]);
  // However long it is, what was asked for stands in what is shown.
  for (const { text } of found) expect([text.length < 400, text.includes('The BREAD is sour.')]).toEqual([true, true]);
  const page = (await said(client, '?limit=3')).body;
  const rest = (await said(client, `?limit=3&cursor=${page.next}`)).body;
  expect([...page.items, ...rest.items].map(({ id }: SaidMessage) => id)).toEqual(all.map(({ id }) => id));
  expect(rest.next).toBeNull();
  expect((await said(client, '?q=zeppelin')).body).toEqual({ items: [], next: null });
});

test('nobody finds what was said with somebody whom they do not look after', async () => {
  const client = await memory.makeClient();
  const session = await makeSession(app, persona, { clientId: client });
  await memory.say(session, 'I bake rye bread.');
  expect((await said(client, '', fred.headers)).status).toBe(404);
  expect((await said(client, '', session.client)).status).toBe(404);
  await app.json('PUT', `/api/v1/clients/${client}/assignments`, { memberIds: [fred.id] });
  expect((await said(client, '', fred.headers)).body.items).toHaveLength(2);
});

test('looking through what was said counts as what costs the server much', async () => {
  const rateLimits = { when: 'always' as const, rules: { ...defaultRules, heavy: { actor: 2 } } };
  const limited = await app.second({ rateLimits });
  const path = `/api/v1/clients/${await memory.makeClient()}/messages?q=rye`;
  const statuses: number[] = [];
  for (let at = 0; at < 3; at += 1) statuses.push((await limited.json('GET', path)).status);
  expect(statuses).toEqual([200, 200, 429]);
  await limited.close();
});

test('a memory refers to a document that its author may read, and to no other', async () => {
  const client = (await app.json('POST', '/api/v1/clients', { name: 'Kim' }, fred.headers)).body.id;
  const [open, closed] = [
    await makeBase(app),
    await makeBase(app, { audience: { kind: 'chosen', userIds: [(await app.json('GET', '/api/v1/me')).body.userId] } }),
  ];
  const write = async (base: { path: string }, headers = {}) => {
    const { body } = await app.json('POST', base.path, { title: 'Leaflet', text: 'Rye is a grain.' });
    const references = [{ kind: 'document', id: body.id, relation: 'contradicts' }];
    return memory.write(client, { statement: 'Thinks rye is a fruit.', references }, headers);
  };
  expect(await write(open, fred.headers)).toMatchObject({
    status: 201,
    body: { references: [{ kind: 'document', relation: 'contradicts' }] },
  });
  expect(await write(closed, fred.headers)).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/references/0' }] },
  });
  expect((await write(closed)).status).toBe(201);
});
