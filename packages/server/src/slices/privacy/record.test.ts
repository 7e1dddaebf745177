import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());

const record = async () => (await app.json('GET', '/api/v1/privacy/record')).body;

test('the record says what is set now, and who answers for it', async () => {
  expect(await record()).toMatchObject({ organisation: 'Test House', profile: { controller: '' }, recipients: [] });
  const profile = { controller: 'House e.V., Hill 1', contact: 'office@house.example', officer: 'Odo' };
  await app.json('PUT', '/api/v1/privacy/record/profile', profile);
  await app.json('PUT', '/api/v1/privacy/consents/ai-processing', { asked: true });
  await app.json('PUT', '/api/v1/privacy/retention/sessions', { days: 400, expected: 0 });
  await app.json('POST', '/api/v1/providers', { kind: 'reference', label: 'Quotes | only' });
  const made = await record();
  expect(made.profile).toEqual(profile);
  expect(made.consents).toContainEqual({ purpose: 'ai-processing', asked: true, version: 0 });
  expect(made.retention).toContainEqual({ category: 'sessions', days: 400 });
  expect(made.recipients).toEqual([
    { name: 'Quotes | only', place: 'this server', status: 'local', receives: true, note: '', agreedOn: null },
  ]);
});

test('as Markdown it keeps what people typed in its place', async () => {
  const { body, headers } = await app.json('GET', '/api/v1/privacy/record?format=markdown');
  expect(headers.get('content-type')).toContain('text/markdown');
  expect(body).toContain('- Controller: House e.V., Hill 1');
  expect(body).toContain('| Quotes \\| only | this server | local | yes | – |');
  expect(body).toContain('| sessions | 400 |');
});

test('a client sees no record', async () => {
  const { client } = await makeSession(app, await makePersona(app));
  expect((await app.json('GET', '/api/v1/privacy/record', undefined, client)).status).toBe(404);
});
