import type { AuditEntry } from '@rapport/protocol/audit';
import type { VersionEvaluation } from '@rapport/protocol/evaluations';
import type { Document, DocumentVersion } from '@rapport/protocol/knowledge';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { bases, formOf, makeBase, type TestBase } from '../../test/knowledge.ts';
import { talking, until } from '../../test/talking.ts';
import { makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let reader: TestMember;
let base: TestBase;
let drinks: string;

beforeAll(async () => {
  app = await startTestApp();
  reader = await makeMember(app, 'Finn', ['facilitator']);
});
afterAll(() => app.close());
beforeEach(async () => {
  base = await makeBase(app);
  drinks = await add('Drinks', 'Tea is free in the waiting room.');
  await add('Parking', 'There is a car park behind the building.');
});

const add = async (title: string, text: string): Promise<string> =>
  (await app.json('POST', base.path, { title, text })).body.id;
const evaluate = (...questions: string[]) =>
  app.json('POST', `${bases}/${base.id}/evaluations`, {
    name: 'Questions',
    questions: questions.map((question) => ({ question, documentIds: [drinks] })),
  });
const replace = (text: string) => app.json('PUT', `${base.path}/${drinks}`, { text });
const texts = async (query: string) => (await base.search(query)).map(({ text }) => text);
const one = (version: number) => `${base.path}/${drinks}/versions/${version}`;
const publish = (version: number) => app.json('POST', `${one(version)}/publish`);
const keepOld = (version: number) => app.json('DELETE', one(version));
const get = (): Promise<Document> => base.get(drinks);
const evaluated = (): Promise<Document> =>
  until(async () => {
    const document = await get();
    return document.waiting?.state === 'done' && document;
  }, 'the evaluation of the version');
/** What lies in the index beside what is searched. */
const waitingPassages = async (): Promise<number> =>
  (
    await app.db.everywhere.one<{ n: number }>(
      'select (count(*) + (select count(*) from index_part where waiting and document_id = $1))::int as n from chunk where waiting and document_id = $1',
      [drinks],
    )
  ).n;
const unfinished = async (): Promise<number> =>
  (
    await app.db.everywhere.one<{ n: number }>(
      `select count(*)::int as n from evaluation_run r join evaluation e on e.org_id = r.org_id and e.id = r.evaluation_id
       where e.knowledge_base_id = $1 and r.state in ('queued', 'running')`,
      [base.id],
    )
  ).n;

/** Newest first. */
const auditOf = async (documentId: string): Promise<[act: string, by: string][]> => {
  const { items } = (await app.json('GET', `/api/v1/audit?subjectId=${documentId}`)).body as { items: AuditEntry[] };
  return items.map(({ act, actor }) => [act, actor.kind]);
};

const asReader = (method: string, path: string) => app.json(method, path, undefined, reader.headers);
/** Neither in a list, nor its text or file, whether its number is named or not. */
const expectHidden = async (version: number) => {
  const [document, list, versions, text, named] = await Promise.all(
    [
      `${base.path}/${drinks}`,
      base.path,
      `${base.path}/${drinks}/versions`,
      `${base.path}/${drinks}?version=${version}`,
      `${base.path}/${drinks}/file?version=${version}`,
    ].map((path) => asReader('GET', path)),
  );
  const published = { version: 1, state: 'ready', failure: null, readyVersion: 1, waiting: null };
  expect(document?.body).toMatchObject({ ...published, text: old });
  expect((list?.body.items as Document[]).find(({ id }) => id === drinks)).toMatchObject(published);
  expect((versions?.body.items as DocumentVersion[]).map((one) => one.version)).toEqual([1]);
  expect([text?.status, named?.status]).toEqual([404, 404]);
  const file = await app.fetch(`${base.path}/${drinks}/file`, { headers: reader.headers });
  expect(await file.text()).toBe(old);
  expect((await asReader('GET', `${bases}/${base.id}`)).body.states).toEqual({ ready: 2 });
};

const old = 'Tea is free in the waiting room.';
const fresh = 'Coffee is served at noon.';

describe('a new version of a document', () => {
  test('is searched at once in a base without evaluations', async () => {
    expect(await replace(fresh)).toMatchObject({ status: 201, body: { state: 'ready', waiting: null } });
    expect(await texts('coffee')).toEqual([fresh]);
  });

  test('waits for the evaluations of its base, and is searched when it is published', async () => {
    await evaluate('Where is tea?', 'Is there coffee?');
    const put = await replace(fresh);
    expect(put).toMatchObject({ status: 202, body: { state: 'waiting', version: 2, readyVersion: 1 } });
    expect(await evaluated()).toMatchObject({ waiting: { evaluations: 1, questions: 2, gained: 1, lost: 1 } });
    expect(await texts('coffee')).toEqual([]);
    expect(await texts('tea')).toEqual([old]);
    const { body } = await app.json('GET', `${one(2)}/evaluations`);
    const [{ run }] = body.items as [VersionEvaluation];
    expect(run?.results).toMatchObject([
      { question: 'Where is tea?', before: 1, change: 'lost' },
      { question: 'Is there coffee?', before: null, rank: 1, change: 'gained' },
    ]);
    expect(await publish(2)).toMatchObject({ status: 200, body: { state: 'ready', readyVersion: 2, waiting: null } });
    expect(await texts('coffee')).toEqual([fresh]);
    expect(await texts('tea')).toEqual([]);
    expect((await publish(2)).status).toBe(409);
    expect(await waitingPassages()).toBe(0);
    // What was known of it when it was published stays with it.
    expect((await app.json('GET', `${one(2)}/evaluations`)).body.items[0].run).toMatchObject({ gained: 1, lost: 1 });
  });

  test('that is a file waits, too, once it is read', async () => {
    await evaluate('Where is tea?');
    const answer = await app.fetch(`${base.path}/${drinks}`, { method: 'PUT', body: formOf([['new.txt', fresh]]) });
    expect(answer.status).toBe(202);
    const waiting = await evaluated();
    expect(waiting).toMatchObject({ state: 'waiting', title: 'Drinks', format: 'text', readyVersion: 1 });
    expect(await texts('coffee')).toEqual([]);
    await publish(2);
    expect(await texts('coffee')).toEqual([fresh]);
    // Its own version, read once more, takes its own place.
    expect((await app.json('POST', `${base.path}/${drinks}/reprocess`)).status).toBe(202);
    await until(async () => (await get()).state === 'ready', 'the version read again');
  });

  test('does not count where the team decides to keep the old one, and its number is not given again', async () => {
    await evaluate('Where is tea?');
    await replace(fresh);
    await evaluated();
    expect((await keepOld(2)).status).toBe(200);
    expect(await get()).toMatchObject({ version: 1, state: 'ready', waiting: null });
    expect((await app.json('GET', `${base.path}/${drinks}?version=2`)).status).toBe(404);
    expect([await waitingPassages(), await texts('coffee'), await texts('tea')]).toEqual([0, [], [old]]);
    expect((await keepOld(2)).status).toBe(404);
    expect((await keepOld(1)).status).toBe(409);
    expect((await replace('Cocoa is hot.')).body).toMatchObject({ version: 3, state: 'waiting' });
  });

  test('gives way to a newer one while it waits', async () => {
    await evaluate('Where is tea?');
    await replace(fresh);
    await replace('Cocoa is hot.');
    expect((await publish(2)).status).toBe(409);
    const versions: DocumentVersion[] = (await app.json('GET', `${base.path}/${drinks}/versions`)).body.items;
    expect(versions.map(({ version, state, failure }) => [version, state, failure?.reason ?? null])).toEqual([
      [3, 'waiting', null],
      [2, 'failed', 'replaced'],
      [1, 'ready', null],
    ]);
    await evaluated();
    await expectHidden(2);
    await publish(3);
    // It was never published: the ones before and after it were.
    const seen: DocumentVersion[] = (await asReader('GET', `${base.path}/${drinks}/versions`)).body.items;
    expect(seen.map(({ version }) => version)).toEqual([3, 1]);
    expect((await asReader('GET', `${base.path}/${drinks}?version=2`)).status).toBe(404);
    expect([await texts('cocoa'), await texts('coffee')]).toEqual([['Cocoa is hot.'], []]);
    // Nothing goes on running for the one that gave way.
    await until(async () => (await unfinished()) === 0, 'the end of all runs');
  });

  test('that is a file is read by nobody but its publishers while it is read again, or where it could not be', async () => {
    await evaluate('Where is tea?');
    await app.fetch(`${base.path}/${drinks}`, { method: 'PUT', body: formOf([['new.txt', fresh]]) });
    await evaluated();
    for (const state of ['queued', 'extracting', 'chunking', 'indexing', 'failed']) {
      await app.db.everywhere.exec(
        `update document_version set state = $2, failure = case $2 when 'failed' then 'internal' end,
           lease_until = now() + interval '1 hour' where document_id = $1 and version = 2`,
        [drinks, state],
      );
      await expectHidden(2);
    }
    expect(await get()).toMatchObject({ version: 2, state: 'failed' });
    expect((await app.json('GET', `${base.path}/${drinks}?version=2`)).body).toMatchObject({ text: fresh });
  });

  test('stays readable once it is published, also while it is read again', async () => {
    await evaluate('Where is tea?');
    await replace(fresh);
    await publish(2);
    await app.db.everywhere.exec(
      `update document_version set state = 'extracting', lease_until = now() + interval '1 hour' where document_id = $1 and version = 2`,
      [drinks],
    );
    const { body } = await asReader('GET', `${base.path}/${drinks}`);
    expect(body).toMatchObject({ version: 2, state: 'extracting', text: fresh });
    await app.db.everywhere.exec(`update document_version set state = 'ready' where document_id = $1`, [drinks]);
  });

  test('that is read again, or renamed, waits anew', async () => {
    await evaluate('Where is tea?');
    await replace(fresh);
    await evaluated();
    expect((await app.json('POST', `${base.path}/${drinks}/reprocess`)).body).toMatchObject({ state: 'queued' });
    expect(await evaluated()).toMatchObject({ state: 'waiting', version: 2 });
    await app.json('PATCH', `${base.path}/${drinks}`, { title: 'Beverages' });
    expect(await texts('beverages')).toEqual([old]);
    await publish(2);
    expect(await texts('beverages')).toEqual([fresh]);
  });

  test('goes with its document, and with its base', async () => {
    await evaluate('Where is tea?');
    await replace(fresh);
    expect((await app.json('DELETE', `${base.path}/${drinks}`)).status).toBe(200);
    expect(await waitingPassages()).toBe(0);
    expect(await texts('coffee')).toEqual([]);
    await until(async () => (await unfinished()) === 0, 'the end of all runs');
    drinks = await add('Drinks', old);
    await evaluate('Where is tea?');
    await replace(fresh);
    expect((await app.json('DELETE', `${bases}/${base.id}`)).status).toBe(200);
    expect(await waitingPassages()).toBe(0);
  });

  test('is evaluated anew when the base or its evaluations change', async () => {
    const { body: evaluation } = await evaluate('Is there coffee?');
    await replace(fresh);
    expect(await evaluated()).toMatchObject({ waiting: { gained: 1, lost: 0 } });
    const questions = [{ question: 'Where is tea?', documentIds: [drinks] }];
    await app.json('PUT', `${bases}/${base.id}/evaluations/${evaluation.id}`, { name: 'Q', revision: 1, questions });
    expect(await evaluated()).toMatchObject({ waiting: { gained: 0, lost: 1 } });
    await app.json('DELETE', `${bases}/${base.id}/evaluations/${evaluation.id}`);
    // Nobody decided yet: it goes on waiting.
    expect(await get()).toMatchObject({ state: 'waiting', waiting: { evaluations: 0 } });
    expect(await texts('coffee')).toEqual([]);
  });
});

describe('a version that waits', () => {
  const talk = () => talking(app);
  const answerOf = async (personaId: string, text: string) => {
    const session = await makeSession(app, personaId, { policy: 'auto' });
    await talk().post(session, text);
    return (await talk().untilEvent(session, 'message.created', 2)).data;
  };

  test('is quoted in no reply, and what was cited of the old one still leads to it', async () => {
    await evaluate('Where is tea?');
    const persona = await makePersona(app, { knowledgeBaseId: base.id });
    const before = await answerOf(persona, 'Is tea free in the waiting room?');
    expect(before.citations).toMatchObject([{ documentId: drinks, quote: old }]);
    await replace(fresh);
    await evaluated();
    expect(await answerOf(persona, 'Is coffee served at noon?')).not.toHaveProperty('citations');
    expect((await answerOf(persona, 'Is tea free in the waiting room?')).citations).toMatchObject([{ quote: old }]);
    const around = () => app.json('GET', `${base.path}/${drinks}/surroundings?start=0&end=10`);
    expect((await around()).body).toMatchObject({ text: old, version: 1 });
    await publish(2);
    expect((await answerOf(persona, 'Is coffee served at noon?')).citations).toMatchObject([{ quote: fresh }]);
    expect((await around()).body).toMatchObject({ text: fresh, version: 2 });
    // The version that was cited can still be read.
    expect((await app.json('GET', `${base.path}/${drinks}?version=1`)).body).toMatchObject({ text: old });
  });

  test('is shown to who may publish it, and to nobody else', async () => {
    await evaluate('Where is tea?');
    await replace(fresh);
    await evaluated();
    const as = (method: string, path: string) => app.json(method, path, undefined, reader.headers);
    const published = { version: 1, state: 'ready', readyVersion: 1, waiting: null };
    expect((await as('GET', `${base.path}/${drinks}`)).body).toMatchObject({ ...published, text: old });
    const listed: Document[] = (await as('GET', base.path)).body.items;
    expect(listed.find(({ id }) => id === drinks)).toMatchObject(published);
    expect((await as('GET', `${base.path}?state=waiting`)).body.items).toEqual([]);
    expect((await as('GET', `${bases}/${base.id}`)).body.states).toEqual({ ready: 2 });
    expect((await as('GET', `${base.path}/${drinks}/versions`)).body.items).toMatchObject([{ version: 1 }]);
    const file = await app.fetch(`${base.path}/${drinks}/file`, { headers: reader.headers });
    expect(await file.text()).toBe(old);
    const hidden = await Promise.all(
      [`${base.path}/${drinks}?version=2`, `${base.path}/${drinks}/file?version=2`].map((path) => as('GET', path)),
    );
    expect(hidden.map(({ status }) => status)).toEqual([404, 404]);
    expect((await as('GET', `${one(2)}/evaluations`)).status).toBe(403);
    expect((await as('POST', `${one(2)}/publish`)).status).toBe(403);
    expect((await as('DELETE', one(2))).status).toBe(403);
    expect((await app.json('GET', `${base.path}?state=waiting`)).body.items).toMatchObject([
      { id: drinks, version: 2 },
    ]);
    expect((await app.json('GET', `${bases}/${base.id}`)).body.states).toEqual({ ready: 1, waiting: 1 });
  });

  test('is told of in the room of its base, and in the audit log', async () => {
    await evaluate('Where is tea?');
    await replace(fresh);
    await publish(2);
    await replace(old);
    await keepOld(3);
    const events = await base.told((all) => all.some(({ type }) => type === 'document.discarded'));
    const told = events.filter(({ data }) => data.documentId === drinks).map(({ type, data }) => [type, data.version]);
    expect(told).toEqual([
      ['document.added', 1],
      ['document.ready', 1],
      ['document.added', 2],
      ['document.ready', 2],
      ['document.added', 3],
      ['document.discarded', 3],
    ]);
    expect(await auditOf(drinks)).toEqual(Array.from({ length: 5 }, () => ['knowledge.changed', 'staff']));
  });

  test('stays as it is where the server dies between the decision and the exchange', async () => {
    await evaluate('Where is tea?');
    await replace(fresh);
    await evaluated();
    await app.db.everywhere.tx(async (tx) => {
      // The version is marked as published and the old passages are taken out of the index; then it goes no further.
      await tx.exec('lock table chunk in share mode');
      const published = publish(2);
      const blocked = `select a.pid from pg_locks l join pg_stat_activity a using (pid)
        where not l.granted and a.datname = current_database() and a.query like 'delete from chunk%'`;
      await expect.poll(() => app.db.everywhere.many(blocked), { timeout: 15_000 }).toHaveLength(1);
      const { pid } = await app.db.everywhere.one<{ pid: number }>(blocked);
      await app.db.everywhere.exec('select pg_terminate_backend($1)', [pid]);
      expect((await published).status).toBeGreaterThanOrEqual(500);
    });
    expect(await get()).toMatchObject({ state: 'waiting', version: 2, readyVersion: 1 });
    expect([await texts('tea'), await texts('coffee')]).toEqual([[old], []]);
    expect((await publish(2)).status).toBe(200);
    expect([await texts('tea'), await texts('coffee')]).toEqual([[], [fresh]]);
  });

  test('is evaluated by another server where one died, and told of as failed where nobody can', async () => {
    await evaluate('Is there coffee?');
    await replace(fresh);
    await evaluated();
    const leave = (attempts: number) =>
      app.db.everywhere.exec(
        `update evaluation_run set state = 'running', owner = 'gone', attempts = $2, lease_until = now() - interval '1 second',
           gained = null where document_id = $1`,
        [drinks, attempts],
      );
    await leave(1);
    const second = await app.second();
    expect(await evaluated()).toMatchObject({ waiting: { gained: 1, lost: 0 } });
    await leave(3);
    await until(async () => (await get()).waiting?.state === 'failed', 'the failed evaluation');
    await second.close();
    // People may publish it nevertheless.
    expect((await publish(2)).status).toBe(200);
  });
});

describe('where new versions are published by themselves', () => {
  beforeEach(() => app.json('PUT', `${bases}/${base.id}`, { name: 'Material', publishUnlessLost: true }));

  test('one that loses nothing is, and the audit log says that nobody in particular did it', async () => {
    await evaluate('Is there coffee?');
    await evaluate('Where is tea?');
    await replace(`${old} ${fresh}`);
    await until(async () => (await get()).readyVersion === 2, 'the published version');
    expect(await texts('coffee')).toEqual([`${old} ${fresh}`]);
    expect((await auditOf(drinks))[0]).toEqual(['knowledge.changed', 'system']);
  });

  test('one that loses a question of any evaluation waits', async () => {
    await evaluate('Is there coffee?');
    await evaluate('Where is tea?');
    await replace(fresh);
    expect(await evaluated()).toMatchObject({ waiting: { evaluations: 2, gained: 1, lost: 1 }, readyVersion: 1 });
    expect(await texts('coffee')).toEqual([]);
  });
});
