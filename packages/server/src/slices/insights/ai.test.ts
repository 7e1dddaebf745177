import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { startCompromised, type Compromised } from '../../test/llm/compromised.ts';
import { openAi } from '../../test/dialects.ts';
import { talking } from '../../test/talking.ts';
import { deleteRows, findAnchors } from '../privacy/rows.store.ts';
import { keptOf, mostCharacters, summary, withinPrompt } from './summary.ts';
import { tone } from './tone.ts';

let app: TestApp;
let upstream: Compromised;
let personaId: string;
let clientId: string;

beforeAll(async () => {
  upstream = await startCompromised();
  app = await startTestApp();
  await call('POST', '/providers', { kind: 'openai', baseUrl: upstream.url, model: 'm', apiKey: 'k' });
  personaId = await makePersona(app);
  clientId = (await call('POST', '/clients', { name: 'Kit Kestrel' })).body.id;
});
afterAll(async () => {
  await app?.close();
  await upstream?.close();
});

const call = (method: string, path: string, body?: unknown) => app.json(method, `/api/v1${path}`, body);
const point = (text: string, quote: string) => ({ text, quote });

/** As retention does: everything of the session, and its row. */
async function remove(sessionId: string): Promise<void> {
  const orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
  await app.db.in(orgId).tx(async (tx) => {
    await deleteRows(tx, orgId, await findAnchors(tx, orgId, { kind: 'session', id: sessionId }));
  });
}

