import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { readZip, writeZip } from '../../platform/zip/zip.ts';

let app: TestApp;
/** Another installation. */
let elsewhere: TestApp;
let clientId: string;
let session: TestSession;

const names = ['manifest.json', 'person.json', 'person.md', 'person.pdf'];
const limits = { names, fileBytes: 1e8, ratio: 1000 };

beforeAll(async () => {
  [app, elsewhere] = await Promise.all([startTestApp(), startTestApp()]);
  const { body: base } = await app.json('POST', '/api/v1/knowledge-bases', { name: 'Material' });
  await app.json('POST', `/api/v1/knowledge-bases/${base.id}/documents`, {
    title: 'Sleep',
    text: 'Going to bed at one hour helps you sleep.',
  });
  const personaId = await makePersona(app, { knowledgeBaseId: base.id, openingLine: 'Hello there.' });
  clientId = (
    await app.json('POST', '/api/v1/clients', {
      name: 'Robin Ärö',
      language: 'de',
      about: 'Sleeps\nbadly.',
      contact: 'Door 7',
      tags: ['Sleep'],
      riskFactors: ['Alone'],
    })
  ).body.id;
  session = await makeSession(app, personaId, { clientId });
  const second = await makeSession(app, personaId, { clientId, title: 'Second' });
  for (const given of [false, true])
    await app.json('POST', `/api/v1/clients/${clientId}/consents`, { purpose: 'memory', given, note: 'Folder 7' });
  const at = (path: string) => `/api/v1/sessions/${session.id}/${path}`;
  await app.json('POST', at('guidance'), { text: 'Be slow.' });
  const goal = {
    title: 'Sleep through',
    detail: 'Every night',
    milestones: [{ title: 'In bed by eleven', dueOn: '2027-01-31' }],
  };
  const { body: made } = await app.json('POST', `/api/v1/clients/${clientId}/goals`, goal);
  const { body: thread } = await app.json('POST', `/api/v1/clients/${clientId}/threads`, {
    name: 'Nights',
    description: 'Since spring.',
    stage: 'Diary',
    tags: ['Sleep'],
    goalIds: [made.id],
  });
  await app.json('PUT', `/api/v1/sessions/${second.id}/thread`, { threadId: thread.id });
  await app.json('PUT', at('goals'), { goalIds: [made.id] });
  await app.json('PUT', at('timer'), { minutes: 50, closes: true });
  await app.json('PUT', at('rating'), { effectiveness: 6, engagement: 7, progress: 8, sentence: 'Calm.' });
  const asked = await app.json('POST', at('questionnaires'), { instrument: 'gad-7' });
  await app.json(
    'POST',
    at(`questionnaires/${asked.body.id}/answers`),
    { answers: [3, 2, 1, 0, 3, 2, 1] },
    session.client,
  );
  await app.json('POST', `/api/v1/clients/${clientId}/questionnaires`, {
    instrument: 'gad-7',
    answers: [0, 1, 2, 3, 0, 1, 2],
  });
  for (const kind of ['shared', 'private', 'psychotherapy']) {
    await app.json('POST', `/api/v1/clients/${clientId}/notes`, { kind, text: `A ${kind} note.` });
    await app.json('POST', at('notes'), { kind, text: `A ${kind} note of the session.` });
  }
  await app.json('POST', at('messages'), { text: 'How do I sleep? 🌙' }, session.client);
  const patience = { timeout: 15_000 };
  await vi.waitFor(async () => expect((await app.json('GET', at('messages'))).body.items).toHaveLength(3), patience);
  await app.json('POST', at('regenerate'));
  await vi.waitFor(async () => {
    const { items } = (await app.json('GET', at('replies'))).body;
    expect(items.map((r: { status: string }) => r.status)).toEqual(['completed', 'completed']);
  }, patience);
  for (const subject of [{ clientId }, { sessionId: session.id }]) {
    const { body: report } = await app.json('POST', '/api/v1/reports', subject);
    if ('clientId' in subject)
      await app.json('POST', `/api/v1/reports/${report.id}/approve`, { revision: report.revision });
  }
});
afterAll(() => Promise.all([app.close(), elsewhere.close()]));

const download = async (at: TestApp, path: string, headers: Record<string, string> = {}) => {
  const response = await at.fetch(`/api/v1/${path}`, { headers });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/zip']);
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="person-[\d-]+-[\da-f]{6}\.zip"$/);
  return Buffer.from(await response.arrayBuffer());
};
const record = (id: string) => `privacy/records/client/${id}/export`;
const personOf = async (zip: Buffer) => JSON.parse(String((await readZip(zip, limits)).get('person.json')));

