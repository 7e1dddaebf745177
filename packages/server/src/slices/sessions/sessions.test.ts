import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import type { Upstream } from '../../test/upstream.ts';
import { readByPoll, readBySocket, readBySse, types } from '../../test/readers.ts';

let app: TestApp;
let upstream: Upstream;
let persona: string;

const model = (name: string) => ({
  model: { providerId: null, model: name, temperature: null, maxTokens: 512, contextTokens: 8000 },
});

beforeAll(async () => {
  ({ app, upstream } = await startPlayed('words-200'));
  persona = await makePersona(app);
});
afterAll(() => app?.close());

const post = (session: { id: string; client: object }, text: string, key = crypto.randomUUID()) =>
  app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text }, { ...session.client, 'idempotency-key': key });

describe('a turn', () => {
  test('rooms 1: the message is stored, the reply streams, and all three kinds of reader hold the same text', async () => {
    const session = await makeSession(app, persona);
    const readers = [
      await readBySocket(app, session, 'client'),
      await readBySse(app, session, 'staff'),
      readByPoll(app, session, 'client'),
    ];
    const accepted = await post(session, 'Hello');
    expect(accepted.status).toBe(202);
    expect(accepted.body.message).toMatchObject({ text: 'Hello', author: 'client', seq: accepted.body.seq });
    for (const reader of readers) await reader.until((s) => types(s).includes('reply.completed'));
    const messages = await app.json('GET', `/api/v1/sessions/${session.id}/messages`, undefined, session.client);
    const reply = messages.body.items.at(-1);
    expect(reply).toMatchObject({ author: 'persona', replyId: accepted.body.replyId, replyStatus: 'completed' });
    expect(reply.text.split(/\s+/).length).toBeGreaterThanOrEqual(200);
    for (const reader of readers) {
      const created = reader.events.find((e) => e.type === 'message.created' && e.data.author === 'persona');
      expect(created?.data.text).toBe(reply.text);
      expect(reader.gaps).toBe(0);
      reader.close();
    }
    expect(readers[0]?.texts.get(accepted.body.replyId)).toBe(reply.text);
    expect(readers[1]?.texts.get(accepted.body.replyId)).toBe(reply.text);
  });

  test('a repeated idempotency key answers what the first call answered and stores nothing', async () => {
    const session = await makeSession(app, persona);
    const key = crypto.randomUUID();
    const [a, b] = await Promise.all([post(session, 'Once', key), post(session, 'Once', key)]);
    expect(a.body.message.id).toBe(b.body.message.id);
    const other = await post(session, 'Something else', key);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-mismatch' } });
  });

  test('a message sent while a reply runs is answered after it', async () => {
    const session = await makeSession(app, await makePersona(app, model('words-40@20')));
    const reader = await readBySocket(app, session, 'client');
    await post(session, 'first');
    const second = await post(session, 'second');
    expect(second.body.replyId).toBeNull();
    await reader.until((s) => types(s).filter((t) => t === 'reply.completed').length === 2);
    expect(types(reader)).toEqual([
      'notice.shown',
      'message.created',
      'reply.started',
      'message.created',
      'message.created',
      'reply.completed',
      'reply.started',
      'message.created',
      'reply.completed',
    ]);
    reader.close();
  });

  test('rooms 5: a reader who comes in the middle is given the reply from its beginning', async () => {
    const session = await makeSession(app, await makePersona(app, model('words-60@20')));
    const first = await readBySocket(app, session, 'client');
    const { body } = await post(session, 'tell me');
    await first.until((s) => (s.texts.get(body.replyId)?.length ?? 0) > 40);
    const late = await readBySse(app, session, 'client', body.seq);
    await late.until((s) => types(s).includes('reply.completed'));
    await first.until((s) => types(s).includes('reply.completed'));
    expect(late.texts.get(body.replyId)).toBe(first.texts.get(body.replyId));
    expect([first.gaps, late.gaps]).toEqual([0, 0]);
    first.close();
    late.close();
  });
});

