import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BlobStoreError, type BlobBackend } from '../../platform/blobs/backend.ts';
import { filesFolder, folderBackend } from '../../platform/blobs/folder.ts';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { formOf, makeBase } from '../../test/knowledge.ts';
import { DocumentFailed } from './failures.ts';
import type { Extractor } from './worker.ts';

/** Reads a file when the test lets it, and counts who read what. */
function steered() {
  const read: string[] = [];
  let act: (name: string, signal: AbortSignal) => Promise<void> = async () => {};
  let letGo = new AbortController();
  const extractor: Extractor = {
    close: async () => {},
    async extract({ name }, signal) {
      read.push(name);
      await act(name, AbortSignal.any([signal, letGo.signal]));
      return { format: 'text', title: null, text: `What ${name} says.`, pages: null, language: 'en' };
    },
  };
  return {
    extractor,
    read,
    by: (next: typeof act) => {
      act = next;
    },
    /** What a failed test left hanging gives up, so that the next finds the reader free. */
    reset: () => {
      letGo.abort(new Error('the test ended'));
      letGo = new AbortController();
      act = async () => {};
    },
  };
}

/** Waits until whoever works gives up. */
const untilAborted = (_name: string, signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => {
    const giveUp = () => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp);
  });

let app: TestApp;
const steer = steered();
const faulty = { full: false };
const others: TestApp[] = [];

const breakable = (backend: BlobBackend): BlobBackend => ({
  ...backend,
  async write(orgId, id, body) {
    if (!faulty.full) return backend.write(orgId, id, body);
    // As much as fits.
    for await (const piece of body) if (piece.length > 10_000) break;
    throw new BlobStoreError('no space left on device', { full: true });
  },
});

beforeAll(async () => {
  app = await startTestApp({
    parts: { extractor: steer.extractor, files: (config) => breakable(folderBackend(filesFolder(config))) },
  });
});
afterEach(async () => {
  steer.reset();
  faulty.full = false;
  for (const other of others.splice(0)) await other.close();
});
afterAll(() => app.close());

const state = (documentId: string) =>
  app.db.everywhere.one<{ state: string; attempts: number; owner: string | null }>(
    `select state, attempts, owner from document_version where document_id = $1 order by version desc limit 1`,
    [documentId],
  );

const endLeases = () =>
  app.db.everywhere.exec(
    `update document_version set lease_until = now() - interval '1 second' where owner is not null`,
  );