async function send(at: TestApp, body: Buffer, type = 'application/zip') {
  const init = { method: 'POST', headers: { 'content-type': type }, body: new Uint8Array(body) };
  const response = await at.fetch('/api/v1/privacy/imports', init);
  return { status: response.status, body: JSON.parse(await response.text()) };
}

/** Ids by the order in which they appear, without what says when and where an export was made. */
function content(archive: Record<string, unknown>): unknown {
  const ids = new Map<string, string>();
  const text = JSON.stringify({ ...archive, exportedAt: '', organisation: '' }).replaceAll(
    /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g,
    (id) => {
      const known = ids.get(id) ?? `id-${ids.size}`;
      ids.set(id, known);
      return known;
    },
  );
  return JSON.parse(text);
}

test('an export holds everything, for machines, for reading and for printing', async () => {
  const files = await readZip(await download(app, record(clientId)), limits);
  expect([...files.keys()]).toEqual(names);
  const manifest = JSON.parse(String(files.get('manifest.json')));
  for (const name of names.slice(1))
    expect(manifest.sha256[name]).toBe(
      createHash('sha256')
        .update(files.get(name) ?? '')
        .digest('hex'),
    );
  const archive = JSON.parse(String(files.get('person.json')));
  expect(archive.client).toMatchObject({ name: 'Robin Ärö', language: 'de', about: 'Sleeps\nbadly.' });
  const [first] = archive.sessions;
  expect(archive.sessions).toHaveLength(2);
  expect(first.messages.filter((m: { superseded: boolean }) => m.superseded)).toHaveLength(1);
  expect(first.guidance[0].text).toBe('Be slow.');
  expect(first.replies).toHaveLength(2);
  expect(archive.client).toMatchObject({ contact: 'Door 7', tags: ['Sleep'], riskFactors: ['Alone'] });
  expect(archive.client.goals).toMatchObject([{ title: 'Sleep through', milestones: [{ dueOn: '2027-01-31' }] }]);
  expect(archive.client.threads).toMatchObject([
    { name: 'Nights', tags: ['Sleep'], goalIds: [archive.client.goals[0].id] },
  ]);
  expect(archive.sessions.map((s: { threadId: string | null }) => s.threadId)).toEqual([
    null,
    archive.client.threads[0].id,
  ]);
  // What members keep to themselves is handed to nobody.
  expect(archive.client.notes.map((n: { text: string }) => n.text)).toEqual(['A shared note.']);
  expect(first.notes.map((n: { text: string }) => n.text)).toEqual(['A shared note of the session.']);
  expect(archive.consents).toMatchObject([{ given: false }, { given: true, purpose: 'memory', note: 'Folder 7' }]);
  expect(first.messages.at(-1).citations[0].quote).toContain('Going to bed');
  expect(first.events.map((e: { type: string }) => e.type)).toContain('guidance.given');
  expect(first).toMatchObject({
    timer: { minutes: 50, closes: true },
    goalIds: [archive.client.goals[0].id],
    rating: { engagement: 7, sentence: 'Calm.' },
    questionnaires: [{ instrument: 'gad-7', answers: [3, 2, 1, 0, 3, 2, 1], filledBy: 'client' }],
  });
  expect(archive.client.questionnaires).toHaveLength(1);
  expect(archive.reports).toMatchObject([
    { sessionId: null, status: 'approved', approvedBy: 'Olga' },
    { sessionId: session.id, status: 'draft', approvedBy: null },
  ]);
  const readable = String(files.get('person.md'));
  for (const text of [
    'Robin Ärö',
    'How do I sleep? 🌙',
    'Be slow.',
    'Hello there.',
    'Door 7',
    'Sleep through',
    'Thread: Nights (open): Since spring.',
    'A shared note.',
    '0 1 2 3 0 1 2',
    '3 2 1 0 3 2 1',
    'Goal of this session: Sleep through',
    'progress 8 of 10: Calm.',
    'Draft: nobody has approved this report.',
  ])
    expect(readable).toContain(text);
  expect(String(files.get('person.pdf')).slice(0, 5)).toBe('%PDF-');
});

