import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { makeBase } from '../../test/knowledge.ts';
import { playing, talking, until, type SeenEvent } from '../../test/talking.ts';
import type { Upstream } from '../../test/upstream.ts';

let app: TestApp;
let upstream: Upstream;
let knowledgeBaseId: string;
let talk: ReturnType<typeof talking>;

beforeAll(async () => {
  ({ app, upstream } = await startPlayed());
  talk = talking(app);
  const base = await makeBase(app);
  knowledgeBaseId = base.id;
  const text = 'On Saturday the clinic is open from 9:00 to 12:00.\n\nIt is closed on Sundays.';
  await app.json('POST', base.path, { title: 'Hours', text });
});
afterAll(() => app?.close());

const session = async (more: object = {}, policy = 'auto'): Promise<TestSession> =>
  makeSession(app, await makePersona(app, { knowledgeBaseId, ...playing('recite@0'), ...more }), { policy });
const holds = 'On Saturday the clinic is open from 9:00 to 12:00 [1].';
const wrong = 'On Saturday the clinic is open from 9:00 to 14:00 [1].';

const replied = async (s: TestSession, text: string): Promise<SeenEvent> => {
  await talk.post(s, `Recite: ${text}`);
  return until(
    async () => (await talk.eventsOf(s)).find((e) => e.type === 'message.created' && e.data.author === 'persona'),
    'the reply',
  );
};
const messagesOf = async (s: TestSession, headers = {}) =>
  (await app.json('GET', `/api/v1/sessions/${s.id}/messages`, undefined, headers)).body.items.at(-1);

describe('a reply of a model', () => {
  test('is asked to cite by number, and told what is what', async () => {
    await replied(await session(), holds);
    const system = JSON.stringify(upstream.requests.at(-1)?.body.messages);
    expect(system).toContain('[1] Hours: ');
    expect(system).toContain('the number of its passage in square brackets');
  });

  test('keeps the mark that holds and loses the one that does not, for everybody', async () => {
    const s = await session();
    const { data } = await replied(s, `${holds} ${wrong}`);
    const text =
      'On Saturday the clinic is open from 9:00 to 12:00 [1]. On Saturday the clinic is open from 9:00 to 14:00.';
    expect(data.text).toBe(text);
    expect(data.citations).toMatchObject([
      { title: 'Hours', quote: 'On Saturday the clinic is open from 9:00 to 12:00.' },
    ]);
    expect((await messagesOf(s, s.client)).text).toBe(text);
  });

  test('the team is told what was found of it, the client is not', async () => {
    const s = await session();
    await replied(s, `${holds} ${wrong}`);
    const checked = await talk.untilEvent(s, 'reply.checked');
    expect(checked.audience).toBe('staff');
    const verdicts = [
      { verdict: 'quoted', citations: [1] },
      { verdict: 'not-found', citations: [] },
    ];
    expect(checked.data.claims).toMatchObject(verdicts);
    const message = await messagesOf(s);
    expect(message.claims).toEqual(checked.data.claims);
    expect(message.text.slice(checked.data.claims[1].start, checked.data.claims[1].end)).toContain('14:00');
    expect(await messagesOf(s, s.client)).not.toHaveProperty('claims');
    expect((await talk.eventsOf(s, s.client)).map(({ type }) => type)).not.toContain('reply.checked');
  });

  test('while it is made, nobody is shown a mark that is not checked', async () => {
    const s = await session(playing('recite@60'));
    const running: string[] = [];
    await talk.post(s, `Recite: ${holds} ${wrong} And that is all there is to say.`);
    await until(async () => {
      const { body } = await app.json('GET', `/api/v1/rooms/${s.roomId}/events?limit=500`, undefined, s.client);
      running.push(...body.running.map((one: { text: string }) => one.text));
      return body.events.some((e: SeenEvent) => e.type === 'reply.completed');
    }, 'the end');
    expect(running.join('')).toContain('Saturday');
    expect(running.join('')).not.toContain('[');
  });

  test('of a persona without material is left as it is', async () => {
    const { data } = await replied(await session({ knowledgeBaseId: null }), 'A list [1] of things [2].');
    expect(data.text).toBe('A list [1] of things [2].');
  });
});

describe('only from the material', () => {
  test('a reply of which nothing stands there becomes the sentence that says so', async () => {
    const s = await session({ onlyMaterial: true });
    const { data } = await replied(s, wrong);
    expect(data).toMatchObject({ text: 'No passage of the reference material answers this.' });
    expect(JSON.stringify(await talk.eventsOf(s, s.client))).not.toContain('to 14:00 [1]","replyId"');
    expect(JSON.stringify(upstream.requests.at(-1)?.body.messages)).toContain('from the reference material alone');
  });

  test('one with a sentence that does is given as it is', async () => {
    const { data } = await replied(await session({ onlyMaterial: true }), `Gladly. ${holds}`);
    expect(data.text).toBe('Gladly. On Saturday the clinic is open from 9:00 to 12:00 [1].');
  });

  test('a greeting is answered with one', async () => {
    const s = await session({ onlyMaterial: true, ...playing('echo') });
    await talk.post(s, 'Hello');
    const end = await talk.untilEvent(s, 'message.created', 2);
    expect(end.data.text).toBe('You said: Hello');
  });
});

describe('a held draft', () => {
  const draftOf = async (s: TestSession) => {
    const ready = await talk.untilEvent(s, 'draft.ready');
    return (await app.json('GET', `/api/v1/reviews/${ready.data.replyId}`)).body;
  };

  test('says what was found, and is released with the marks that hold', async () => {
    const s = await session({}, 'approve');
    await talk.post(s, `Recite: ${holds} ${wrong}`);
    const draft = await draftOf(s);
    expect(draft.claims.map((c: { verdict: string }) => c.verdict)).toEqual(['quoted', 'not-found']);
    expect(draft.text.slice(draft.claims[0].start, draft.claims[0].end)).toContain('12:00');
    await app.json('POST', `/api/v1/reviews/${draft.id}/release`, { revision: draft.revision });
    const { text, claims } = await messagesOf(s);
    expect(text).toContain('12:00 [1]. On Saturday the clinic is open from 9:00 to 14:00.');
    expect(claims).toHaveLength(2);
  });

  test('cites no sentence that a person has written', async () => {
    const s = await session({}, 'approve');
    await talk.post(s, `Recite: ${holds} It is closed on Sundays [1].`);
    const { id, revision, text, draftLength } = await draftOf(s);
    const edited = { revision, base: draftLength, text: text.replace('9:00', '10:00') };
    const { body: draft } = await app.json('PUT', `/api/v1/reviews/${id}/draft`, edited);
    expect(draft.claims).toHaveLength(1);
    await app.json('POST', `/api/v1/reviews/${id}/release`, { revision: draft.revision });
    const message = await messagesOf(s);
    expect(message.text).toBe('On Saturday the clinic is open from 10:00 to 12:00. It is closed on Sundays [1].');
    expect(message.citations.map((c: { quote: string }) => c.quote)).toEqual(['It is closed on Sundays.']);
  });
});
