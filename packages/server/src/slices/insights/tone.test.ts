import { toneWords } from '@rapport/protocol/aiInsights';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { openAi } from '../../test/dialects.ts';
import { readZip } from '../../platform/zip/zip.ts';
import { startCompromised, type Compromised } from '../../test/llm/compromised.ts';
import { safetySettings, talking } from '../../test/talking.ts';
import { makeMember } from '../../test/team.ts';
import { keptOf } from './summary.ts';
import { tone } from './tone.ts';

let app: TestApp;
let upstream: Compromised;
let personaId: string;
let clientId: string;
let session: TestSession;

const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  app.json(method, `/api/v1${path}`, body, headers);
const set = (emotionInference: boolean) => call('PUT', '/safety', { ...safetySettings, emotionInference });
const agree = (given: boolean) => call('POST', `/clients/${clientId}/consents`, { purpose: 'emotion', given });
const choose = (...packs: string[]) => call('PUT', '/organisation/packs', { packs });
const ask = (headers?: Record<string, string>) =>
  call('POST', `/sessions/${session.id}/insights/tone`, undefined, headers);
const shown = async () => (await call('GET', `/sessions/${session.id}/insights`)).body.tone;
const guesses = (...points: object[]) => upstream.says(JSON.stringify({ points }));
const personOf = async (path: string, headers = {}) => {
  const body = Buffer.from(await (await app.fetch(`/api/v1${path}`, { headers })).arrayBuffer());
  const limits = { names: ['manifest.json', 'person.json', 'person.md', 'person.pdf'], fileBytes: 1e7, ratio: 150 };
  return String((await readZip(body, limits)).get('person.json'));
};
const worried = { tone: 'worried', quote: 'I am afraid of the letter' };
const illinois = 'us-il-wopr';

beforeAll(async () => {
  upstream = await startCompromised();
  app = await startTestApp();
  await call('POST', '/providers', { kind: 'openai', baseUrl: upstream.url, model: 'm', apiKey: 'k' });
  personaId = await makePersona(app);
  clientId = (await call('POST', '/clients', { name: 'Kit Kestrel' })).body.id;
  session = await makeSession(app, personaId, { clientId, title: 'The letter' });
  upstream.says('I understand.');
  for (const [at, text] of ['I am afraid of the letter.', 'Then I read it, and it was fine.'].entries()) {
    await talking(app).post(session, text);
    await talking(app).untilEvent(session, 'reply.completed', at + 1);
  }
});
afterAll(async () => {
  await app?.close();
  await upstream?.close();
});

describe('who may have a model guess', () => {
  test('nobody, until the organisation switches it on', async () => {
    expect((await call('GET', '/safety')).body.settings.emotionInference).toBe(false);
    await agree(true);
    const asked = upstream.received.length;
    const { status, body } = await ask();
    expect([status, body.code]).toEqual([409, 'wrong-state']);
    expect(await shown()).toEqual({ state: 'off', guessed: null });
    expect(upstream.received).toHaveLength(asked);
  });

  test('nobody about a client who has not said yes to it, whatever else they agreed to', async () => {
    await set(true);
    await agree(false);
    await call('POST', `/clients/${clientId}/consents`, { purpose: 'ai-processing', given: true });
    const asked = upstream.received.length;
    const { status, body } = await ask();
    expect([status, body.code]).toEqual([403, 'consent-needed']);
    expect(await shown()).toEqual({ state: 'consent-needed', guessed: null });
    expect(upstream.received).toHaveLength(asked);
  });

  test('nobody about a client who did not agree that a model reads along, nor who does not follow the session', async () => {
    await set(true);
    await agree(true);
    await call('PUT', '/privacy/consents/ai-processing', { asked: true });
    await call('POST', `/clients/${clientId}/consents`, { purpose: 'ai-processing', given: false });
    expect((await ask()).body.code).toBe('consent-needed');
    await call('PUT', '/privacy/consents/ai-processing', { asked: false });
    const stranger = await makeMember(app, 'Sid', ['facilitator']);
    expect((await ask(stranger.headers)).status).toBe(404);
    expect((await ask(session.client)).status).toBe(404);
  });
});

