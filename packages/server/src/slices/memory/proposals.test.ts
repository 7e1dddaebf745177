import type { Memory } from '@rapport/protocol/memory';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { readBySocket, types } from '../../test/readers.ts';
import { remembering } from '../../test/remembering.ts';
import { playing, talking } from '../../test/talking.ts';
import type { Upstream } from '../../test/upstream.ts';

let app: TestApp;
let upstream: Upstream;
let persona: string;
let memory: ReturnType<typeof remembering>;

beforeAll(async () => {
  ({ app, upstream } = await startPlayed());
  persona = await makePersona(app);
  memory = remembering(app, upstream);
});
afterAll(() => app?.close());
beforeEach(async () => {
  await memory.setPolicy();
});

const talk = async (...said: string[]): Promise<{ client: string; session: TestSession }> => {
  const client = await memory.makeClient();
  const session = await makeSession(app, persona, { clientId: client });
  for (const text of said) await memory.say(session, text);
  return { client, session };
};
const answer = (session: TestSession, given: boolean) =>
  app.json(
    'POST',
    `/api/v1/sessions/${session.id}/consents`,
    { answers: [{ purpose: 'memory', given, version: 0, language: 'en' }] },
    session.client,
  );

describe('when a session ends', () => {
  test('what the client said of themselves waits for approval, word for word, and only then is recalled', async () => {
    const { client, session } = await talk(
      'Hello! I live with my brother in Leeds. Is it warm there?',
      'I prefer tea.',
    );
    expect(await memory.list(client)).toEqual([]);
    await memory.end(session);
    const proposed = await memory.list(client);
    expect(proposed).toMatchObject([
      { statement: 'I prefer tea.', status: 'proposed', origin: 'client' },
      {
        statement: 'I live with my brother in Leeds.',
        evidence: [{ sessionId: session.id, start: 7, end: 39, quote: 'I live with my brother in Leeds.' }],
      },
    ]);
    const next = await makeSession(app, persona, { clientId: client });
    expect((await memory.say(next, 'Shall I make tea?')).prompt).not.toContain('I prefer tea.');
    const approved = await memory.act(proposed[0].id, 'approve');
    expect(approved.body).toMatchObject({ status: 'approved', approvedBy: expect.any(String), revision: 2 });
    expect((await memory.say(next, 'Or is tea bad?')).prompt).toContain('I prefer tea.');
    await memory.act(proposed[1].id, 'reject');
    // What was rejected, or stands already, is not proposed again.
    const again = await makeSession(app, persona, { clientId: client });
    await memory.say(again, 'I prefer tea! I live with my brother in Leeds.');
    await memory.end(again);
    expect(await memory.list(client)).toHaveLength(2);
  });

  test('what may contradict something else is told to whoever approves, and nothing is decided by that', async () => {
    const { client, session } = await talk('I live in Leeds. I like rye bread. I live in York. I have a dog.');
    const { body: held } = await memory.write(client, { statement: 'Hates rye bread.' });
    await memory.end(session);
    const proposed = await memory.list(client, '?status=proposed');
    const hints = Object.fromEntries(
      proposed.map((one: Memory) => [one.statement, one.mayContradict?.map(({ statement }) => statement)]),
    );
    expect(hints).toEqual({
      'I live in Leeds.': ['I live in York.'],
      'I live in York.': ['I live in Leeds.'],
      'I like rye bread.': ['Hates rye bread.'],
      'I have a dog.': [],
    });
    expect((await memory.list(client)).find(({ id }: Memory) => id === held.id)).toMatchObject({ status: 'approved' });
    expect((await memory.list(client, '?status=approved'))[0].mayContradict).toBeUndefined();
    await memory.act(held.id, 'retire');
    const later = (await memory.list(client, '?status=proposed')) as Memory[];
    expect(later.find(({ statement }) => statement === 'I like rye bread.')?.mayContradict).toEqual([]);
  });

  test('policy may take a client’s own words as they are, but nothing sensitive', async () => {
    await memory.setPolicy({ autoApprove: true });
    const { client, session } = await talk('I like rye bread. I was diagnosed with epilepsy.');
    await memory.end(session);
    expect(await memory.list(client)).toMatchObject([
      { statement: 'I was diagnosed with epilepsy.', status: 'proposed', sensitivity: 'sensitive' },
      { statement: 'I like rye bread.', status: 'approved', approvedBy: null, approvedAt: expect.any(String) },
    ]);
  });

  test('nothing is proposed where the policy says so, or nobody is on record', async () => {
    await memory.setPolicy({ propose: 'never' });
    const { client, session } = await talk('I like rye bread.');
    await memory.end(session);
    expect(await memory.list(client)).toEqual([]);
    await memory.setPolicy();
    const alone = await makeSession(app, persona);
    await memory.say(alone, 'I like rye bread.');
    expect((await memory.end(alone)).status).toBe(200);
  });

  test('a model proposes with quotes that the code has found; the others fall away', async () => {
    await memory.setPolicy({ propose: 'model', autoApprove: true });
    const { client, session } = await talk('In the garden there are three hives. [play remember]');
    const used = async () =>
      ((await app.json('GET', '/api/v1/usage?days=2')).body.items as { tokens: number }[]).reduce(
        (sum, { tokens }) => sum + tokens,
        0,
      );
    const before = await used();
    await memory.end(session);
    await expect.poll(() => memory.list(client)).toHaveLength(1);
    expect(await used()).toBeGreaterThan(before);
    expect(await memory.list(client)).toMatchObject([
      {
        statement: 'Keeps bees.',
        origin: 'inferred',
        status: 'proposed',
        evidence: [{ start: 24, quote: 'three hives' }],
      },
    ]);
  });

  test('a model that answers otherwise leaves what the rules lifted', async () => {
    await memory.setPolicy({ propose: 'model' });
    const { client, session } = await talk('I like rye bread.');
    const before = upstream.requests.length;
    await memory.end(session);
    await expect.poll(() => upstream.requests.length).toBe(before + 1);
    await expect.poll(() => upstream.running).toBe(0);
    expect(await memory.list(client)).toMatchObject([{ statement: 'I like rye bread.' }]);
  });
});

