import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { startCompromised, type Compromised } from '../../test/llm/compromised.ts';
import { talking } from '../../test/talking.ts';
import { makeMember, type TestMember } from '../../test/team.ts';
import { keptOf, summary } from './summary.ts';

const reports = '/api/v1/reports';
let app: TestApp;
let upstream: Compromised;
let session: TestSession;
let clientId: string;
let ann: TestMember;

const make = async (body: object) => {
  const made = await app.json('POST', reports, body);
  expect([made.status, made.body]).toMatchObject([201, { status: 'draft' }]);
  return made.body;
};
const edited = (report: { revision: number; title: string; sections: object[] }, change: object[]) => ({
  revision: report.revision,
  title: report.title,
  sections: change,
});
const file = async (id: string, format: string) =>
  (await app.fetch(`${reports}/${id}/export?format=${format}`, {})).text();

beforeAll(async () => {
  upstream = await startCompromised();
  app = await startTestApp();
  await app.json('POST', '/api/v1/providers', { kind: 'openai', baseUrl: upstream.url, model: 'm', apiKey: 'k' });
  clientId = (await app.json('POST', '/api/v1/clients', { name: 'Kit' })).body.id;
  session = await makeSession(app, await makePersona(app), { clientId, title: 'Sleep' });
  const talk = talking(app);
  upstream.says('I see.');
  await talk.post(session, 'I sleep badly since my sister left in May.');
  await talk.untilEvent(session, 'reply.completed');
  ann = await makeMember(app, 'Ann', ['supervisor']);
});
afterAll(async () => {
  await app?.close();
  await upstream?.close();
});

test('begins with what the log tells, is written on, and is approved by somebody with a name', async () => {
  const report = await make({ sessionId: session.id });
  expect(report.sections.map(({ kind }: { kind: string }) => kind)).toEqual(['counted', 'counted']);
  expect(report.sections[0].text).toContain('Client: 1 message in 1 turn, 9 words');
  const [numbers, risk] = report.sections;
  const path = `${reports}/${report.id}`;
  const { body: changed } = await app.json(
    'PUT',
    path,
    edited(report, [
      { id: risk.id, heading: 'Risk', text: risk.text },
      { id: numbers.id, heading: 'Numbers', text: 'Quite a lot was said.' },
      { heading: 'Impression', text: 'Tired, but hopeful.' },
    ]),
  );
  expect(changed.sections).toMatchObject([
    { id: risk.id, kind: 'counted', text: risk.text },
    { id: numbers.id, kind: 'written', text: 'Quite a lot was said.', seqs: [] },
    { kind: 'written', heading: 'Impression' },
  ]);
  expect((await app.json('PUT', path, edited(report, []))).status).toBe(409);
  expect((await app.json('POST', `${path}/approve`, { revision: report.revision })).status).toBe(409);
  expect(await file(report.id, 'markdown')).toContain('nobody has approved');
  const approved = await app.json('POST', `${path}/approve`, { revision: changed.revision }, ann.headers);
  expect([approved.status, approved.body]).toMatchObject([200, { status: 'approved', approvedBy: { name: 'Ann' } }]);
  const markdown = await file(report.id, 'markdown');
  expect(markdown).toContain('Approved by Ann');
  expect(markdown).toContain('Tired, but hopeful.');
  expect((await file(report.id, 'pdf')).slice(0, 5)).toBe('%PDF-');
  expect((await app.json('PUT', path, edited(approved.body, []))).status).toBe(409);
  expect((await app.json('DELETE', path)).status).toBe(409);
  const { body: list } = await app.json('GET', `${reports}?sessionId=${session.id}`);
  expect(list.items).toMatchObject([{ id: report.id, title: 'Report: Sleep' }]);
});

test('what a model says is kept where its quote stands in a message of the client, and stays marked as a model’s', async () => {
  upstream.says(
    JSON.stringify({
      points: [
        { text: 'Sleeps badly.', quote: 'I sleep  badly since my sister left' },
        { text: 'Drinks.', quote: 'I drink every night' },
        { text: 'The persona understands.', quote: 'I see.' },
      ],
    }),
  );
  const report = await make({ sessionId: session.id, summarise: true });
  expect(report).toMatchObject({
    leftOut: 2,
    sections: [{ kind: 'ai', edited: false, text: 'Sleeps badly. (“I sleep badly since my sister left”)' }, {}, {}],
  });
  const [summary] = report.sections;
  const path = `${reports}/${report.id}`;
  const change = edited(report, [{ id: summary.id, heading: 'Summary', text: 'Sleeps badly since May.' }]);
  expect((await app.json('PUT', path, change)).body.sections).toMatchObject([{ kind: 'ai', edited: true }]);
  const markdown = await file(report.id, 'markdown');
  expect(markdown).toContain('Made by an AI model');
  expect(markdown).toContain('changed by the team');
  expect((await app.json('DELETE', path)).status).toBe(200);
  expect((await app.json('GET', path)).status).toBe(404);
});