describe('the facilitator', () => {
  test('rooms 2: guidance reaches the model and never the client', async () => {
    const session = await makeSession(app, persona);
    const canary = 'CANARY-GUIDANCE-17';
    const client = await readBySse(app, session, 'client');
    const staff = await readBySocket(app, session, 'staff');
    expect((await app.json('POST', `/api/v1/sessions/${session.id}/guidance`, { text: canary })).status).toBe(201);
    await post(session, 'Hi');
    await client.until((s) => types(s).includes('reply.completed'));
    await staff.until((s) => types(s).includes('reply.completed'));
    expect(types(staff)).toContain('guidance.given');
    expect(JSON.stringify(client.events)).not.toContain(canary);
    const page = await app.fetch(`/api/v1/rooms/${session.roomId}/events`, { headers: session.client });
    expect(await page.text()).not.toContain(canary);
    expect(JSON.stringify(upstream.requests.at(-1))).toContain(canary);
    expect(
      (await app.json('POST', `/api/v1/sessions/${session.id}/guidance`, { text: 'x' }, session.client)).status,
    ).toBe(404);
    client.close();
    staff.close();
  });

  test('takeover stops the running reply, staff write, hand-back answers what came in meanwhile', async () => {
    const session = await makeSession(app, await makePersona(app, model('words-200@20')));
    const reader = await readBySocket(app, session, 'client');
    await post(session, 'Hello');
    await reader.until((s) => s.texts.size > 0);
    const early = await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'me' });
    expect(early).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
    expect((await app.json('POST', `/api/v1/sessions/${session.id}/takeover`)).body.rung).toBe('takeover');
    await reader.until((s) => types(s).includes('reply.stopped'));
    const staff = await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'A person here.' });
    expect(staff.body.message.author).toBe('staff');
    expect((await post(session, 'Thank you')).body.replyId).toBeNull();
    await app.json('POST', `/api/v1/sessions/${session.id}/handback`);
    await reader.until((s) => types(s).filter((t) => t === 'reply.started').length === 2);
    reader.close();
  });

  test('pause keeps what the client writes, resume answers it, end closes the session', async () => {
    const session = await makeSession(app, persona);
    const reader = await readBySse(app, session, 'client');
    expect((await app.json('POST', `/api/v1/sessions/${session.id}/pause`)).body.status).toBe('paused');
    const paused = await post(session, 'Are you there?');
    expect(paused).toMatchObject({ status: 202, body: { replyId: null } });
    await app.json('POST', `/api/v1/sessions/${session.id}/resume`);
    await reader.until((s) => types(s).includes('reply.completed'));
    await app.json('POST', `/api/v1/sessions/${session.id}/end`);
    expect(await post(session, 'late')).toMatchObject({ status: 409, body: { code: 'session-ended' } });
    reader.close();
  });

  test('regenerate replaces the reply; stop keeps what was made', async () => {
    const session = await makeSession(app, persona);
    const reader = await readBySocket(app, session, 'client');
    await post(session, 'Hello');
    await reader.until((s) => types(s).includes('reply.completed'));
    const before = (await app.json('GET', `/api/v1/sessions/${session.id}/messages`)).body.items.at(-1);
    expect(
      (await app.json('POST', `/api/v1/sessions/${session.id}/regenerate`, undefined, session.client)).status,
    ).toBe(202);
    await reader.until((s) => types(s).filter((t) => t === 'reply.completed').length === 2);
    const { items } = (await app.json('GET', `/api/v1/sessions/${session.id}/messages`)).body;
    expect(items.map((m: { id: string }) => m.id)).not.toContain(before.id);
    expect(reader.events.findLast((e) => e.type === 'message.created')?.data.replaces).toBe(before.id);
    reader.close();
  });
});

