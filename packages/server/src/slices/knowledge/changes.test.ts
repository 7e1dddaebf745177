import type { Document } from '@rapport/protocol/knowledge';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { makeBase, type TestBase } from '../../test/knowledge.ts';

describe('many documents at once', () => {
  let app: TestApp;
  let base: TestBase;
  let ids: string[];
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    base = await makeBase(app);
    const titles = ['Tea', 'Coffee', 'Water'];
    const add = async (title: string) =>
      (await app.json('POST', base.path, { title, text: `${title} is free.`, tags: ['drinks'] })).body.id;
    ids = await Promise.all(titles.map(add));
  });
  const change = (body: object) => app.json('POST', `${base.path}/changes`, body);
  const documents = async (): Promise<Document[]> => (await app.json('GET', base.path)).body.items;

  test('are moved and tagged, and the room is told of each', async () => {
    const two = ids.slice(0, 2);
    expect((await change({ action: 'move', documentIds: two, folder: 'Guides' })).body.documentIds.sort()).toEqual(
      [...two].sort(),
    );
    await change({ action: 'tag', documentIds: two, tags: ['hot', 'drinks'] });
    const all = new Map((await documents()).map((one) => [one.id, one]));
    for (const id of two) expect(all.get(id)).toMatchObject({ folder: 'Guides', tags: ['drinks', 'hot'] });
    expect(all.get(ids[2] ?? '')).toMatchObject({ folder: '', tags: ['drinks'] });
    await base.told((events) => events.filter(({ type }) => type === 'document.changed').length === 4);
  });

  test('are deleted, and search forgets them; one that is gone already holds up nothing', async () => {
    await app.json('DELETE', `${base.path}/${ids[0]}`);
    expect((await change({ action: 'delete', documentIds: ids.slice(0, 2) })).body).toEqual({ documentIds: [ids[1]] });
    expect((await base.search('free')).map(({ title }) => title)).toEqual(['Water']);
  });

  test('of another base are left alone', async () => {
    const other = await makeBase(app);
    const { body } = await app.json('POST', `${other.path}/changes`, { action: 'delete', documentIds: ids });
    expect(body).toEqual({ documentIds: [] });
    expect(await documents()).toHaveLength(3);
  });

  test('take all of a change or nothing of it', async () => {
    const many = Array.from({ length: 20 }, (_, n) => `tag-${n}`);
    const { status, body } = await change({ action: 'tag', documentIds: ids, tags: many });
    expect([status, body.errors[0].pointer]).toEqual([400, '/tags']);
    expect((await documents()).every(({ tags }) => tags.length === 1)).toBe(true);
    expect((await change({ action: 'move', documentIds: [], folder: 'x' })).status).toBe(400);
  });
});
