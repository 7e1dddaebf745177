import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Purpose } from '@rapport/protocol/consents';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { readBySocket, types } from '../../test/readers.ts';
import { startUpstream, type Upstream } from '../../test/upstream.ts';

let app: TestApp;
let other: TestApp;
let upstream: Upstream;
let persona: string;
let slow: string;

beforeAll(async () => {
  upstream = await startUpstream();
  app = await startTestApp({ upstream: { url: upstream.url, model: 'echo' } });
  other = await app.second();
  persona = await makePersona(app);
  slow = await makePersona(app, {
    model: { providerId: null, model: 'words-400@25', temperature: null, maxTokens: 512, contextTokens: 8000 },
  });
});
afterAll(async () => {
  await other?.close();
  await app?.close();
  await upstream?.close();
});

/** On both servers: each remembers for a moment what is asked. */
const ask = async (purpose: Purpose, asked: boolean) => {
  for (const server of [app, other]) await server.json('PUT', `/api/v1/privacy/consents/${purpose}`, { asked });
};
const questions = async (session: TestSession, language = 'en') =>
  (await app.json('GET', `/api/v1/sessions/${session.id}/consents?language=${language}`, undefined, session.client))
    .body.items;
const answer = (session: TestSession, purpose: Purpose, given: boolean, at = app, version = 0) =>
  at.json(
    'POST',
    `/api/v1/sessions/${session.id}/consents`,
    { answers: [{ purpose, given, version, language: 'en' }] },
    session.client,
  );
const post = (session: TestSession, text: string, at = app) =>
  at.json('POST', `/api/v1/sessions/${session.id}/messages`, { text }, session.client);
const asking = (purpose: Purpose, work: () => Promise<void>) => async () => {
  await ask(purpose, true);
  try {
    await work();
  } finally {
    await ask(purpose, false);
  }
};

test('a new organisation asks for nothing, and nothing waits', async () => {
  const session = await makeSession(app, persona);
  expect(await questions(session)).toEqual([]);
  expect((await post(session, 'Hello')).body.replyId).toEqual(expect.any(String));
});

test(
  'an answer that stays as it was is recorded once, and one to another text again',
  asking('research', async () => {
    const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Nina' });
    const session = await makeSession(app, persona, { clientId: client.id });
    const recorded = async () =>
      (await app.json('GET', `/api/v1/clients/${client.id}/consents/records`)).body.items.map(
        (one: { given: boolean; version: number }) => [one.given, one.version],
      );
    for (const given of [true, true, false, false]) expect((await answer(session, 'research', given)).status).toBe(200);
    expect(await recorded()).toEqual([
      [false, 0],
      [true, 0],
    ]);
    await app.json('POST', '/api/v1/privacy/consents/research/versions', { texts: [{ language: 'en', text: 'New.' }] });
    await answer(session, 'research', false, app, 1);
    expect(await recorded()).toHaveLength(3);
  }),
);

describe('AI processing', () => {
  test(
    'without a yes no reply is begun and the provider hears nothing; with it what waits is answered',
    asking('ai-processing', async () => {
      const session = await makeSession(app, persona);
      const reader = await readBySocket(app, session, 'client');
      const before = upstream.requests.length;
      expect(await post(session, 'CANARY one')).toMatchObject({ status: 202, body: { replyId: null } });
      await answer(session, 'ai-processing', false);
      expect((await post(session, 'CANARY two')).body.replyId).toBeNull();
      const refused = await app.json('POST', `/api/v1/sessions/${session.id}/regenerate`, undefined, session.client);
      expect(refused).toMatchObject({ status: 403, body: { code: 'consent-needed' } });
      expect(upstream.requests.length).toBe(before);
      expect((await answer(session, 'ai-processing', true)).status).toBe(200);
      await reader.until((s) => types(s).includes('reply.completed'));
      expect(JSON.stringify(upstream.requests.slice(before))).toContain('CANARY two');
      expect(reader.events.filter((e) => e.type === 'consent.changed').map((e) => e.data)).toEqual([
        { purpose: 'ai-processing', given: false },
        { purpose: 'ai-processing', given: true },
      ]);
      reader.close();
    }),
  );

  test(
    'a withdrawal on one server stops at once the reply that runs on another, and leaves it in the log',
    asking('ai-processing', async () => {
      const session = await makeSession(app, slow);
      await answer(session, 'ai-processing', true);
      const reader = await readBySocket(app, session, 'client');
      const { replyId } = (await post(session, 'Go on')).body;
      await reader.until((s) => (s.texts.get(replyId)?.length ?? 0) > 40);
      const asked = performance.now();
      expect((await answer(session, 'ai-processing', false, other)).status).toBe(200);
      await reader.until((s) => types(s).includes('reply.stopped'));
      expect(performance.now() - asked).toBeLessThan(1500);
      const after = types(reader);
      expect(after.indexOf('consent.changed')).toBeLessThan(after.indexOf('reply.stopped'));
      await expect.poll(() => upstream.running).toBe(0);
      expect((await post(session, 'And now?', other)).body.replyId).toBeNull();
      reader.close();
    }),
  );

  test(
    'a client’s no holds in every session of theirs, whoever wrote it down',
    asking('ai-processing', async () => {
      const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Ada' });
      const [one, two] = [
        await makeSession(app, persona, { clientId: client.id }),
        await makeSession(app, persona, { clientId: client.id }),
      ];
      await answer(one, 'ai-processing', true);
      expect((await post(two, 'Hi')).body.replyId).toEqual(expect.any(String));
      const paper = { purpose: 'ai-processing', given: false, method: 'paper', note: 'folder 7', language: 'en' };
      const written = await app.json('POST', `/api/v1/clients/${client.id}/consents`, paper);
      expect(written).toMatchObject({ status: 201, body: { items: [{ purpose: 'ai-processing', given: false }] } });
      expect((await post(one, 'Hi')).body.replyId).toBeNull();
      const { body } = await app.json('GET', `/api/v1/clients/${client.id}/consents/records`);
      expect(body.items.map((r: Record<string, unknown>) => [r['method'], r['given'], r['note']])).toEqual([
        ['paper', false, 'folder 7'],
        ['chat', true, ''],
      ]);
      expect(body.items[0].recordedBy).toEqual(expect.any(String));
      expect(body.items[1].recordedBy).toBeNull();
    }),
  );

  test(
    'a yes and a no that race with a message never leave a reply running under a no',
    asking('ai-processing', async () => {
      for (let i = 0; i < 8; i += 1) {
        const session = await makeSession(app, slow);
        await answer(session, 'ai-processing', true);
        const reader = await readBySocket(app, session, 'staff');
        const [posted] = await Promise.all([post(session, 'x'), answer(session, 'ai-processing', false, other)]);
        if (posted.body.replyId) await reader.until((s) => types(s).some((t) => /^reply\.(stopped|failed)$/.test(t)));
        else expect(types(reader)).not.toContain('reply.started');
        reader.close();
      }
    }),
  );
});