test('what a client downloads has no word that only the team may see', async () => {
  const zip = await download(app, 'me/record/export', session.client);
  const archive = await personOf(zip);
  expect(archive.audience).toBe('all');
  // A link to one conversation does not open the others, nor the profile.
  expect([archive.sessions.length, archive.client]).toEqual([1, null]);
  expect(JSON.stringify(archive)).not.toContain('Be slow.');
  expect(JSON.stringify(archive)).not.toContain('shared note');
  expect(archive).toMatchObject({ reports: [], sessions: [{ rating: null, goalIds: [], questionnaires: [] }] });
  expect(archive.sessions[0].events.every((e: { audience: string }) => e.audience === 'all')).toBe(true);
  expect(archive.sessions[0].messages.at(-1).text).toContain('Going to bed');
  expect(String((await readZip(zip, limits)).get('person.md'))).not.toContain('Be slow.');
  expect((await app.json('GET', `/api/v1/${record(clientId)}`, undefined, session.client)).status).toBe(404);
});

test('export, import elsewhere and export again: the same content under new ids', async () => {
  const zip = await download(app, record(clientId));
  const before = await personOf(zip);
  const made = await send(elsewhere, zip);
  expect([made.status, made.body.sessions, made.body.messages]).toEqual([201, 2, 5]);
  const after = await personOf(await download(elsewhere, record(made.body.clientId)));
  // Nobody of the other house is in these sessions: they have ended. Nor was anything agreed to there.
  expect([before.consents.length, after.consents]).toEqual([2, []]);
  // Nor did anybody there stand for these reports.
  expect([before.reports.length, after.reports]).toEqual([2, []]);
  Object.assign(before, { consents: [], reports: [] });
  for (const one of before.sessions)
    Object.assign(one, { status: 'ended', endedAt: one.endedAt ?? one.lastActivityAt });
  expect(content(after)).toEqual(content(before));
  const idsOf = (archive: unknown) =>
    new Set(JSON.stringify(archive).match(/"(id|messageId|replyId)":"[\da-f-]{36}"/g));
  const shared = [...idsOf(before)].filter((id) => idsOf(after).has(id));
  expect(shared).toEqual([]);
  const { body: insight } = await elsewhere.json('GET', `/api/v1/clients/${made.body.clientId}/insights`);
  expect(insight.goals).toMatchObject([{ title: 'Sleep through', sessions: [after.sessions[0].id] }]);
  const { body: shown } = await elsewhere.json('GET', `/api/v1/sessions/${after.sessions[0].id}/messages`);
  expect(shown.items.at(-1).text).toContain('Going to bed');
  expect((await elsewhere.json('GET', '/api/v1/personas')).body.items).toEqual([]);
  const again = await send(elsewhere, zip);
  expect(again.body).toEqual(made.body);
  const report = await elsewhere.json('POST', '/api/v1/reports', { clientId: made.body.clientId });
  expect(report.status).toBe(201);
  const erased = await elsewhere.json('POST', '/api/v1/privacy/erasures', {
    subject: { kind: 'client', id: made.body.clientId },
    confirm: 'Robin Ärö',
  });
  expect(erased.body.status).toBe('done');
  expect((await elsewhere.json('GET', `/api/v1/reports/${report.body.id}`)).status).toBe(404);
  expect(await elsewhere.db.everywhere.many('select id from report where id = $1', [report.body.id])).toEqual([]);
});

/** A zip file by hand: what a well-meaning library would not write. */
function rawZip(files: { name: string; body: Buffer; claims?: number; mode?: number }[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, body, claims = body.length, mode = 0o100600 } of files) {
    const packed = deflateRawSync(body);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(packed.length, 18);
    head.writeUInt32LE(claims, 22);
    head.writeUInt16LE(Buffer.byteLength(name), 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE((3 << 8) | 20, 4);
    entry.writeUInt16LE(20, 6);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(claims, 24);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE(mode * 65_536, 38);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, Buffer.from(name));
    parts.push(head, Buffer.from(name), packed);
    at += 30 + Buffer.byteLength(name) + packed.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, index, end]);
}

/** A well-formed archive around a changed `person.json`. */
async function around(change: (person: Record<string, never>) => unknown): Promise<Buffer> {
  const person = await personOf(await download(app, record(clientId)));
  const changed = change(person);
  const body = Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(changed));
  const manifest = {
    format: 'rapport-person',
    version: 1,
    sha256: { 'person.json': createHash('sha256').update(body).digest('hex') },
  };
  return writeZip(
    [
      { name: 'manifest.json', body: JSON.stringify(manifest) },
      { name: 'person.json', body },
    ],
    new Date(),
  );
}

