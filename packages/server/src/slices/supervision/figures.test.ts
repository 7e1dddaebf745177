import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { talking } from '../../test/talking.ts';
import { makeMember } from '../../test/team.ts';

let app: TestApp;
beforeAll(async () => {
  ({ app } = await startPlayed('words-5'));
});
afterAll(() => app?.close());

test('what became of held replies is counted for each persona, for those who may see figures', async () => {
  const persona = await makePersona(app, { name: 'Mira' });
  await makeSession(app, await makePersona(app, { name: 'Unused' }));
  const session = await makeSession(app, persona, { policy: 'approve' });
  const talk = talking(app);
  const decide = async (number: number, what: string, body: object) => {
    const { body: sent } = await talk.post(session, `Message ${number}`);
    await talk.untilEvent(session, 'draft.ready', number);
    const path = `/api/v1/reviews/${sent.replyId}`;
    if (what === 'edited') {
      const { revision, draftLength } = (await app.json('GET', path)).body;
      const put = await app.json('PUT', `${path}/draft`, { revision, base: draftLength, text: 'Short.' });
      expect(put.status).toBe(200);
    }
    const { revision } = (await app.json('GET', path)).body;
    const act = what === 'reject' ? 'reject' : 'release';
    const done = await app.json('POST', `${path}/${act}`, what === 'reject' ? body : { revision });
    expect(done.status).toBe(200);
  };
  await decide(1, 'release', {});
  await decide(2, 'edited', {});
  await decide(3, 'reject', { reasons: ['tone', 'unsafe'], again: false });

  const analyst = await makeMember(app, 'Una', ['analyst']);
  const { status, body } = await app.json('GET', '/api/v1/insights/supervision?days=1', undefined, analyst.headers);
  expect([status, body.personas]).toMatchObject([
    200,
    [{ personaId: persona, name: 'Mira', released: 2, edited: 1, rejected: 1, discarded: 0, overdue: 0 }],
  ]);
  const [mira] = body.personas;
  expect(mira.approvalRate).toBeCloseTo(2 / 3);
  expect(mira.reasons).toEqual([
    { reason: 'tone', count: 1 },
    { reason: 'unsafe', count: 1 },
  ]);
  expect(mira.medianWaitSeconds).toBeGreaterThanOrEqual(0);
  expect(JSON.stringify(body)).not.toContain('Message 1');

  const facilitator = await makeMember(app, 'Finn', ['author']);
  expect((await app.json('GET', '/api/v1/insights/supervision', undefined, facilitator.headers)).status).toBe(403);
  expect((await app.json('GET', '/api/v1/insights/supervision?days=0')).status).toBe(400);
});