test(
  'without agreement to recording the client cannot write, and is told why',
  asking('recording', async () => {
    const session = await makeSession(app, persona);
    const refused = await post(session, 'Hello');
    expect(refused).toMatchObject({ status: 403, body: { code: 'consent-needed' } });
    expect(refused.body.detail).toMatch(/stored/);
    await answer(session, 'recording', true);
    expect((await post(session, 'Hello')).status).toBe(202);
  }),
);

describe('texts', () => {
  test('each is asked in the client’s language, and a new version can be asked again', async () => {
    await ask('memory', true);
    const session = await makeSession(app, persona);
    expect((await questions(session, 'de-AT,de;q=0.9'))[0]).toMatchObject({ language: 'de', version: 0, given: null });
    await answer(session, 'memory', true);
    const publish = (body: object) => app.json('POST', '/api/v1/privacy/consents/memory/versions', body);
    const texts = [
      { language: 'en', text: 'We remember.' },
      { language: 'fr', text: 'Nous nous souvenons.' },
    ];
    expect((await publish({ texts })).status).toBe(201);
    expect((await questions(session, 'fr'))[0]).toEqual({
      purpose: 'memory',
      text: 'Nous nous souvenons.',
      language: 'fr',
      version: 1,
      given: true,
    });
    await publish({ texts, askAgain: true });
    expect((await questions(session))[0]).toMatchObject({ version: 2, given: null });
    await answer(session, 'memory', true, app, 1);
    expect((await questions(session))[0].given).toBeNull();
    await answer(session, 'memory', true, app, 2);
    expect((await questions(session))[0].given).toBe(true);
    expect((await answer(session, 'memory', true, app, 3)).status).toBe(400);
    const { body } = await app.json('GET', '/api/v1/privacy/consents/memory/versions');
    expect(body.items.map((v: { version: number }) => v.version)).toEqual([2, 1, 0]);
    await ask('memory', false);
  });

  test('two texts of one language are refused', async () => {
    const texts = [
      { language: 'en', text: 'a' },
      { language: 'en', text: 'b' },
    ];
    expect((await app.json('POST', '/api/v1/privacy/consents/memory/versions', { texts })).status).toBe(400);
  });
});

test('nobody answers for somebody else', async () => {
  const [mine, theirs] = [await makeSession(app, persona), await makeSession(app, persona)];
  const path = `/api/v1/sessions/${theirs.id}/consents`;
  const body = { answers: [{ purpose: 'memory', given: true, version: 0, language: 'en' }] };
  expect((await app.json('POST', path, body, mine.client)).status).toBe(404);
  expect((await app.json('GET', path, undefined, mine.client)).status).toBe(404);
  expect((await app.json('POST', path, body)).status).toBe(403);
  expect((await app.json('GET', '/api/v1/privacy/consents', undefined, mine.client)).status).toBe(404);
});

test('what was said is never changed, and a note stands nowhere in clear', async () => {
  const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Bo' });
  const note = 'CANARY cabinet 3';
  await app.json('POST', `/api/v1/clients/${client.id}/consents`, { purpose: 'research', given: true, note });
  await expect(app.db.everywhere.exec('update consent_record set given = not given')).rejects.toThrow(/never changed/);
  const rows = await app.db.everywhere.many<{ note: Buffer | null }>('select note from consent_record');
  expect(rows.some((r) => r.note?.includes('CANARY'))).toBe(false);
});
