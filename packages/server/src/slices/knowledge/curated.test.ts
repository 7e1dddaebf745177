import type { CuratedAnswer } from '@rapport/protocol/curated';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { bases, makeBase, type TestBase } from '../../test/knowledge.ts';
import { playing, talking } from '../../test/talking.ts';
import { startUpstream, type Upstream } from '../../test/upstream.ts';
import { likeness } from './curated.ts';

describe('how like two questions are', () => {
  test.each([
    ['When does the clinic open on Saturday?', 'When is the clinic open on Saturdays?', 1],
    ['Please tell me when the clinic opens on Saturday', 'When does the clinic open on Saturday?', 1],
    ['How long are the waiting times for therapy', 'How long are waiting times for therapy here?', 1],
    ['When does the clinic close on Saturday?', 'When does the clinic open on Saturday?', 0.67],
    ['May I take 2 tablets?', 'May I take 3 tablets?', 0],
    ['May I take tablets?', 'May I not take tablets?', 0],
  ])('%s / %s: %d', (asked, approved, expected) => {
    expect(Math.round(100 * likeness(asked, approved, 'en')) / 100).toBe(expected);
    expect(likeness(approved, asked, 'en')).toBe(likeness(asked, approved, 'en'));
  });
});

describe('approved answers', () => {
  let app: TestApp;
  let upstream: Upstream;
  let base: TestBase;
  let path: string;
  let providerId: string;
  let talk: ReturnType<typeof talking>;
  const question = 'What does a missed appointment cost?';
  const answer = 'Nothing the first time. After that, 30 €.';
  beforeAll(async () => {
    upstream = await startUpstream();
    app = await startTestApp({ upstream: { url: upstream.url, model: 'echo' } });
    talk = talking(app);
    base = await makeBase(app);
    providerId = (await app.json('GET', '/api/v1/providers')).body.items[0].id;
    path = `${bases}/${base.id}/curated-answers`;
    await app.json('POST', base.path, { title: 'Prices', text: 'A missed appointment costs 30 €.' });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });
  const approve = async (): Promise<CuratedAnswer> => (await app.json('POST', path, { question, answer })).body;
  const revoke = (id: string) => app.json('DELETE', `${path}/${id}`);
  const explained = async (query: string) =>
    (await app.json('POST', `${bases}/${base.id}/search`, { query, explain: true })).body.results;
  const withReference = async () => {
    const provider = (await app.json('POST', '/api/v1/providers', { kind: 'reference', label: 'Quotes' })).body.id;
    return makePersona(app, {
      knowledgeBaseId: base.id,
      model: { ...playing('').model, model: null, providerId: provider },
    });
  };
  const answerOf = async (personaId: string, text: string, policy = 'auto') => {
    const session = await makeSession(app, personaId, { policy });
    await talk.post(session, text);
    return (await talk.untilEvent(session, 'message.created', 2)).data;
  };

  test('are listed with who approved them and when, and who revoked them', async () => {
    const made = await approve();
    expect(made).toMatchObject({ question, answer, origin: 'hand', approvedBy: { name: 'Olga' }, revoked: null });
    expect((await app.json('GET', path)).body.items).toEqual([made]);
    expect((await revoke(made.id)).status).toBe(200);
    expect((await app.json('GET', path)).body.items).toEqual([]);
    const [record] = (await app.json('GET', `${path}?revoked=true`)).body.items;
    expect(record).toMatchObject({ id: made.id, revoked: { name: 'Olga' } });
    expect((await revoke(made.id)).status).toBe(404);
    const { items } = (await app.json('GET', '/api/v1/audit?limit=50')).body;
    expect(items.map((e: { act: string }) => e.act)).toEqual(
      expect.arrayContaining(['knowledge.answer-approved', 'knowledge.answer-revoked']),
    );
  });

  test('a question of nothing is refused', async () => {
    expect((await app.json('POST', path, { question: 'What?', answer })).status).toBe(400);
  });

  test('come first, with their own channel, only for a question like theirs', async () => {
    const { id } = await approve();
    const [first, second] = await explained('What does a missed appointment cost me?');
    expect(first).toMatchObject({ chunkId: id, curated: true, text: answer, channels: { curated: 1 } });
    expect(second).toMatchObject({ title: 'Prices' });
    expect((await explained('What does an appointment on Sunday cost?'))[0]).not.toHaveProperty('curated');
    await revoke(id);
    expect((await explained(question))[0]).not.toHaveProperty('curated');
  });

  test('the reference engine gives one as it is written and says what it is; revoked, it is gone from the next answer', async () => {
    const { id } = await approve();
    const persona = await withReference();
    const given = await answerOf(persona, 'What does a missed appointment cost?');
    expect(given.text).toBe(`An answer that the team approved:\n\n${answer}`);
    expect(given.citations).toMatchObject([{ chunkId: id, curated: true, title: question, quote: answer }]);
    await revoke(id);
    expect((await answerOf(persona, question)).text).toContain('> A missed appointment costs 30 €.');
  });

  test('a model is given one as its first passage, and may cite it', async () => {
    const { id } = await approve();
    const persona = await makePersona(app, {
      knowledgeBaseId: base.id,
      model: { ...playing('echo').model, providerId },
    });
    await answerOf(persona, question);
    const prompt = JSON.stringify(upstream.requests.at(-1)?.body.messages);
    expect(prompt).toContain(`[1] Answer that the team approved for “${question}”: ${answer}`);
    expect(prompt).toContain('[2] Prices');
    await revoke(id);
  });

  test('a draft that a person changed and released becomes one, with a click', async () => {
    const persona = await makePersona(app, {
      knowledgeBaseId: base.id,
      model: { ...playing('echo').model, providerId },
    });
    const session = await makeSession(app, persona, { policy: 'approve' });
    await talk.post(session, 'Is there a car park?');
    const { replyId } = (await talk.untilEvent(session, 'draft.ready')).data;
    const click = (body = {}) => app.json('POST', `/api/v1/reviews/${replyId}/curated-answer`, body);
    expect((await click()).status).toBe(409);
    const { body: draft } = await app.json('GET', `/api/v1/reviews/${replyId}`);
    const edit = { revision: draft.revision, base: draft.draftLength, text: 'Yes, behind the building.' };
    const { body: edited } = await app.json('PUT', `/api/v1/reviews/${replyId}/draft`, edit);
    await app.json('POST', `/api/v1/reviews/${replyId}/release`, { revision: edited.revision });
    const { status, body } = await click();
    expect([status, body.question, body.answer, body.origin]).toEqual([
      201,
      'Is there a car park?',
      'Yes, behind the building.',
      'reply',
    ]);
    expect((await explained('Is there a car park here?'))[0]).toMatchObject({ curated: true, chunkId: body.id });
  });
});