const small = Buffer.from('{}');

test.each<[string, () => Buffer | Promise<Buffer>, RegExp]>([
  ['no zip', () => Buffer.from('hello'), /^This is not a zip archive, or it is damaged\.$/],
  ['an empty zip', () => rawZip([]), /manifest\.json is missing/],
  ['a name that climbs out', () => rawZip([{ name: '../person.json', body: small }]), /zip archive|does not belong/],
  ['an absolute name', () => rawZip([{ name: '/etc/passwd', body: small }]), /zip archive|does not belong/],
  ['a backslash', () => rawZip([{ name: '..\\person.json', body: small }]), /zip archive|does not belong/],
  ['a file that does not belong', () => rawZip([{ name: 'run.sh', body: small }]), /does not belong/],
  [
    'a file twice',
    () =>
      rawZip([
        { name: 'person.json', body: small },
        { name: 'person.json', body: small },
      ]),
    /twice/,
  ],
  ['too many files', () => rawZip(Array.from({ length: 5 }, () => ({ name: 'person.md', body: small }))), /more files/],
  ['a link', () => rawZip([{ name: 'person.json', body: small, mode: 0o120777 }]), /not an ordinary file/],
  ['a bomb', () => rawZip([{ name: 'person.json', body: Buffer.alloc(64 * 1024 * 1024) }]), /unpacks to more than/],
  [
    'a bomb that lies',
    () => rawZip([{ name: 'person.json', body: Buffer.alloc(64 * 1024 * 1024), claims: 10 }]),
    /zip archive/,
  ],
  [
    'a file that claims too much',
    () => rawZip([{ name: 'person.json', body: small, claims: 2_000_000_000 }]),
    /larger than/,
  ],
  [
    'a wrong sum',
    () =>
      writeZip(
        [
          { name: 'manifest.json', body: '{"format":"rapport-person","version":1,"sha256":{}}' },
          { name: 'person.json', body: '{}' },
        ],
        new Date(),
      ),
    /manifest says/,
  ],
  ['deep nesting', () => around(() => `${'['.repeat(500_000)}${']'.repeat(500_000)}`), /person\.json/],
  [
    'another version',
    () => around((p) => ({ ...p, version: 2 })),
    /^person\.json, version: not as Rapport exports it\.$/,
  ],
  [
    'a session of a thread that is not there',
    () =>
      around((p: { sessions?: object[] }) => {
        Object.assign(p.sessions?.[0] ?? {}, { threadId: '018f0000-0000-7000-8000-000000000000' });
        return p;
      }),
    /thread that is not there/,
  ],
  ['a field that does not exist', () => around((p) => ({ ...p, org_id: 'x' })), /person\.json/],
  ['a year 0', () => around((p) => ({ ...p, exportedAt: '0000-01-01T00:00:00Z' })), /1900/],
  [
    'an unknown kind of event',
    () =>
      around((p: { sessions?: { events: { type: string }[] }[] }) => {
        p.sessions![0]!.events[0]!.type = 'constructor';
        return p;
      }),
    /unknown kind/,
  ],
  [
    'a number twice',
    () =>
      around((p: { sessions?: { messages: { seq: number }[] }[] }) => {
        p.sessions![0]!.messages[1]!.seq = p.sessions![0]!.messages[0]!.seq;
        return p;
      }),
    /stands twice/,
  ],
])('%s is refused, and nothing is stored', async (_what, make, reason) => {
  const before = (await elsewhere.json('GET', '/api/v1/clients')).body.items.length;
  const { status, body } = await send(elsewhere, await make());
  expect([status, body.code]).toEqual([422, 'invalid-archive']);
  expect(body.detail).toMatch(reason);
  expect((await elsewhere.json('GET', '/api/v1/clients')).body.items).toHaveLength(before);
});

test('an import is a zip of at most 32 MiB, from somebody who may', async () => {
  expect((await send(elsewhere, small, 'application/json')).status).toBe(415);
  expect((await send(elsewhere, Buffer.alloc(33 * 1024 * 1024))).status).toBe(413);
  const init = { method: 'POST', headers: { ...session.client, 'content-type': 'application/zip' }, body: 'x' };
  expect((await app.fetch('/api/v1/privacy/imports', init)).status).toBe(404);
});