describe('the queue', () => {
  test('is shared by two servers, each document read once', async () => {
    const second = await app.second();
    others.push(second);
    const base = await makeBase(app);
    const before = steer.read.length;
    const busy = new Set<string>();
    steer.by(async (name) => {
      busy.add(name);
      // As long as four are read at once, both servers read: each takes two.
      await expect.poll(() => busy.size, { timeout: 10_000 }).toBeGreaterThanOrEqual(4);
    });
    await base.upload(Array.from({ length: 12 }, (_, at) => [`Shared ${at}.txt`, 'text']));
    const events = await base.settled(12, second);
    expect(events.filter(({ type }) => type === 'document.ready')).toHaveLength(12);
    expect(steer.read.slice(before).sort()).toEqual(Array.from({ length: 12 }, (_, at) => `Shared ${at}.txt`).sort());
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  });

  test('takes over what a server left behind whose lease has ended; what it says later counts for nothing', async () => {
    const base = await makeBase(app);
    let release: () => void = () => {};
    const stuck = new Promise<void>((resolve) => (release = resolve));
    let times = 0;
    steer.by(async () => {
      times += 1;
      if (times === 1) await stuck;
    });
    const { body } = await base.upload([['Slow.txt', 'text']]);
    const id = body.documents[0]?.id ?? '';
    await expect.poll(async () => (await state(id)).state).toBe('extracting');
    await endLeases();
    await base.settled(1);
    expect(times).toBe(2);
    release();
    expect(await state(id)).toMatchObject({ state: 'ready', attempts: 2 });
    const events = await base.told((all) => all.some(({ type }) => type === 'document.ready'));
    expect(events.filter(({ type }) => type === 'document.ready')).toHaveLength(1);
  });

  test('gives up on a document that ended the server three times', async () => {
    const base = await makeBase(app);
    steer.by(untilAborted);
    const { body } = await base.upload([['Killer.txt', 'text']]);
    const id = body.documents[0]?.id ?? '';
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await expect.poll(async () => (await state(id)).attempts, { timeout: 10_000 }).toBe(attempt);
      await expect.poll(async () => (await state(id)).state).toBe('extracting');
      await endLeases();
    }
    const events = await base.settled(1);
    expect(events.at(-1)?.data.failure?.reason).toBe('gave-up');
  }, 30_000);

  test('keeps what was being read when a server stops in order, for the next', async () => {
    const second = await app.second();
    others.push(second);
    const base = await makeBase(app);
    let free: () => void = () => {};
    const freed = new Promise<void>((resolve) => (free = resolve));
    steer.by((name, signal) => Promise.race([freed, untilAborted(name, signal)]));
    await base.upload(Array.from({ length: 4 }, (_, at) => [`Kept ${at}.txt`, 'text']));
    const held = async () =>
      Object.entries(
        Object.groupBy(
          await app.db.everywhere.many<{ state: string; owner: string | null; leased: boolean }>(
            `select v.state, v.owner, v.lease_until is not null as leased from document_version v
             join document d on d.org_id = v.org_id and d.id = v.document_id where d.knowledge_base_id = $1`,
            [base.id],
          ),
          ({ state: now, owner, leased }) => `${now} ${leased ? owner : 'nobody'}`,
        ),
      ).map(([whose, rows]) => `${rows?.length} ${whose.split(' ')[0]} ${whose.endsWith('nobody') ? 'free' : 'held'}`);
    // What failed on the way is taken again when its lease of 15 s has ended.
    await expect.poll(held, { timeout: 45_000 }).toEqual(['2 extracting held', '2 extracting held']);
    await others.splice(0)[0]?.close();
    expect((await held()).sort()).toEqual(['2 extracting held', '2 queued free']);
    free();
    const events = await base.settled(4);
    expect(events.filter(({ type }) => type === 'document.ready')).toHaveLength(4);
  }, 90_000);
});

describe('while a document is read', () => {
  test.each(['deleted', 'replaced', 'its base deleted'])('it is %s, and the reading ends cleanly', async (what) => {
    const base = await makeBase(app);
    let ended: () => void = () => {};
    const gone = new Promise<void>((resolve) => (ended = resolve));
    steer.by(async (name) => {
      if (name === 'First.txt') await gone;
    });
    const { body } = await base.upload([['First.txt', 'text']]);
    const id = body.documents[0]?.id ?? '';
    await expect.poll(async () => (await state(id)).state).toBe('extracting');
    const path = `${base.path}/${id}`;
    if (what === 'deleted') expect((await app.json('DELETE', path)).status).toBe(200);
    else if (what === 'replaced') {
      await app.fetch(path, { method: 'PUT', body: formOf([['Second.txt', 'text']]) });
      await base.settled(1);
    } else expect((await app.json('DELETE', `/api/v1/knowledge-bases/${base.id}`)).status).toBe(200);
    ended();
    // The next of the queue is read: nothing hangs on the one before.
    const other = await makeBase(app);
    await other.upload([['Next.txt', 'text']]);
    await other.settled(1);
    if (what !== 'replaced') {
      expect((await app.json('GET', path)).status).toBe(404);
      const blobs = await readdir(join(filesFolder(app.config)), { recursive: true });
      const known = await app.db.everywhere.many<{ id: string }>(`select id from blob`);
      expect(blobs.filter((name) => name.includes('/')).length).toBe(known.length);
      return;
    }
    expect((await app.json('GET', path)).body).toMatchObject({ readyVersion: 2, text: 'What Second.txt says.' });
    const { body: versions } = await app.json('GET', `${path}/versions`);
    expect(versions.items[1]).toMatchObject({ version: 1, state: 'failed', failure: { reason: 'replaced' } });
  });

  test('what reads it dies: the document fails with the reason, a fault of the server is tried again', async () => {
    const base = await makeBase(app);
    steer.by(async () => {
      throw new DocumentFailed('out-of-memory');
    });
    await base.upload([['Bomb.txt', 'text']]);
    expect((await base.settled(1)).at(-1)?.data.failure?.reason).toBe('out-of-memory');
    let times = 0;
    steer.by(async () => {
      times += 1;
      if (times === 1) throw new Error('ECONNREFUSED of something');
    });
    const { body } = await base.upload([['Unlucky.txt', 'text']]);
    await expect.poll(() => times).toBe(1);
    await endLeases();
    await base.settled(2);
    expect(await state(body.documents[0]?.id ?? '')).toMatchObject({ state: 'ready', attempts: 2 });
  });
});