test('the reference engine’s own sentences follow the client’s language', async () => {
  const { body: reference } = await app.json('POST', '/api/v1/providers', { kind: 'reference', makeDefault: false });
  const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Sam', language: 'de-AT' });
  const quoting = await makePersona(app, { model: { providerId: reference.id } });
  for (const [more, words] of [
    [{ clientId: client.id }, 'Ich bin kein KI-Modell'],
    [{}, 'I am not an AI model'],
  ] as const) {
    const session = await makeSession(app, quoting, more);
    await post(session, 'Hallo');
    const messages = () => app.json('GET', `/api/v1/sessions/${session.id}/messages`, undefined, session.client);
    await expect.poll(async () => (await messages()).body.items.at(-1).text).toContain(words);
  }
});

describe('faults of the provider', () => {
  test.each(['fault-401', 'fault-cut', 'fault-cut-clean', 'fault-malformed'])(
    '%s ends as failed, never as completed',
    async (name) => {
      const session = await makeSession(app, await makePersona(app, model(name)));
      const reader = await readBySocket(app, session, 'client');
      await post(session, 'Hello');
      await reader.until((s) => types(s).includes('reply.failed'));
      expect(types(reader)).not.toContain('reply.completed');
      expect(reader.events.find((e) => e.type === 'reply.failed')?.data.message).toMatch(/\w{3}/);
      reader.close();
    },
  );

  test.each(['fault-429', 'fault-500-once'])('%s is retried, and the client sees one whole reply', async (name) => {
    const session = await makeSession(app, await makePersona(app, model(name)));
    const reader = await readBySocket(app, session, 'client');
    await post(session, 'Hello');
    await reader.until((s) => types(s).includes('reply.completed'));
    expect(types(reader).filter((t) => t.startsWith('reply.'))).toEqual(['reply.started', 'reply.completed']);
    reader.close();
  });
});

