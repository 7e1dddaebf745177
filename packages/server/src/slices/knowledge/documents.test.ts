import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Document } from '@rapport/protocol/knowledge';
import { startTestApp, type TestApp } from '../../test/app.ts';

let app: TestApp;
let base: string;
let room: string;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  const { body } = await app.json('POST', bases, { name: 'Material' });
  base = body.id;
  room = body.roomId;
});

const bases = '/api/v1/knowledge-bases';
const documents = () => `${bases}/${base}/documents`;

type Named = [name: string, content: string | Uint8Array<ArrayBuffer>];

function formOf(files: Named[], fields: [string, string][] = []): FormData {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  for (const [name, content] of files) form.append('files', new Blob([content]), name);
  return form;
}

async function upload(files: Named[], fields: [string, string][] = []) {
  const answer = await app.fetch(documents(), { method: 'POST', body: formOf(files, fields) });
  return { status: answer.status, body: (await answer.json()) as { documents: Document[] } };
}

interface Told {
  type: string;
  seq: number;
  audience: string;
  data: { documentId: string; version: number; state?: string; failure?: { reason: string } };
}

/** Everything the room told until `done` holds. */
async function told(done: (events: Told[]) => boolean): Promise<Told[]> {
  const events: Told[] = [];
  for (let after = 0, end = Date.now() + 20_000; Date.now() < end && !done(events);) {
    const { body } = await app.json('GET', `/api/v1/rooms/${room}/events?after=${after}&wait=5`);
    events.push(...body.events);
    after = body.next;
  }
  expect(done(events)).toBe(true);
  return events;
}

const settled = (count: number) => (events: Told[]) =>
  events.filter(({ type }) => type === 'document.ready' || type === 'document.failed').length >= count;

const get = async (id: string) => (await app.json('GET', `${documents()}/${id}`)).body;
const search = async (query: string): Promise<{ title: string }[]> =>
  (await app.json('POST', `${bases}/${base}/search`, { query, limit: 10 })).body.results;

describe('a file that is uploaded', () => {
  test('is queued, read in the background, told of in the room, and found', async () => {
    const { status, body } = await upload(
      [['Tea ceremony.md', '# Tea\n\nThe kettle whistles at dawn.']],
      [
        ['folder', 'Guides/Drinks'],
        ['tags', 'tea'],
        ['tags', 'morning'],
      ],
    );
    expect(status).toBe(202);
    const [document] = body.documents;
    expect(document).toMatchObject({
      title: 'Tea ceremony',
      fileName: 'Tea ceremony.md',
      folder: 'Guides/Drinks',
      tags: ['tea', 'morning'],
      state: 'queued',
      version: 1,
      readyVersion: null,
    });
    const events = await told(settled(1));
    expect(events.map(({ type, data }) => data.state ?? type)).toEqual([
      'queued',
      'extracting',
      'chunking',
      'indexing',
      'document.ready',
    ]);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(events.map(({ audience }) => audience))).toEqual(new Set(['staff']));
    expect(await get(document?.id ?? '')).toMatchObject({
      state: 'ready',
      readyVersion: 1,
      chunkCount: 1,
      text: '# Tea\n\nThe kettle whistles at dawn.',
    });
    expect((await search('kettle')).map(({ title }) => title)).toEqual(['Tea ceremony']);
  });
});
