import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const minimal = { name: 'Mira', role: 'wellbeing coach', instructions: 'Listen.' };
const path = '/api/v1/personas';
const unknown = '00000000-0000-7000-8000-000000000000';

const make = async (more: object = {}): Promise<string> =>
  (await app.json('POST', path, { ...minimal, ...more })).body.id;
const get = async (id: string) => (await app.json('GET', `${path}/${id}`)).body;
const patch = (id: string, body: object) => app.json('PATCH', `${path}/${id}`, body);
const publish = (id: string) => app.json('POST', `${path}/${id}/publish`);
const names = async (query: string): Promise<string[]> =>
  (await app.json('GET', `${path}?${query}`)).body.items.map((p: { name: string }) => p.name);

describe('a draft', () => {
  test('needs name, role and instructions; the rest has a default', async () => {
    const { status, body } = await app.json('POST', path, minimal);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...minimal,
      traits: [],
      policy: 'auto',
      publishedVersion: null,
      draftChanged: true,
      archived: false,
    });
    expect(await get(body.id)).toEqual(body);
  });

  test('a field that is missing, unknown or of the wrong type is named', async () => {
    const pointers = async (body: object) => (await app.json('POST', path, body)).body.errors?.[0]?.pointer;
    expect(await pointers({ name: 'Mira', role: 'coach' })).toBe('/instructions');
    expect(await pointers({ ...minimal, traits: [{ name: 'warmth', level: 11 }] })).toBe('/traits/0/level');
    expect((await app.json('POST', path, { ...minimal, surprise: 1 })).status).toBe(400);
  });

  test('a patch changes what it names and nothing else', async () => {
    const id = await make({ rules: ['Ask one question.'] });
    const { status, body } = await patch(id, { style: 'Plain words.' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...minimal, rules: ['Ask one question.'], style: 'Plain words.' });
  });

  test('two who change different fields at once both keep their change', async () => {
    const id = await make();
    await Promise.all([patch(id, { style: 'Plain.' }), patch(id, { openingLine: 'Hello.' })]);
    expect(await get(id)).toMatchObject({ style: 'Plain.', openingLine: 'Hello.' });
  });

  test('an unknown id is not found, whatever is asked of it', async () => {
    const answers = await Promise.all([
      app.json('GET', `${path}/${unknown}`),
      patch(unknown, { name: 'A' }),
      publish(unknown),
      app.json('GET', `${path}/${unknown}/versions`),
    ]);
    expect(answers.map((a) => a.status)).toEqual([404, 404, 404, 404]);
  });

  test('its knowledge base must be one of the organisation', async () => {
    const { body } = await app.json('POST', '/api/v1/knowledge-bases', { name: 'Material' });
    expect((await app.json('POST', path, { ...minimal, knowledgeBaseId: body.id })).status).toBe(201);
    const refused = await patch(await make(), { knowledgeBaseId: unknown });
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/knowledgeBaseId']);
  });
});

describe('publishing', () => {
  test('freezes the draft as the next version', async () => {
    const id = await make();
    const first = await publish(id);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ personaId: id, version: 1, spec: minimal });
    await patch(id, { role: 'sleep coach' });
    expect((await publish(id)).body.version).toBe(2);
    const { items } = (await app.json('GET', `${path}/${id}/versions`)).body;
    expect(items.map((v: { version: number; spec: { role: string } }) => [v.version, v.spec.role])).toEqual([
      [2, 'sleep coach'],
      [1, 'wellbeing coach'],
    ]);
  });

  test('the draft counts as changed only while it differs from the published version', async () => {
    const id = await make();
    await publish(id);
    expect((await get(id)).draftChanged).toBe(false);
    expect((await patch(id, { role: 'sleep coach' })).body.draftChanged).toBe(true);
    expect((await patch(id, { role: minimal.role })).body.draftChanged).toBe(false);
    expect((await patch(id, { archived: true })).body.draftChanged).toBe(false);
  });

  test('ten at once make ten versions without a gap', async () => {
    const id = await make();
    const versions = (await Promise.all(Array.from({ length: 10 }, () => publish(id)))).map((r) => r.body.version);
    expect(versions.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect((await get(id)).publishedVersion).toBe(10);
  });

  test('a session cannot begin with a persona that was never published', async () => {
    const { status, body } = await app.json('POST', '/api/v1/sessions', { personaId: await make() });
    expect([status, body.code]).toEqual([409, 'not-published']);
  });

  test('versions are paged', async () => {
    const id = await make();
    for (let i = 0; i < 3; i++) await publish(id);
    const first = (await app.json('GET', `${path}/${id}/versions?limit=2`)).body;
    const second = (await app.json('GET', `${path}/${id}/versions?limit=2&cursor=${first.next}`)).body;
    expect([first.items.length, second.items.length, second.next]).toEqual([2, 1, null]);
  });
});

describe('the list', () => {
  test('is newest first and paged', async () => {
    await make({ name: 'Paged A' });
    await make({ name: 'Paged B' });
    const first = (await app.json('GET', `${path}?q=paged&limit=1`)).body;
    const second = (await app.json('GET', `${path}?q=paged&limit=1&cursor=${first.next}`)).body;
    expect([first.items[0].name, second.items[0].name, second.next]).toEqual(['Paged B', 'Paged A', null]);
  });

  test('is searched by part of the name, without wildcards', async () => {
    await make({ name: 'Growth 100%' });
    await make({ name: 'Growth 1000' });
    expect(await names('q=growth')).toHaveLength(2);
    expect(await names(`q=${encodeURIComponent('100%')}`)).toEqual(['Growth 100%']);
    expect(await names('q=nothing-like-it')).toEqual([]);
  });

  test('hides what was archived unless it is asked for', async () => {
    const id = await make({ name: 'Retired' });
    await patch(id, { archived: true });
    expect(await names('q=retired')).toEqual([]);
    expect(await names('q=retired&archived=true')).toEqual(['Retired']);
  });

  test('a cursor of another kind is refused', async () => {
    expect((await app.json('GET', `${path}?cursor=abc`)).status).toBe(400);
  });
});

describe('titles', () => {
  test('a claim is refused with what was found, where, and how to word it', async () => {
    const { status, body } = await app.json('POST', path, { ...minimal, name: 'Dr. Mira' });
    expect([status, body.code, body.errors[0].pointer]).toEqual([422, 'claims-title', '/name']);
    expect(body.detail).toContain('“Dr.”');
    expect(body.detail).toContain('wellbeing coach');
  });

  test('a patch cannot bring one in, and what was there stays', async () => {
    const id = await make();
    expect((await patch(id, { instructions: 'You are a licensed psychologist.' })).status).toBe(422);
    expect((await get(id)).instructions).toBe('Listen.');
  });

  test('an organisation that turned the check off may use them; turned on again, it stops the next publish', async () => {
    const allow = (allowTitles: boolean) => app.json('PATCH', '/api/v1/organisation', { allowTitles });
    expect((await allow(true)).status).toBe(200);
    const id = await make({ name: 'Dr. Mira' });
    expect((await publish(id)).status).toBe(201);
    await allow(false);
    expect((await publish(id)).body.code).toBe('claims-title');
    expect((await patch(id, { archived: true })).status).toBe(200);
  });
});