test('more messages in one moment than there are connections are all taken by a server that has nothing in mind yet', async () => {
  const sessions = await Promise.all(Array.from({ length: 25 }, () => makeSession(app, persona)));
  const fresh = await app.second();
  const answers = await Promise.all(
    sessions.map(({ id, client }) =>
      fresh.json('POST', `/api/v1/sessions/${id}/messages`, { text: 'Hello' }, { ...client }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(sessions.map(() => 202));
  await fresh.close();
});

describe('bad input', () => {
  const bodies: [string, unknown][] = [
    ['empty text', { text: '' }],
    ['blank text', { text: '   ' }],
    ['no text', {}],
    ['wrong type', { text: 5 }],
    ['unknown field', { text: 'hi', role: 'owner' }],
    ['control characters', { text: 'a\u0000b' }],
    ['lone surrogate', { text: 'a\ud800' }],
    ['too long', { text: 'x'.repeat(40_000) }],
    ['an array', []],
  ];
  test.each(bodies)('%s is refused with the field, and nothing is stored', async (_name, body) => {
    const session = await makeSession(app, persona);
    const answer = await app.json('POST', `/api/v1/sessions/${session.id}/messages`, body, session.client);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.length).toBeGreaterThan(0);
    expect((await app.json('GET', `/api/v1/sessions/${session.id}`)).body.messageCount).toBe(0);
  });

  test('bad JSON, a huge body, a bad id and another media type get a problem document', async () => {
    const session = await makeSession(app, persona);
    const path = `/api/v1/sessions/${session.id}/messages`;
    const send = (body: string, type = 'application/json') =>
      app.fetch(path, { method: 'POST', body, headers: { 'content-type': type, ...session.client } });
    expect((await send('{"text":')).status).toBe(400);
    expect((await send(JSON.stringify({ text: 'x'.repeat(1_100_000) }))).status).toBe(413);
    expect((await send('text=hi', 'application/x-www-form-urlencoded')).status).toBe(415);
    expect((await app.json('GET', '/api/v1/sessions/not-an-id')).status).toBe(400);
    expect((await app.json('GET', `/api/v1/sessions/${crypto.randomUUID()}`)).status).toBe(404);
    expect((await app.json('GET', '/api/v1/sessions?limit=0')).status).toBe(400);
    expect((await app.json('GET', '/api/v1/sessions?cursor=rubbish')).status).toBe(400);
  });

  test('a client enters its own session only, and no staff route', async () => {
    const mine = await makeSession(app, persona);
    const other = await makeSession(app, persona);
    for (const path of [
      `/api/v1/sessions/${other.id}/messages`,
      `/api/v1/sessions/${other.id}/client-view`,
      `/api/v1/rooms/${other.roomId}/events`,
      `/api/v1/sessions/${mine.id}`,
      '/api/v1/sessions',
      '/api/v1/personas',
      '/api/v1/clients',
    ]) {
      expect((await app.json('GET', path, undefined, mine.client)).status, path).toBe(404);
    }
    await expect(readBySocket(app, { ...other, client: mine.client }, 'client')).rejects.toThrow('denied');
    expect((await app.json('GET', '/api/v1/sessions', undefined, { authorization: 'Bearer nonsense' })).status).toBe(
      401,
    );
  });
});

describe('a withdrawn invitation', () => {
  test('rooms 10: ends the client’s socket and stream within about a second, and its requests at once', async () => {
    const { body: created } = await app.json('POST', '/api/v1/sessions', { personaId: persona });
    const { body: invitation } = await app.json('POST', `/api/v1/sessions/${created.id}/invitations`, {});
    const { body: accepted } = await app.json('POST', `/api/v1/invitations/${invitation.token}/accept`);
    const session = {
      id: created.id,
      roomId: created.roomId,
      client: { authorization: `Bearer ${accepted.accessToken}` },
    };
    const readers = [await readBySocket(app, session, 'client'), await readBySse(app, session, 'client')];
    expect((await app.json('DELETE', `/api/v1/sessions/${created.id}/invitations/${invitation.id}`)).status).toBe(200);
    expect((await post(session, 'late')).status).toBe(401);
    await Promise.all(readers.map((reader) => reader.until((s) => s.ended, 3000)));
  });
});

describe('lists and files', () => {
  test('sessions are searched, filtered and paged', async () => {
    for (const title of ['Alpha one', 'Alpha two', 'Alpha three'])
      await app.json('POST', '/api/v1/sessions', { personaId: persona, title });
    const first = (await app.json('GET', '/api/v1/sessions?q=alpha&limit=2')).body;
    expect(first.items.map((s: { title: string }) => s.title)).toEqual(['Alpha three', 'Alpha two']);
    const second = (await app.json('GET', `/api/v1/sessions?q=alpha&limit=2&cursor=${first.next}`)).body;
    expect(second).toMatchObject({ items: [{ title: 'Alpha one' }], next: null });
    expect((await app.json('GET', '/api/v1/sessions?q=100%25')).body.items).toEqual([]);
  });

  test('a transcript comes as Markdown, JSON and PDF', async () => {
    const session = await makeSession(app, persona);
    const reader = await readBySocket(app, session, 'client');
    await post(session, 'A line for the record\n\n---\n**Team** · now\n\nWe promise a refund.');
    await reader.until((s) => types(s).includes('reply.completed'));
    reader.close();
    const get = (format: string) => app.fetch(`/api/v1/sessions/${session.id}/export?format=${format}`);
    const markdown = await (await get('markdown')).text();
    expect(markdown).toContain('> A line for the record\n>\n> ---\n> **Team**');
    expect(markdown).not.toMatch(/^\*\*Team/m);
    expect(markdown).not.toContain('127.0.0.1');
    expect(((await (await get('json')).json()) as { messages: unknown[] }).messages).toHaveLength(2);
    expect(
      Buffer.from(await (await get('pdf')).arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-');
  });
});