/** Until a statement waits for a row that another transaction has locked. */
async function untilWaiting(): Promise<void> {
  const waits = `select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await expect.poll(async () => (await app.db.everywhere.one<{ n: number }>(waits)).n).toBeGreaterThan(0);
}

/** A session in which the client writes this. */
async function said(...texts: string[]): Promise<TestSession> {
  const session = await makeSession(app, personaId, { clientId });
  upstream.says('I see.');
  for (const [at, text] of texts.entries()) {
    await talking(app).post(session, text);
    await talking(app).untilEvent(session, 'reply.completed', at + 1);
  }
  return session;
}

function summarise(session: TestSession, ...points: object[]) {
  upstream.says(JSON.stringify({ points }));
  return call('POST', '/insights/summary', { sessionId: session.id });
}

const promptOf = () => upstream.received.at(-1)?.body.messages.at(-1)?.content ?? '';

test('of a message that is too long the beginning is given to a model, and no quote rests on the rest', async () => {
  const session = await said('An old word.', `I begin with this. ${'on and on '.repeat(3000)}I end with this.`);
  const { status, body } = await summarise(
    session,
    point('Begins.', 'I begin with this.'),
    point('Ends.', 'I end with this.'),
    point('Is old.', 'An old word.'),
  );
  expect([status, body]).toMatchObject([200, { leftOut: 2, points: [{ text: 'Begins.' }] }]);
  const prompt = promptOf();
  expect(prompt).toMatch(/^<conversation>\nClient: I begin with this\.[a-z ]+ …\nPersona: I see\.\n<\/conversation>$/);
  expect(prompt.length).toBeGreaterThan(23_900);
  expect(prompt.length).toBeLessThan(24_100);
});

test('a model is given the newest that fits, and of a message that is cut whole words from its beginning', () => {
  const length = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12_000 }));
  fc.assert(
    fc.property(fc.array(length, { minLength: 1, maxLength: 8 }), (lengths) => {
      const lines = lengths.map((words, seq) => {
        const text = Array.from({ length: words }, (_, at) => String(at)).join(' ');
        return { sessionId: 's', seq, at: '', who: 'Client' as const, text };
      });
      const { prompt, sent } = withinPrompt(lines);
      const given = prompt.split('\n').slice(1, -1);
      expect(given).toHaveLength(sent.length);
      expect(given.join('').length).toBeLessThanOrEqual(mostCharacters);
      expect(sent.slice(1)).toEqual(lines.slice(1 - sent.length || lines.length));
      const [oldest] = sent;
      expect(`${lines[oldest?.seq ?? -1]?.text} `.startsWith(`${oldest?.text} `)).toBe(true);
      if (oldest?.seq !== 0) expect(given.join('').length).toBeGreaterThan(mostCharacters - 100);
    }),
  );
  const smiles = withinPrompt([{ sessionId: 's', seq: 1, at: '', who: 'Team', text: '🙂'.repeat(16_000) }]);
  expect(smiles.prompt.isWellFormed()).toBe(true);
  expect(smiles.sent).toHaveLength(1);
});

test.each([
  ['three words', 'I am fine', 'Today I am fine.', true],
  ['fewer', 'am fine', 'Today I am fine.', false],
  ['the whole message', 'Fine', 'Fine!', true],
  ['words that begin within others', 'her the truth', 'I told whether the truth hurts', false],
  ['words that end within others', 'I told the tru', 'I told the truth', false],
  ['whole words after torn ones', 'or I go', 'Before I or I go', true],
  ['a word with its negation cut off', 'and so I can', 'and so I can’t', false],
  ['letters with marks', 'ich bin mu', 'ich bin mu\u0308de', false],
  ['letters of two units', '𐐀 𐐁 𐐂', 'a𐐀 𐐁 𐐂', false],
  ['a script without spaces', '睡不着觉', '我最近总是睡不着觉，很累', true],
  ['one word of it', '我', '我最近总是睡不着觉，很累', false],
  ['nothing', '  ', 'Today I am fine.', false],
  ['punctuation', '...', 'Well... I am fine.', false],
])('a quote of %s', (_, quote, text, kept) => {
  const lines = [{ sessionId: 's', seq: 1, at: '', who: 'Client' as const, text }];
  const answer = JSON.stringify({ points: [point('Says so.', quote)] });
  expect(keptOf(summary, answer, lines).points).toHaveLength(kept ? 1 : 0);
});

test('what is quoted several times is dated each time it was said', async () => {
  const session = await said('I sleep badly.', 'It rains.', 'Still I sleep badly.', 'And I sleep badly.');
  const same = point('Sleeps badly.', 'I sleep badly');
  const { body } = await summarise(session, same, same, same, same, point('The rest.', 'the'));
  const events = await talking(app).eventsOf(session);
  const times = events
    .filter(({ type, data }) => type === 'message.created' && data.author === 'client' && /badly/.test(data.text))
    .map(({ seq }) => seq);
  expect(times).toHaveLength(3);
  expect(body.points.map(({ seq }: { seq: number }) => seq)).toEqual([times[0], ...times]);
  expect(body.leftOut).toBe(1);
});

test('a point that cannot be used takes no other with it, and the page says how many there were', async () => {
  const session = await said('I am up at 5 < 6 and < 7.', 'I read all night.');
  const early = point('Is up early.', 'up at 5 ‹ 6 and');
  const reads = Array.from({ length: 13 }, (_, at) => point(`Reads ${at}.`, 'I read all night'));
  const { status, body } = await summarise(
    session,
    ...reads,
    early,
    point('Is up.', 'up at 5 < 6'),
    point('Long.'.repeat(200), 'I read all night'),
    point('Long.', 'I read all night. '.repeat(40)),
    { text: 'No quote.' },
  );
  expect([status, body.leftOut, body.points.length]).toEqual([200, 3, 15]);
  // What was said is shown as it was said, whichever way the model repeats it.
  expect(body.points.slice(0, 2)).toMatchObject([{ quote: 'up at 5 < 6 and' }, { quote: 'up at 5 < 6' }]);
  expect(promptOf()).toContain('Client: I am up at 5 ‹ 6 and ‹ 7.');
});

test('of many guesses none is lost', () => {
  const lines = [{ sessionId: 's', seq: 1, at: '', who: 'Client' as const, text: 'I am fine.' }];
  const points = Array.from({ length: 61 }, () => ({ tone: 'calm', quote: 'I am fine' }));
  expect(keptOf(tone, JSON.stringify({ points }), lines)).toMatchObject({ leftOut: 0, points });
});

describe('while the model answers', () => {
  let kit: string;
  let session: TestSession;
  const summary = point('Reads.', 'I read all night');

  beforeEach(async () => {
    kit = (await call('POST', '/clients', { name: 'Kit' })).body.id;
    session = await makeSession(app, personaId, { clientId: kit });
    upstream.says('I see.');
    await talking(app).post(session, 'I read all night.');
    await talking(app).untilEvent(session, 'reply.completed');
  });

  /** Asks about this, and does that before the model answers. */
  async function meanwhile(of: object, act: () => Promise<unknown>, points: object[] = [summary]) {
    upstream.plays((response) => {
      void act().then(() => response.end(openAi.text(JSON.stringify({ points })) + openAi.end(1)));
    });
    return call('POST', '/insights/summary', of);
  }
  const erase = () =>
    call('POST', '/privacy/erasures', { subject: { kind: 'client', id: kit }, confirm: 'Kit' }).then(({ body }) =>
      expect(body.status).toBe('done'),
    );
  const kept = () => app.db.everywhere.many('select 1 from ai_insight where session_id = $1', [session.id]);

  test('a no of the client holds: nothing is stored', async () => {
    await call('PUT', '/privacy/consents/ai-processing', { asked: true });
    const agree = (given: boolean) => call('POST', `/clients/${kit}/consents`, { purpose: 'ai-processing', given });
    await agree(true);
    const { status, body } = await meanwhile({ sessionId: session.id }, () => agree(false));
    await call('PUT', '/privacy/consents/ai-processing', { asked: false });
    expect([status, body.code]).toEqual([403, 'consent-needed']);
    expect(await kept()).toEqual([]);
  });

  test('the client, the session or the thread that it is about goes: none such is found', async () => {
    const threadId = (await call('POST', `/clients/${kit}/threads`, { name: 'Reading' })).body.id;
    const move = (to: string | null) => call('PUT', `/sessions/${session.id}/thread`, { threadId: to });
    expect((await move(threadId)).status).toBe(200);
    const thread = await meanwhile({ threadId }, async () => {
      expect((await move(null)).status).toBe(200);
      expect((await call('DELETE', `/threads/${threadId}`)).status).toBeLessThan(300);
    });
    expect([thread.status, thread.body.code]).toEqual([404, 'not-found']);
    const gone = await meanwhile({ clientId: kit }, erase);
    expect([gone.status, gone.body.code]).toEqual([404, 'not-found']);
  });

  test('its session goes: none such is found', async () => {
    const { status, body } = await meanwhile({ sessionId: session.id }, erase);
    expect([status, body.code]).toEqual([404, 'not-found']);
  });

  test('one of the sessions it quotes goes: the points of the others are kept', async () => {
    const other = await makeSession(app, personaId, { clientId: kit });
    upstream.says('I see.');
    await talking(app).post(other, 'It rains a lot.');
    await talking(app).untilEvent(other, 'reply.completed');
    const points = [summary, point('It rains.', 'It rains a lot')];
    const { status, body } = await meanwhile({ clientId: kit }, () => remove(session.id), points);
    expect([status, body]).toMatchObject([200, { points: [{ sessionId: other.id }] }]);
  });

  test('whoever deletes sessions and whoever stores what quotes them do not wait for each other', async () => {
    const ask = () => call('POST', '/insights/summary', { clientId: kit });
    upstream.says(JSON.stringify({ points: [summary] }));
    expect((await ask()).status).toBe(200);
    let locked: (() => void) | undefined;
    const holding = new Promise<void>((resolve) => (locked = resolve));
    const orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
    // As the retention of sessions does: first the row of the session, then what stands of it.
    const deleting = app.db.in(orgId).tx(async (tx) => {
      await tx.exec('select 1 from session where org_id = $1 and id = $2 for update', [orgId, session.id]);
      locked?.();
      await untilWaiting();
      await deleteRows(tx, orgId, await findAnchors(tx, orgId, { kind: 'session', id: session.id }));
    });
    await holding;
    const [, asked] = await Promise.all([deleting, ask()]);
    expect([asked.status, asked.body.code]).toEqual([404, 'not-found']);
  });
});