test('a full disk refuses the upload in words, and nothing is kept of it', async () => {
  const base = await makeBase(app);
  const before = await app.db.everywhere.many('select 1 from blob');
  faulty.full = true;
  const { status, body } = await base.upload([['Large.txt', 'x'.repeat(200_000)]]);
  expect([status, body]).toMatchObject([503, { code: 'files-unavailable', detail: expect.stringContaining('full') }]);
  expect(await app.db.everywhere.many('select 1 from blob')).toHaveLength(before.length);
  faulty.full = false;
  expect((await base.upload([['Large.txt', 'x'.repeat(200_000)]])).status).toBe(202);
});

test('a file that is missing from the store fails its document', async () => {
  const base = await makeBase(app);
  const { body } = await base.upload([['Lost.txt', 'text']]);
  await base.settled(1);
  const id = body.documents[0]?.id ?? '';
  const row = await app.db.everywhere.one<{ org_id: string; blob_id: string }>(
    'select org_id, blob_id from document_version where document_id = $1',
    [id],
  );
  await folderBackend(filesFolder(app.config)).remove(row.org_id, row.blob_id);
  await app.json('POST', `${base.path}/${id}/reprocess`);
  expect((await base.settled(2)).at(-1)?.data.failure?.reason).toBe('file-missing');
  expect((await app.json('GET', `${base.path}/${id}/file`)).status).toBe(404);
});

describe('a web address', () => {
  let site: Server;
  let url: string;
  beforeAll(async () => {
    site = createServer((request, reply) => {
      const path = request.url ?? '';
      if (path === '/moved') reply.writeHead(302, { location: '/page?x=1' }).end();
      else if (path === '/round') reply.writeHead(302, { location: '/round' }).end();
      else if (path === '/elsewhere') reply.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
      else if (path === '/gone') reply.writeHead(404).end('no');
      else if (path === '/endless') {
        reply.writeHead(200, { 'content-type': 'text/plain' });
        const pour = () => {
          while (reply.write('x'.repeat(65_536)));
        };
        reply.on('drain', pour);
        pour();
      } else reply.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<p>A page about otters.</p>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    site.closeAllConnections();
    site.close();
  });

  const added = async (path: string) => {
    const base = await makeBase(app);
    const { status, body } = await app.json('POST', base.path, { url: path.startsWith('http') ? path : url + path });
    expect([status, body]).toMatchObject([202, { state: 'queued', source: 'url' }]);
    await base.settled(1);
    return base.get(body.id);
  };

  test('is fetched, past redirects, and kept as a file', async () => {
    expect(await added('/moved')).toMatchObject({
      state: 'ready',
      url: `${url}/moved`,
      fileName: 'page.html',
      text: 'What page.html says.',
      bytes: 27,
    });
  });

  test.each([
    ['/gone', 'address-failed'],
    ['/round', 'address-failed'],
    ['/elsewhere', 'address-refused'],
    ['/endless', 'too-large'],
    ['http://127.0.0.1:1/', 'address-unreachable'],
    ['http://169.254.169.254/latest/meta-data', 'address-refused'],
  ])('%s fails with %s', async (path, reason) => {
    expect((await added(path)).failure.reason).toBe(reason);
  });

  test.each([
    { url: 'file:///etc/passwd' },
    { url: 'http://user:secret@example.org/' },
    { url: 'not one' },
    { url: 'http://a.example', text: 'both', title: 'T' },
    {},
  ])('%j is refused', async (body) => {
    const base = await makeBase(app);
    expect((await app.json('POST', base.path, body)).status).toBe(400);
  });
});
