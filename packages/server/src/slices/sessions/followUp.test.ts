import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { makeBase } from '../../test/knowledge.ts';
import { playing, talking, until } from '../../test/talking.ts';
import type { Upstream } from '../../test/upstream.ts';

let app: TestApp;
let upstream: Upstream;
let knowledgeBaseId: string;
let talk: ReturnType<typeof talking>;

beforeAll(async () => {
  ({ app, upstream } = await startPlayed('follow'));
  talk = talking(app);
  const base = await makeBase(app);
  knowledgeBaseId = base.id;
  for (const [title, text] of [
    ['Hours', 'On Saturday the clinic is open from 9:00 to 12:00.'],
    ['Parking', 'Behind the house is room for twenty cars.'],
  ])
    await app.json('POST', base.path, { title, text });
});
afterAll(() => app?.close());

const session = async (more: object = {}): Promise<TestSession> =>
  makeSession(app, await makePersona(app, { knowledgeBaseId, ...playing('follow'), ...more }));
const askedFor = ({ id }: { id: string }): string[] =>
  upstream.requests
    .map(({ body }) => String(body.messages?.at(-1)?.content))
    .filter((content) => content.startsWith('<conversation>') && content.includes(id));
/** Says it, waits for the end of the reply, and tells which documents the reply was given. */
const given = async (s: TestSession, text: string): Promise<string[]> => {
  const { replyId } = (await talk.post(s, text)).body;
  await until(
    async () =>
      (await talk.eventsOf(s)).some(({ type, data }) => /^reply\.(compl|fail)/.test(type) && data.replyId === replyId),
    'the end of the reply',
  );
  const { body } = await app.json('GET', `/api/v1/sessions/${s.id}/replies/${replyId}/context`);
  return body.passages.map(({ title }: { title: string }) => title);
};
const first = ({ id }: TestSession) => `I am number ${id} and would like to come on Saturday.`;
const followUp = 'And would somebody let me in there then?';

test('a question that leans on the conversation is searched for as the model says it in full', async () => {
  const s = await session();
  await given(s, first(s));
  expect(askedFor(s)).toEqual([]);
  expect(await given(s, followUp)).toEqual(['Hours']);
  expect(askedFor(s)).toHaveLength(1);
  expect(askedFor(s)[0]).toMatch(
    /^<conversation>\nClient: I am number .*\nService: .*\nClient: And would .*\n<\/conversation>$/,
  );
  // The reply itself is asked for what the client said.
  expect(upstream.requests.at(-1)?.body.messages?.at(-1)?.content).toBe(followUp);
});

test('one that stands on its own, and any of a persona that is not to, is searched for as it is', async () => {
  const plain = await session({ rewriteQuestions: false });
  await given(plain, first(plain));
  await given(plain, followUp);
  expect(askedFor(plain)).toEqual([]);
  const s = await session();
  await given(s, first(s));
  expect(await given(s, 'Where behind the house can cars be parked?')).toEqual(['Parking']);
  // These very words, and one that says enough whatever it points back to.
  await given(s, 'Where does it say "twenty cars"?');
  const long =
    'Could my sister, her husband and their three children sleep there on Friday night, before their early train to London?';
  await given(s, long);
  expect(askedFor(s)).toEqual([]);
});

test('a model that fails or keeps the client waiting holds nothing up, and is let alone for a while', async () => {
  const failing = await session();
  await given(failing, `[play fault-500] ${first(failing)}`);
  await given(failing, followUp);
  expect(askedFor(failing).length).toBeGreaterThan(0);
  const slow = await session();
  await given(slow, `[play fault-slow-first@4000] ${first(slow)}`);
  await given(slow, followUp);
  expect(askedFor(slow)).toHaveLength(1);
  await given(slow, 'And what about that one?');
  expect(askedFor(slow)).toHaveLength(1);
});