describe('consent', () => {
  const asking = async (work: () => Promise<void>) => {
    await app.json('PUT', '/api/v1/privacy/consents/memory', { asked: true });
    try {
      await work();
    } finally {
      await app.json('PUT', '/api/v1/privacy/consents/memory', { asked: false });
    }
  };

  test('without a yes nothing is proposed and nothing recalled; with it, from the next turn on', () =>
    asking(async () => {
      const { client, session } = await talk('I like rye bread.');
      await memory.write(client, { statement: 'Sails a red boat.' });
      expect((await memory.say(session, 'My red boat leaks.')).prompt).not.toContain('Sails a red boat.');
      await answer(session, true);
      expect((await memory.say(session, 'The boat is red.')).prompt).toContain('Sails a red boat.');
      await answer(session, false);
      expect((await memory.say(session, 'A red boat, no?')).prompt).not.toContain('Sails a red boat.');
      await memory.end(session);
      expect(await memory.list(client)).toHaveLength(1);
    }));

  test('a withdrawal stops the reply that was given memories', () =>
    asking(async () => {
      const slow = await makePersona(app, playing('words-400@25'));
      const client = await memory.makeClient();
      const session = await makeSession(app, slow, { clientId: client });
      await memory.write(client, { statement: 'Sails a red boat.' });
      await answer(session, true);
      const reader = await readBySocket(app, session, 'client');
      const { replyId } = (await talking(app).post(session, 'My red boat leaks.')).body;
      await reader.until((s) => (s.texts.get(replyId)?.length ?? 0) > 40);
      expect(JSON.stringify(upstream.requests.at(-1))).toContain('Sails a red boat.');
      await answer(session, false);
      await reader.until((s) => types(s).includes('reply.stopped'));
      reader.close();
    }));
});