test('a summary counts towards budgets, and none is made where one is spent', async () => {
  const budget = async () => (await app.json('GET', '/api/v1/budgets')).body.items[0];
  const owner = (await app.json('GET', '/api/v1/me')).body.userId;
  const body = { scope: 'user', subjectId: owner, period: 'month' };
  expect((await app.json('PUT', '/api/v1/budgets', { ...body, tokens: 1_000_000 })).status).toBe(200);
  upstream.says(JSON.stringify({ points: [{ text: 'Sleeps badly.', quote: 'I sleep badly' }] }));
  const before = (await budget()).used;
  await make({ sessionId: session.id, summarise: true });
  const after = (await budget()).used;
  expect(after.replies).toBe(before.replies);
  expect(after.tokens).toBeGreaterThan(before.tokens);
  const { body: days } = await app.json('GET', '/api/v1/usage?days=1');
  expect(days.items[0].tokens).toBe(after.tokens);
  expect((await app.json('PUT', '/api/v1/budgets', { ...body, tokens: after.tokens })).body.spent).toBe(true);
  const asked = upstream.received.length;
  const refused = await app.json('POST', reports, { sessionId: session.id, summarise: true });
  expect([refused.status, refused.body.code]).toEqual([409, 'budget-spent']);
  expect(upstream.received).toHaveLength(asked);
  expect((await make({ sessionId: session.id })).sections).toHaveLength(2);
  for (const { id } of (await app.json('GET', '/api/v1/budgets')).body.items)
    await app.json('DELETE', `/api/v1/budgets/${id}`);
});

test.each([
  ['no JSON', 'The client sleeps badly.'],
  ['half of it', '{"points": [{"text": "Sleeps'],
])('a model that answers %s makes no report', async (_, answer) => {
  upstream.says(answer);
  const { status, body } = await app.json('POST', reports, { sessionId: session.id, summarise: true });
  expect([status, body]).toMatchObject([422, { code: 'provider-failed', detail: expect.stringContaining('without') }]);
});

test('a model is not asked where the client did not agree that one reads along', async () => {
  const set = await app.json('PUT', '/api/v1/privacy/consents/ai-processing', { asked: true });
  expect(set.status).toBe(200);
  const before = upstream.received.length;
  const { status, body } = await app.json('POST', reports, { sessionId: session.id, summarise: true });
  expect([status, body]).toMatchObject([403, { code: 'consent-needed' }]);
  expect(upstream.received).toHaveLength(before);
  await app.json('PUT', '/api/v1/privacy/consents/ai-processing', { asked: false });
});

test('a report on a client; nobody else sees either', async () => {
  const report = await make({ clientId });
  expect(report.sections[0].text).toContain('Sleep, 0 minutes, 1 message and 9 words');
  const stranger = await makeMember(app, 'Sid', ['facilitator']);
  for (const [method, path, body] of [
    ['GET', `${reports}/${report.id}`, undefined],
    ['GET', `${reports}?clientId=${clientId}`, undefined],
    ['POST', reports, { clientId }],
    ['PUT', `${reports}/${report.id}`, edited(report, [])],
    ['DELETE', `${reports}/${report.id}`, undefined],
    ['GET', `${reports}/${report.id}/export`, undefined],
  ] as const)
    expect((await app.json(method, path, body, stranger.headers)).status, `${method} ${path}`).toBe(404);
  expect((await app.json('POST', reports, { clientId, sessionId: session.id })).status).toBe(400);
  expect((await app.json('POST', reports, {})).status).toBe(400);
});

describe('of the points of a model', () => {
  const spaces = (text: string) => text.replace(/\s+/g, ' ').trim();
  /** What is kept of points with these quotes where the client wrote these texts. */
  const keeping = (texts: string[], quotes: string[]) => {
    const lines = texts.map((text, seq) => ({ sessionId: 's', seq, at: '', who: 'Client' as const, text }));
    const { points, leftOut } = keptOf(
      summary,
      JSON.stringify({ points: quotes.map((quote) => ({ text: 'One.', quote })) }),
      lines,
    );
    expect(points).toHaveLength(quotes.length - leftOut);
    for (const { seq, quote } of points) expect(spaces(texts[seq] ?? '')).toContain(quote);
    return points.map(({ quote }) => quote);
  };
  const all = (one: fc.Arbitrary<string>) => fc.array(one, { maxLength: 8 });

  test('none is kept whose quote the client did not write', () => {
    const text = fc.string({ maxLength: 20 });
    fc.assert(fc.property(all(text), all(text), (texts, quotes) => void keeping(texts, quotes)));
  });

  test('each is kept that quotes three of their words or all, and no other', () => {
    const word = fc.constantFrom('the', 'whether', 'her', 'I', 'can', "can't", 'ä');
    const sentence = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join('  '));
    fc.assert(
      fc.property(all(sentence), all(sentence), (texts, quotes) => {
        const proven = quotes.map(spaces).filter((quote) =>
          texts.map(spaces).some((text) => {
            const fewest = Math.min(3, text.split(' ').length);
            return quote.split(' ').length >= fewest && ` ${text} `.includes(` ${quote} `);
          }),
        );
        expect(keeping(texts, quotes).sort()).toEqual(proven.sort());
      }),
    );
  });
});
