import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { answerFromPassages } from '../knowledge/reference.ts';
import { demoPersonas } from './personas.ts';

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.close());

const demo = () => app.json('POST', '/api/v1/demo');
const items = async (path: string) => (await app.json('GET', `/api/v1/${path}`)).body.items;
const totals = async () =>
  Promise.all(['personas', 'knowledge-bases', 'clients'].map(async (path) => (await items(path)).length));

test('nothing of the demo is there unasked', async () => expect(await totals()).toEqual([0, 0, 0]));

test('one call makes three published personas, each with at least three documents, and a client', async () => {
  const { status, body } = await demo();
  expect(status).toBe(201);
  expect(body.personaIds).toHaveLength(3);
  for (const id of body.personaIds) {
    const persona = (await app.json('GET', `/api/v1/personas/${id}`)).body;
    expect([persona.publishedVersion, persona.draftChanged]).toEqual([1, false]);
    expect((await items(`knowledge-bases/${persona.knowledgeBaseId}/documents`)).length).toBeGreaterThanOrEqual(3);
  }
  expect((await app.json('GET', `/api/v1/clients/${body.clientId}`)).body.name).toBe('Sam (demo)');
});

test('further calls, also at the same time, make nothing and answer the same', async () => {
  const [first, again] = await Promise.all([demo(), demo()]);
  expect(again.body).toEqual(first.body);
  expect((await demo()).body).toEqual(first.body);
  expect(await totals()).toEqual([3, 3, 1]);
});

test('a demo persona that was renamed or archived is not made again', async () => {
  const { body } = await demo();
  await app.json('PATCH', `/api/v1/personas/${body.personaIds[0]}`, { name: 'Nora' });
  await app.json('PATCH', `/api/v1/personas/${body.personaIds[1]}`, { archived: true });
  expect((await demo()).body).toEqual(body);
});

test('a persona of somebody’s own is not taken for one of the demo', async () => {
  const { body: own } = await app.json('POST', '/api/v1/personas', {
    name: 'Mira',
    role: 'coach',
    instructions: 'Own.',
  });
  const { body } = await demo();
  expect(body.personaIds).not.toContain(own.id);
});

test('what was left half-made is completed', async () => {
  const first = demoPersonas[0];
  const { body: base } = await app.json('POST', '/api/v1/knowledge-bases', { name: first?.knowledgeBase });
  const { body } = await demo();
  expect((await app.json('GET', `/api/v1/personas/${body.personaIds[0]}`)).body.knowledgeBaseId).toBe(base.id);
  expect(await items(`knowledge-bases/${base.id}/documents`)).toHaveLength(first?.documents.length ?? 0);
});

test('a client’s token cannot make the demo', async () => {
  const { client } = await makeSession(app, (await demo()).body.personaIds[0]);
  expect((await app.json('POST', '/api/v1/demo', undefined, client)).status).toBe(404);
});

test('its reference material answers what a visitor would ask, and nothing else', async () => {
  await demo();
  const bases: { id: string; name: string }[] = await items('knowledge-bases');
  const ask = async (base: string, query: string): Promise<string> => {
    const id = bases.find((b) => b.name.startsWith(base))?.id;
    const { body } = await app.json('POST', `/api/v1/knowledge-bases/${id}/search`, { query, limit: 6 });
    return answerFromPassages(query, body.results).text;
  };
  expect(await ask('Clinic', 'When is the clinic open on Saturday?')).toContain('on Saturday from 9:00 to 12:00');
  expect(await ask('Clinic', 'Where can I park my car?')).toContain('car park behind the building');
  expect(await ask('Clinic', 'How do I cancel an appointment?')).toContain('cancel at least 24 hours');
  expect(await ask('Wellbeing', 'I lie awake at night, what can I do?')).toContain('If you lie awake');
  expect(await ask('Wellbeing', 'Is a nap okay?')).toContain('A nap is fine');
  expect(await ask('Onboarding', 'Who takes me to lunch?')).toContain('takes you to lunch');
  expect(await ask('Onboarding', 'I lost my laptop')).toContain('Report a lost laptop');
  expect(await ask('Clinic', 'Which ibuprofen dose for a migraine?')).toContain('No passage');
  expect(await ask('Wellbeing', 'What is the capital of France?')).toContain('No passage');
});
