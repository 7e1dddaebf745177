import type { VersionEvaluation } from '@rapport/protocol/evaluations';
import type { Document } from '@rapport/protocol/knowledge';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { bases, makeBase, type TestBase } from '../../test/knowledge.ts';
import { until } from '../../test/talking.ts';

describe('a new version of a document', () => {
  let app: TestApp;
  let base: TestBase;
  let tea: string;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    base = await makeBase(app);
    tea = await add('Drinks', 'Tea is free in the waiting room.');
    await add('Parking', 'There is a car park behind the building.');
  });

  const add = async (title: string, text: string): Promise<string> =>
    (await app.json('POST', base.path, { title, text })).body.id;
  const evaluate = async (...questions: string[]) =>
    app.json('POST', `${bases}/${base.id}/evaluations`, {
      name: 'Questions',
      questions: questions.map((question) => ({ question, documentIds: [tea] })),
    });
  const replace = (text: string) => app.json('PUT', `${base.path}/${tea}`, { text });
  const texts = async (query: string) => (await base.search(query)).map(({ text }) => text);
  const evaluated = (): Promise<Document> =>
    until(async () => {
      const document: Document = await base.get(tea);
      return document.waiting?.state === 'done' && document;
    }, 'the evaluation of the version');
  const publish = (version: number) => app.json('POST', `${base.path}/${tea}/versions/${version}/publish`);

  test('is searched at once in a base without evaluations', async () => {
    expect(await replace('Coffee is free.')).toMatchObject({ status: 201, body: { state: 'ready', waiting: null } });
    expect(await texts('coffee')).toEqual(['Coffee is free.']);
  });

  test('waits for the evaluations of its base, and is searched when it is published', async () => {
    await evaluate('Where is tea?', 'Is there coffee?');
    const put = await replace('Coffee is served at noon.');
    expect(put).toMatchObject({ status: 202, body: { state: 'waiting', version: 2, readyVersion: 1 } });
    const waiting = await evaluated();
    expect(waiting).toMatchObject({ waiting: { evaluations: 1, questions: 2, gained: 1, lost: 1 } });
    expect(await texts('coffee')).toEqual([]);
    expect(await texts('tea')).toEqual(['Tea is free in the waiting room.']);
    const { body } = await app.json('GET', `${base.path}/${tea}/versions/2/evaluations`);
    const [{ run }] = body.items as [VersionEvaluation];
    expect(run?.results).toMatchObject([
      { question: 'Where is tea?', before: 1, change: 'lost' },
      { question: 'Is there coffee?', before: null, rank: 1, change: 'gained' },
    ]);
    expect(await publish(2)).toMatchObject({ status: 200, body: { state: 'ready', readyVersion: 2, waiting: null } });
    expect(await texts('coffee')).toEqual(['Coffee is served at noon.']);
    expect(await texts('tea')).toEqual([]);
    expect((await publish(2)).status).toBe(409);
  });
});
