import { connect } from 'node:net';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Document } from '@rapport/protocol/knowledge';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { bases, formOf, makeBase, type NamedFile, type TestBase } from '../../test/knowledge.ts';

let app: TestApp;
let base: TestBase;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  base = await makeBase(app);
});

const unknown = '00000000-0000-7000-8000-000000000000';

const one = async (file: NamedFile): Promise<Document> => {
  const { body } = await base.upload([file]);
  return body.documents[0] as Document;
};

const files = async (): Promise<string[]> => {
  const names = await readdir(join(app.config.dataDir, 'files'), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  return names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

const blobRows = async (): Promise<number> => (await app.db.everywhere.many('select 1 from blob')).length;

test('a base tells what is in it, and from where its room goes on', async () => {
  await base.upload(
    [['Rules.md', '# Rules\n\nNobody shouts.']],
    [
      ['folder', 'Guides/House'],
      ['tags', 'house'],
    ],
  );
  await base.upload([['Nothing.md', ' ']], [['folder', 'Guides']]);
  const events = await base.settled(2);
  const { body } = await app.json('GET', `${bases}/${base.id}`);
  expect(body).toMatchObject({
    cursor: events.at(-1)?.seq,
    states: { ready: 1, failed: 1 },
    folders: [
      { path: 'Guides', count: 1 },
      { path: 'Guides/House', count: 1 },
    ],
    tags: [{ name: 'house', count: 1 }],
  });
});

describe('a file that is uploaded', () => {
  test('is queued, read in the background, told of in the room in order, and found', async () => {
    const { status, body } = await base.upload(
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
    const events = await base.settled(1);
    expect(events.map(({ type, data }) => data.state ?? type)).toEqual([
      'queued',
      'extracting',
      'chunking',
      'indexing',
      'document.ready',
    ]);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(events.map(({ audience }) => audience))).toEqual(new Set(['staff']));
    const text = '# Tea\n\nThe kettle whistles at dawn.';
    expect(await base.get(document?.id ?? '')).toMatchObject({ state: 'ready', readyVersion: 1, chunkCount: 1, text });
    expect((await base.search('kettle')).map(({ title }) => title)).toEqual(['Tea ceremony']);
  });

  test('comes back as it was given, as a file that no browser runs', async () => {
    const content = new Uint8Array(300_000).map((_, at) => (at * 7919) % 251);
    const { id } = await one(['Übersicht "1".bin', content]);
    const answer = await app.fetch(`${base.path}/${id}/file`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(content))).toBe(true);
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="_bersicht _1_.bin"; filename*=UTF-8''%C3%9Cbersicht%20_1_.bin`,
    );
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain('sandbox');
  });

  test('lies in the folder sealed, under an id', async () => {
    const { id } = await one(['Secret recipe.txt', 'Saffron and patience, saffron and patience.']);
    await base.settled(1);
    const all = await Promise.all((await files()).map((path) => readFile(path)));
    expect(all.length).toBeGreaterThan(0);
    for (const bytes of all) expect(bytes.includes('patience')).toBe(false);
    expect((await files()).join()).not.toContain('recipe');
    expect(await base.get(id)).toMatchObject({ state: 'ready' });
  });

  test('fails with its reason when nothing can be read in it, beside others that are read', async () => {
    const { body } = await base.upload([
      ['Empty.txt', ''],
      ['Picture.xyz', new Uint8Array([1, 2, 3, 4, 255, 254])],
      ['Good.txt', 'The lighthouse keeper sleeps by day.'],
    ]);
    await base.settled(3);
    const states = await Promise.all(body.documents.map(({ id }) => base.get(id)));
    expect(states.map(({ state }) => state)).toEqual(['failed', 'failed', 'ready']);
    expect(states.map(({ failure }) => failure?.reason ?? null)).toEqual(['empty', 'unsupported', null]);
    expect(states[0].failure.message).toMatch(/nothing to read/);
    expect(await base.search('lighthouse')).toHaveLength(1);
  });

  test('keeps no path, no control character and no more than 255 characters of its name', async () => {
    const names = [
      '../../etc/passwd',
      'C:\\evil\\win.txt',
      `${'n'.repeat(300)}.txt`,
      'a\u202egnp.txt',
      '..',
      'ti\u0001tle.md',
    ];
    // By hand, as no browser would: the library of this test sends clean names.
    const boundary = 'xxBOUNDARYxx';
    const parts = names.map(
      (name) =>
        `--${boundary}\r\ncontent-disposition: form-data; name="files"; filename="${name}"\r\ncontent-type: text/plain\r\n\r\ntext\r\n`,
    );
    const answer = await app.fetch(base.path, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: `${parts.join('')}--${boundary}--\r\n`,
    });
    const { documents } = (await answer.json()) as { documents: Document[] };
    expect(documents.map(({ fileName }) => fileName)).toEqual([
      'passwd',
      'win.txt',
      `${'n'.repeat(251)}.txt`,
      'agnp.txt',
      'document',
      'title.md',
    ]);
    expect(documents.map(({ title }) => title).every((title) => title.length <= 300)).toBe(true);
  });

  test('is one of fifty, each told of and read; a fifty-first is refused with all of them', async () => {
    const fifty = Array.from({ length: 50 }, (_, at): NamedFile => [`File ${at}.txt`, `Number ${at} of the fleet.`]);
    const tooMany = await base.upload([...fifty, ['One more.txt', 'text']]);
    expect([tooMany.status, tooMany.body.code]).toEqual([413, 'too-large']);
    expect((await app.json('GET', base.path)).body.items).toEqual([]);
    const { status, body } = await base.upload(fifty);
    expect([status, body.documents.length]).toEqual([202, 50]);
    const events = await base.settled(50);
    expect(
      new Set(events.filter(({ type }) => type === 'document.ready').map(({ data }) => data.documentId)).size,
    ).toBe(50);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  });
});

describe('an upload that fails leaves nothing behind', () => {
  const nothing = async (rows: number, names: string[]) => {
    expect((await app.json('GET', base.path)).body.items).toEqual([]);
    await expect.poll(blobRows).toBe(rows);
    expect((await files()).sort()).toEqual(names.sort());
  };

  test('cut off in the middle of a file', async () => {
    const [rows, names] = [await blobRows(), await files()];
    const socket = connect(app.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `POST ${base.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 9000000\r\n\r\n` +
        '--b\r\ncontent-disposition: form-data; name="files"; filename="First.txt"\r\n\r\nwhole\r\n' +
        '--b\r\ncontent-disposition: form-data; name="files"; filename="Half.txt"\r\n\r\n' +
        'x'.repeat(500_000),
    );
    await expect.poll(blobRows).toBe(rows + 2);
    socket.resetAndDestroy();
    await nothing(rows, names);
  });

  test('ended before its end by whoever sends it', async () => {
    const [rows, names] = [await blobRows(), await files()];
    const answer = await app.fetch(base.path, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: '--b\r\ncontent-disposition: form-data; name="files"; filename="Half.txt"\r\n\r\nhalf of it',
    });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'bad-request']);
    await nothing(rows, names);
  });

  test.each<[string, [string, string][], NamedFile[], string]>([
    ['no file', [['folder', 'A']], [], '/files'],
    ['a folder that is none', [['folder', '../up']], [['A.txt', 'text']], '/folder'],
    ['an unknown field', [['owner', 'me']], [['A.txt', 'text']], '/owner'],
    [
      'a tag twice',
      [
        ['tags', 'a'],
        ['tags', 'a'],
      ],
      [['A.txt', 'text']],
      '/tags',
    ],
  ])('%s', async (_, fields, named, pointer) => {
    const [rows, names] = [await blobRows(), await files()];
    const { status, body } = await base.upload(named, fields);
    expect([status, body]).toMatchObject([400, { code: 'invalid-body', errors: [{ pointer }] }]);
    await nothing(rows, names);
  });

  test('into a base that there is not', async () => {
    const [rows, names] = [await blobRows(), await files()];
    const body = formOf([['A.txt', 'text']]);
    const answer = await app.fetch(`${bases}/${unknown}/documents`, { method: 'POST', body });
    expect(answer.status).toBe(404);
    await nothing(rows, names);
  });
});

describe('versions', () => {
  const replace = async (id: string, file: NamedFile) => {
    const answer = await app.fetch(`${base.path}/${id}`, { method: 'PUT', body: formOf([file]) });
    return { status: answer.status, body: (await answer.json()) as Document };
  };

  test('a new one is searched when it is ready; the old one stays readable until it is deleted', async () => {
    const { id } = await one(['Hours.txt', 'Open until nightfall.']);
    await base.settled(1);
    const { status, body } = await replace(id, ['Hours 2.txt', 'Open around the clock.']);
    expect([status, body]).toMatchObject([202, { version: 2, readyVersion: 1, state: 'queued' }]);
    await base.settled(2);
    expect(await base.get(id)).toMatchObject({ version: 2, readyVersion: 2, text: 'Open around the clock.' });
    expect([await base.search('nightfall'), (await base.search('clock')).length]).toEqual([[], 1]);
    const first = await app.json('GET', `${base.path}/${id}?version=1`);
    expect(first.body).toMatchObject({ text: 'Open until nightfall.', textVersion: 1 });
    expect(await (await app.fetch(`${base.path}/${id}/file?version=1`)).text()).toBe('Open until nightfall.');
    const { body: list } = await app.json('GET', `${base.path}/${id}/versions`);
    expect(list.items).toMatchObject([
      { version: 2, fileName: 'Hours 2.txt' },
      { version: 1, fileName: 'Hours.txt' },
    ]);
    const before = (await files()).length;
    expect((await app.json('DELETE', `${base.path}/${id}/versions/2`)).status).toBe(409);
    expect((await app.json('DELETE', `${base.path}/${id}/versions/1`)).status).toBe(200);
    expect((await app.json('GET', `${base.path}/${id}?version=1`)).status).toBe(404);
    expect((await files()).length).toBe(before - 1);
  });

  test('one that cannot be read leaves the one before it in place', async () => {
    const { id } = await one(['Rules.txt', 'Whisper in the library.']);
    await base.settled(1);
    await replace(id, ['Rules.txt', '']);
    await base.settled(2);
    expect(await base.get(id)).toMatchObject({
      version: 2,
      readyVersion: 1,
      state: 'failed',
      failure: { reason: 'empty' },
      text: 'Whisper in the library.',
    });
    expect(await base.search('whisper')).toHaveLength(1);
  });

  test('pasted text is the next version at once', async () => {
    const { body } = await app.json('POST', base.path, { title: 'Menu', text: 'Soup on Mondays.' });
    const next = await app.json('PUT', `${base.path}/${body.id}`, { text: 'Stew on Mondays.' });
    expect([next.status, next.body]).toMatchObject([201, { version: 2, readyVersion: 2, state: 'ready' }]);
    expect([await base.search('soup'), (await base.search('stew')).length]).toEqual([[], 1]);
    expect(await (await app.fetch(`${base.path}/${body.id}/file`)).text()).toBe('Stew on Mondays.');
  });
});

describe('a document', () => {
  test('is renamed, moved and tagged, and found by its new title', async () => {
    const { body } = await app.json('POST', base.path, { title: 'Old', text: 'Some words.' });
    const patch = { title: 'Walrus care', folder: 'Sea/Mammals', tags: ['zoo'] };
    const changed = await app.json('PATCH', `${base.path}/${body.id}`, patch);
    expect([changed.status, changed.body]).toMatchObject([200, patch]);
    expect(await base.search('walrus')).toHaveLength(1);
    const found = async (query: string) => (await app.json('GET', `${base.path}?${query}`)).body.items.length;
    expect(await found('folder=Sea')).toBe(1);
    expect(await found('folder=Se')).toBe(0);
    expect(await found('tag=zoo')).toBe(1);
    expect(await found('q=walr')).toBe(1);
    expect(await found('state=failed')).toBe(0);
    expect(await base.told((events) => events.some(({ type }) => type === 'document.changed'))).toBeTruthy();
  });

  test('that failed is read again when asked, and not while it is being read', async () => {
    const { id } = await one(['Empty.txt', '']);
    await base.settled(1);
    const again = await app.json('POST', `${base.path}/${id}/reprocess`);
    expect([again.status, again.body.state]).toEqual([202, 'queued']);
    await base.settled(2);
    expect(await base.get(id)).toMatchObject({ state: 'failed', version: 1 });
  });

  test('pasted is read again, too', async () => {
    const { body } = await app.json('POST', base.path, { title: 'Menu', text: 'Soup on Mondays.' });
    await app.json('POST', `${base.path}/${body.id}/reprocess`);
    await base.settled(2);
    expect(await base.get(body.id)).toMatchObject({ state: 'ready', text: 'Soup on Mondays.' });
    expect(await base.search('soup')).toHaveLength(1);
  });

  test('that is deleted is gone from the next search, with its files', async () => {
    const names = await files();
    const { id } = await one(['Gone.txt', 'The zeppelin leaves.']);
    await base.settled(1);
    expect(await base.search('zeppelin')).toHaveLength(1);
    expect((await app.json('DELETE', `${base.path}/${id}`)).status).toBe(200);
    expect(await base.search('zeppelin')).toEqual([]);
    expect((await files()).sort()).toEqual(names.sort());
    expect(await base.told((events) => events.at(-1)?.type === 'document.deleted')).toBeTruthy();
  });
});

test('the room is for the team: its events come over SSE, and no client sees it', async () => {
  const { client } = await makeSession(app, await makePersona(app));
  expect((await app.json('GET', `/api/v1/rooms/${base.roomId}/events`, undefined, client)).status).toBe(404);
  await one(['Tea.txt', 'Tea is free.']);
  await base.settled(1);
  const stream = await app.fetch(`/api/v1/rooms/${base.roomId}/events`, { headers: { accept: 'text/event-stream' } });
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of stream.body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    if (text.includes('document.ready')) break;
  }
  expect(text).toContain('"state":"extracting"');
  expect((await app.json('POST', `/api/v1/rooms/${base.roomId}/messages`, { text: 'Hello' })).status).toBe(404);
});