describe('a guess', () => {
  beforeEach(async () => {
    await choose();
    await set(true);
    await agree(true);
    guesses(worried);
    expect((await ask()).status).toBe(200);
  });

  test('is one of a few words, with words of the client that it rests on, and who asked which model', async () => {
    guesses(
      { tone: 'calm', quote: 'it was  fine' },
      worried,
      { tone: 'angry', quote: 'I hate you all' },
      { tone: 'worried', quote: 'I understand.' },
      { tone: 'clinically depressed', quote: 'I am afraid of the letter' },
    );
    const { body } = await ask();
    const said = (await talking(app).eventsOf(session)).filter(
      ({ type, data }) => type === 'message.created' && data.author === 'client',
    );
    expect(body).toMatchObject({
      leftOut: 3,
      engine: { model: 'm' },
      askedBy: { name: 'Olga' },
      points: [
        { ...worried, seq: said[0]?.seq, sessionId: session.id },
        { tone: 'calm', quote: 'it was fine', seq: said[1]?.seq },
      ],
    });
    expect(await shown()).toEqual({ state: 'on', guessed: body });
    expect(JSON.stringify(await shown())).not.toContain('depressed');
    const rows = await app.db.everywhere.many<{ body: Buffer }>('select body from ai_insight_part');
    for (const row of rows) expect(String(row.body)).not.toMatch(/worried|letter/);
    const log = (await call('GET', '/audit?act=insight.tone-judged')).body.items;
    expect(JSON.stringify(log[0])).toContain(session.id);
  });

  test('goes to no client, into no prompt, and into a report only where a person wants it there', async () => {
    const own = await personOf('/me/record/export', session.client);
    expect(own).toContain('I am afraid of the letter');
    expect(own).not.toMatch(/"tone"|worried/);
    expect(await personOf(`/privacy/records/client/${clientId}/export`)).toMatch(/"kind": "tone"[\s\S]*"worried"/);
    const events = await talking(app).eventsOf(session, session.client);
    expect(JSON.stringify(events)).not.toMatch(/tone|guess/);
    expect((await call('GET', `/sessions/${session.id}/insights`, undefined, session.client)).status).toBe(404);
    upstream.says('Good.');
    const before = upstream.received.length;
    const replies = (await talking(app).eventsOf(session)).filter(({ type }) => type === 'reply.completed').length;
    await talking(app).post(session, 'What now?');
    await talking(app).untilEvent(session, 'reply.completed', replies + 1);
    const prompts = upstream.received.slice(before).map(({ raw }) => raw);
    expect(prompts.join()).not.toMatch(/"tone"|worried/);
    const sectionsOf = async (more: object) =>
      (await call('POST', '/reports', { sessionId: session.id, ...more })).body.sections;
    expect(JSON.stringify(await sectionsOf({}))).not.toContain('worried');
    const section = (await sectionsOf({ tone: true })).at(-1);
    expect(section).toMatchObject({ kind: 'ai', heading: 'Tone: a model’s guess, not a finding' });
    expect(section.text).toMatch(/Guessed by .* m, .* UTC\.\n.* UTC: worried \(“I am afraid of the letter”\)/);
    expect((await call('POST', '/reports', { clientId, tone: true })).status).toBe(400);
  });

  test('is gone from sight at once under a pack that forbids it, and nobody can switch it on there', async () => {
    const { id } = (await shown()).guessed;
    await choose(illinois);
    expect(await shown()).toEqual({ state: 'off', guessed: null, withheld: id });
    expect((await call('GET', '/safety')).body.settings.emotionInference).toBe(false);
    const asked = upstream.received.length;
    for (const refused of [await ask(), await set(true)])
      expect([refused.status, refused.body.code]).toEqual([422, 'pack-forbids']);
    expect(upstream.received).toHaveLength(asked);
    expect((await call('POST', '/reports', { sessionId: session.id, tone: true })).status).toBe(409);
    await choose();
    expect((await shown()).guessed.points).toMatchObject([worried]);
  });

  test.each([
    ['under a pack that forbids it', () => choose(illinois), () => choose()],
    ['while it is switched off', () => set(false), () => set(true)],
  ])('is in no report and no archive %s, and can be removed there', async (_, forbid, allow) => {
    const { body: draft } = await call('POST', '/reports', { sessionId: session.id, tone: true });
    const { body: other } = await call('POST', '/reports', { sessionId: session.id, tone: true });
    const approved = await call('POST', `/reports/${other.id}/approve`, { revision: other.revision });
    const [mine, own] = [`/reports/${draft.id}`, draft.sections.at(-1)];
    const { id } = (await shown()).guessed;
    await forbid();
    for (const one of [draft, other]) {
      const { body } = await call('GET', `/reports/${one.id}`);
      expect(body.sections.at(-1)).toMatchObject({ tone: true, withheld: true, seqs: [] });
      const file = await (await app.fetch(`/api/v1/reports/${one.id}/export?format=markdown`, {})).text();
      expect(JSON.stringify(body) + file).not.toMatch(/worried|Guessed by/);
    }
    expect(await personOf(`/privacy/records/client/${clientId}/export`)).not.toMatch(/"kind": "tone"|worried/);
    const { body: refused } = await call('POST', `${mine}/approve`, { revision: draft.revision });
    expect([refused.code, refused.detail]).toEqual(['wrong-state', expect.stringContaining('Remove that section')]);
    // Saved as it was read, it is kept as it was.
    const read = (await call('GET', mine)).body;
    const { body: saved } = await call('PUT', mine, {
      revision: read.revision,
      title: read.title,
      sections: read.sections.map(({ id, heading, text }: typeof own) => ({ id, heading, text })),
    });
    expect((await shown()).withheld).toBe(id);
    expect((await call('DELETE', `/insights/${id}`)).status).toBe(200);
    expect((await shown()).withheld).toBeUndefined();
    await allow();
    expect((await call('GET', mine)).body.sections.at(-1)).toEqual(own);
    expect((await call('GET', `/reports/${other.id}`)).body.sections).toEqual(approved.body.sections);
    await forbid();
    const rest = saved.sections.slice(0, -1).map(({ id, heading, text }: typeof own) => ({ id, heading, text }));
    const { body: left } = await call('PUT', mine, { revision: saved.revision, title: 'Report', sections: rest });
    expect((await call('POST', `${mine}/approve`, { revision: left.revision })).body.status).toBe('approved');
    await allow();
  });

  test('stays as it was, and stands in the audit log, where nothing of a new answer can be kept', async () => {
    const before = await shown();
    const entries = async () => (await call('GET', '/audit?act=insight.tone-judged')).body.items.length;
    const known = await entries();
    guesses({ tone: 'low', quote: 'nobody wrote this' });
    expect((await ask()).body.code).toBe('provider-failed');
    expect(await shown()).toEqual(before);
    expect(await entries()).toBe(known + 1);
  });

  test('is not stored where it is forbidden while the model answers', async () => {
    const { id } = (await shown()).guessed;
    expect((await call('DELETE', `/insights/${id}`)).status).toBe(200);
    upstream.plays((response) => {
      void choose(illinois).then(() => {
        response.end(openAi.text(JSON.stringify({ points: [worried] })) + openAi.end(1));
      });
    });
    expect((await ask()).body.code).toBe('pack-forbids');
    await choose();
    expect(await shown()).toEqual({ state: 'on', guessed: null });
  });

  test.each([
    ['taken back', () => agree(false), 'consent-needed'],
    ['taken back and given anew', () => agree(false).then(() => agree(true)), 'wrong-state'],
    ['forbidden', () => choose(illinois), 'pack-forbids'],
  ])('is in no report that is begun while it is %s', async (_, meanwhile, code) => {
    const known = (await call('GET', `/reports?sessionId=${session.id}`)).body.items.length;
    upstream.plays((response) => {
      void meanwhile().then(() => {
        const points = [{ text: 'Afraid of a letter.', quote: worried.quote }];
        response.end(openAi.text(JSON.stringify({ points })) + openAi.end(1));
      });
    });
    const { body } = await call('POST', '/reports', { sessionId: session.id, tone: true, summarise: true });
    expect(body.code).toBe(code);
    expect((await call('GET', `/reports?sessionId=${session.id}`)).body.items).toHaveLength(known);
  });

  test('is deleted when the client takes their yes back', async () => {
    await agree(false);
    expect(await app.db.everywhere.many(`select 1 from ai_insight where kind = 'tone'`)).toEqual([]);
    await agree(true);
    expect(await shown()).toEqual({ state: 'on', guessed: null });
  });

  test('is not there after a no, whichever of the two was first', async () => {
    for (let round = 0; round < 8; round += 1) {
      await agree(true);
      await Promise.all([ask(), agree(false)]);
      expect(await app.db.everywhere.many(`select 1 from ai_insight where kind = 'tone'`)).toEqual([]);
    }
  });
});

