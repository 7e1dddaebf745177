import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import type { Upstream } from '../../test/upstream.ts';
import { grave, playing, safetySettings as settings, talking } from '../../test/talking.ts';

let app: TestApp;
let upstream: Upstream;
let { eventsOf, post, untilEvent, escalationsOf } = {} as ReturnType<typeof talking>;

beforeAll(async () => {
  ({ app, upstream } = await startPlayed('words-20'));
  ({ eventsOf, post, untilEvent, escalationsOf } = talking(app));
  await app.json('PUT', '/api/v1/safety', settings);
});
afterAll(() => app?.close());

const repliesAsked = (text: string): number =>
  upstream.requests.filter(({ body }) => JSON.stringify(body).includes(text)).length;

test('safety 17: a grave sentence in a reply is not shown, nor what would follow it; a person is called', async () => {
  const session = await makeSession(app, await makePersona(app, playing('recite')));
  await post(
    session,
    'Recite: That is fine. You should kill yourself now. And then we talk about the garden and the sea.',
  );
  const failed = await untilEvent(session, 'reply.failed');
  expect(failed.data).toMatchObject({ fault: 'held-for-person' });
  expect(failed.data.text).not.toContain('garden');
  const client = JSON.stringify(
    (await eventsOf(session, session.client)).filter(({ data }) => data.author !== 'client'),
  );
  expect(client).not.toContain('garden');
  expect(await escalationsOf(session)).toMatchObject([{ kind: 'reply', level: 'high' }]);
  expect((await app.json('GET', `/api/v1/sessions/${session.id}`)).body.rung).toBe('takeover');
});

test('safety 17: a reply that comforts or tells where help is stays as it is', async () => {
  const session = await makeSession(app, await makePersona(app, playing('recite')));
  const kind = 'I am sorry that it is so hard. Please do not hurt yourself, you should never harm yourself. Call 112.';
  await post(session, `Recite: ${kind}`);
  expect((await untilEvent(session, 'reply.completed')).type).toBe('reply.completed');
});

test('safety 18: a second opinion raises what the rules found, and is asked only where it is wanted', async () => {
  const before = await makeSession(app, await makePersona(app, playing('verdict-high')));
  await post(before, 'It is all a bit much, zq-eighteen.');
  await untilEvent(before, 'reply.completed');
  expect(repliesAsked('second opinion')).toBe(0);
  await app.json('PUT', '/api/v1/safety', { ...settings, secondOpinion: true });
  const session = await makeSession(app, await makePersona(app, playing('verdict-high')));
  await post(session, 'It is all a bit much, zq-eighteen.');
  const failed = await untilEvent(session, 'reply.failed');
  expect(failed.data).toMatchObject({ fault: 'held-for-person', text: '' });
  expect(await escalationsOf(session)).toMatchObject([{ kind: 'risk', category: 'abuse', level: 'high' }]);
  expect(repliesAsked('second opinion')).toBe(1);
});

test('safety 18: a second opinion that says “none”, nonsense or nothing lowers nothing', async () => {
  await app.json('PUT', '/api/v1/safety', { ...settings, secondOpinion: true });
  const lowering = await makeSession(app, await makePersona(app, playing('verdict-none')));
  expect((await post(lowering, grave)).body.replyId).toBeNull();
  expect(await escalationsOf(lowering)).toHaveLength(1);
  const elevated = await makeSession(app, await makePersona(app, playing('verdict-none')));
  await post(elevated, 'I am such a burden to everyone');
  await untilEvent(elevated, 'reply.completed');
  expect((await eventsOf(elevated)).find(({ type }) => type === 'flag.raised')?.data.level).toBe('elevated');
  const broken = await makeSession(app, await makePersona(app, playing('fault-500')));
  await post(broken, 'Good morning to you');
  expect((await untilEvent(broken, 'reply.failed')).data.fault).not.toBe('held-for-person');
  await app.json('PUT', '/api/v1/safety', settings);
});