describe('a client', () => {
  const own = (session: TestSession, method = 'GET', path = '', body?: object) =>
    app.json(method, `/api/v1/me/record/memories${path}`, body, session.client);
  const statements = ({ body }: { body: { items: { statement: string }[] } }) =>
    body.items.map(({ statement }) => statement);

  test('sees what the persona may tell and what is proposed from here, and not more', async () => {
    const { client, session } = await talk('I like rye bread.');
    await memory.end(session);
    await memory.write(client, { statement: 'Sails a red boat.' });
    await memory.write(client, { statement: 'Fears the dark.', sensitivity: 'sensitive' });
    const { body: retired } = await memory.write(client, { statement: 'Was young once.' });
    await memory.act(retired.id, 'retire');
    const stranger = await talk('I like white bread.');
    await memory.end(stranger.session);
    const later = await makeSession(app, persona, { clientId: client });
    expect(statements(await own(session))).toEqual(['Sails a red boat.', 'I like rye bread.']);
    expect((await own(session)).body.items[1]).toMatchObject({ status: 'proposed', quotes: ['I like rye bread.'] });
    expect(statements(await own(later))).toEqual(['Sails a red boat.']);
    expect(statements(await own(await makeSession(app, persona)))).toEqual([]);
    expect((await app.json('GET', '/api/v1/me/record/memories')).status).toBe(403);
  });

  test('corrects: what stood there is recalled no more, what they wrote waits', async () => {
    const { client, session } = await talk('Hello.');
    const { body: wrong } = await memory.write(client, { statement: 'Sails a red boat.' });
    const corrected = await own(session, 'POST', `/${wrong.id}/correct`, { statement: 'My boat is blue.' });
    expect(corrected.body.items).toMatchObject([{ statement: 'My boat is blue.', status: 'proposed' }]);
    expect((await memory.say(session, 'About my boat.')).prompt).not.toContain('red boat');
    const [proposed] = await memory.list(client, '?status=proposed');
    expect(proposed).toMatchObject({ origin: 'client', references: [{ id: wrong.id, relation: 'supersedes' }] });
    await memory.act(proposed.id, 'approve');
    expect((await memory.say(session, 'What of my boat?')).prompt).toContain('My boat is blue.');
  });

  test('deletes for good, unless a legal hold keeps it: then it is retired', async () => {
    const { client, session } = await talk('Hello.');
    const { body: one } = await memory.write(client, { statement: 'Sails a red boat.' });
    const { body: two } = await memory.write(client, { statement: 'Paints fences.' });
    expect(statements(await own(session, 'DELETE', `/${one.id}`))).toEqual(['Paints fences.']);
    expect((await app.json('GET', `/api/v1/memories/${one.id}`)).status).toBe(404);
    const left = await app.db.everywhere.one<{ n: number }>(
      'select count(*) as n from memory_revision where memory_id = $1',
      [one.id],
    );
    expect(left.n).toBe(0);
    await app.json('POST', '/api/v1/privacy/holds', { subject: { kind: 'client', id: client }, reason: 'Asked for' });
    expect(statements(await own(session, 'DELETE', `/${two.id}`))).toEqual([]);
    expect(await memory.list(client)).toMatchObject([{ id: two.id, status: 'retired' }]);
    expect((await own(session, 'DELETE', `/${two.id}`)).status).toBe(404);
  });

  test('touches nobody else’s', async () => {
    const { session } = await talk('Hello.');
    const other = await memory.makeClient('Other');
    const { body: theirs } = await memory.write(other, { statement: 'Paints fences.' });
    expect((await own(session, 'DELETE', `/${theirs.id}`)).status).toBe(404);
    expect((await own(session, 'POST', `/${theirs.id}/correct`, { statement: 'Mine.' })).status).toBe(404);
    expect(await memory.list(other)).toMatchObject([{ revision: 1, status: 'approved' }]);
  });
});