test('where it is on, clients are told so with the text that an AI answers', async () => {
  const told = async () => {
    const { id } = await makeSession(app, personaId, { clientId });
    const { roomId } = (await call('GET', `/sessions/${id}`)).body;
    const events = (await call('GET', `/rooms/${roomId}/events?limit=500`)).body.events;
    return events.find(({ type }: { type: string }) => type === 'notice.shown')?.data.text;
  };
  await choose('eu-ai-act-50');
  await set(false);
  expect(await told()).not.toContain('seem to feel');
  await set(true);
  expect(await told()).toContain('seem to feel');
  await choose('eu-ai-act-50', illinois);
  expect(await told()).not.toContain('seem to feel');
  await choose();
});

test('no guess is kept whose quote the client did not write, or that is another word', () => {
  const point = fc.record({
    tone: fc.oneof(fc.constantFrom(...toneWords), fc.string({ maxLength: 12 })),
    quote: fc.string({ maxLength: 20 }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 40 }), { maxLength: 5 }),
      fc.array(fc.oneof(point, fc.anything()), { maxLength: 12 }),
      (texts, given) => {
        const lines = texts.map((text, seq) => ({ sessionId: 's', seq, at: '', who: 'Client' as const, text }));
        const answer = JSON.stringify({ points: given });
        const { points, leftOut } = keptOf(tone, answer, lines);
        expect(points.length + leftOut).toBe((JSON.parse(answer) as { points: unknown[] }).points.length);
        for (const one of points) {
          expect(toneWords).toContain(one.tone);
          expect(texts[one.seq]?.replace(/\s+/g, ' ')).toContain(one.quote);
        }
      },
    ),
  );
});
