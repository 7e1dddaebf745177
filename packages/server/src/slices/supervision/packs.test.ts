import { rungs } from '@rapport/protocol/ladder';
import type { Pack } from '@rapport/protocol/packs';
import { strictest } from '@rapport/protocol/supervision';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../platform/ids.ts';
import { makePersona, makeSession, type TestApp } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { readBySocket, types } from '../../test/readers.ts';
import { safetySettings, talking, until } from '../../test/talking.ts';
import { makeMember } from '../../test/team.ts';
import type { Upstream } from '../../test/upstream.ts';
import { isNewer, loadPacks, parsePack, together } from './packs.files.ts';

let app: TestApp;
let upstream: Upstream;
let persona: string;
let { post, untilEvent } = {} as ReturnType<typeof talking>;

const illinois = 'us-il-wopr';
const california = 'us-ca-sb243';
const europe = 'eu-ai-act-50';
const policy = { policy: 'auto', delaySeconds: 1, reviewSeconds: 600, pages: 0, fallbackEmail: null };

beforeAll(async () => {
  ({ app, upstream } = await startPlayed('words-20'));
  ({ post, untilEvent } = talking(app));
  persona = await makePersona(app);
});
afterEach(() => choose());
afterAll(() => app?.close());

const choose = (...packs: string[]) => app.json('PUT', '/api/v1/organisation/packs', { packs });
const rungOf = async (id: string): Promise<string> => (await app.json('GET', `/api/v1/sessions/${id}`)).body.rung;
const forbids = (title: string) => ({
  status: 422,
  body: { code: 'pack-forbids', detail: expect.stringContaining(title) },
});

describe('the files', () => {
  test('packs 1: each names its statute, date and address, says what it does not cover, and has its own id', () => {
    const packs = [...loadPacks().values()];
    expect(packs.map(({ id }) => id).sort()).toEqual([europe, california, illinois].sort());
    for (const { source, notCovered } of packs) {
      expect(source.address).toMatch(/^https:/);
      expect(notCovered.length).toBeGreaterThan(0);
    }
  });

  test('packs 1: one that is not as it should be is refused', () => {
    const pack = loadPacks().get(illinois) as Pack;
    expect(() => parsePack({ ...pack, more: 1 })).toThrow();
    expect(() => parsePack({ ...pack, notCovered: [] })).toThrow();
    expect(() => parsePack({ ...pack, version: '1' })).toThrow();
    expect(() => parsePack({ ...pack, rules: [...pack.rules, ...pack.rules] })).toThrow('the same rule twice');
  });

  test('packs 2: of several the strictest of each rule wins', () => {
    const [one, two] = [loadPacks().get(illinois) as Pack, loadPacks().get(california) as Pack];
    const sooner = { rules: [{ rule: 'remind', minutes: 30, takeBreak: false, section: 'x', because: 'x' }] } as const;
    expect(together([])).toEqual({
      leastRung: 'auto',
      emotionInference: true,
      remindMinutes: null,
      takeBreak: false,
    });
    expect(together([one, two, { rules: [...sooner.rules] }])).toEqual({
      leastRung: 'draft-only',
      emotionInference: false,
      remindMinutes: 30,
      takeBreak: true,
    });
  });

  test('packs 7: versions are ordered by year, then number', () => {
    expect(isNewer('2026.2', '2026.1')).toBe(true);
    expect(isNewer('2026.10', '2026.9')).toBe(true);
    expect(isNewer('2027.1', '2026.9')).toBe(true);
    expect(isNewer('2026.1', '2026.1')).toBe(false);
    expect(isNewer('2025.9', '2026.1')).toBe(false);
  });
});

describe('what is in force', () => {
  test('packs 3: joins the ladder at every rung', async () => {
    await choose(illinois);
    for (const rung of rungs) {
      // Chosen before the pack was: what a session asked for stays, what is in force is the stricter of both.
      await choose();
      const session = await makeSession(app, persona, { policy: rung });
      await choose(illinois);
      expect(await rungOf(session.id)).toBe(strictest(rung, 'draft-only'));
      const shown = (await app.json('GET', `/api/v1/sessions/${session.id}/client-view`, undefined, session.client))
        .body;
      expect(shown.reviewed).toBe(strictest(rung, 'draft-only') === 'draft-only');
    }
  });

  test('packs 3: a reply goes to nobody until a person sends it, as that person’s message', async () => {
    await choose(illinois);
    const session = await makeSession(app, persona);
    const { body } = await post(session, '[play words-5] Hello');
    const path = `/api/v1/reviews/${body.replyId}`;
    const draft = await until(async () => {
      const found = (await app.json('GET', path)).body;
      return found.state === 'waiting' && found;
    }, 'the draft');
    expect(draft.rung).toBe('draft-only');
    const said = async () =>
      (await app.json('GET', `/api/v1/sessions/${session.id}/messages`, undefined, session.client)).body.items;
    expect(await said()).toHaveLength(1);
    await app.json('POST', `${path}/release`, { revision: draft.revision });
    expect((await said()).at(-1)).toMatchObject({ author: 'staff' });
    // Text that AI had a part in is marked as such wherever it goes.
    expect((await said()).at(-1).engine).toMatchObject({ model: 'words-20' });
    const transcript = async (format: string) =>
      (await app.json('GET', `/api/v1/sessions/${session.id}/export?format=${format}`)).body;
    expect(await transcript('markdown')).toContain('Team (drafted by AI, words-20)');
    expect((await transcript('json')).messages.at(-1).engine).toMatchObject({ model: 'words-20' });
  });

  test('packs 4: takes effect on the reply that is running', async () => {
    const session = await makeSession(app, persona);
    const client = await readBySocket(app, session, 'client');
    const { body } = await post(session, '[play words-60@20] Hello');
    await client.until((seen) => (seen.texts.get(body.replyId)?.length ?? 0) > 20);
    await choose(illinois);
    await client.until((seen) => types(seen).includes('reply.held'));
    const shown = client.texts.get(body.replyId);
    await until(
      async () => (await app.json('GET', `/api/v1/reviews/${body.replyId}`)).body.state === 'waiting',
      'the end of the draft',
    );
    expect(client.texts.get(body.replyId)).toBe(shown);
    client.close();
  });

  test('packs 5: nothing weaker can be chosen, and whoever tries is told by which pack', async () => {
    const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Kit' });
    const session = await makeSession(app, persona, { clientId: client.id });
    await choose(illinois, california);
    const weaker = [
      app.json('PUT', '/api/v1/organisation/supervision', { ...policy, policy: 'approve' }),
      app.json('PUT', `/api/v1/sessions/${session.id}/policy`, { policy: 'auto' }),
      app.json('POST', '/api/v1/sessions', { personaId: persona, policy: 'delayed' }),
      app.json('PATCH', `/api/v1/clients/${client.id}`, { policy: 'approve' }),
      app.json('POST', '/api/v1/clients', { name: 'Lou', policy: 'delayed' }),
      app.json('PATCH', `/api/v1/personas/${persona}`, { policy: 'delayed' }),
      app.json('PUT', '/api/v1/safety', { ...safetySettings, secondOpinion: true }),
    ];
    for (const answer of await Promise.all(weaker)) expect(answer).toMatchObject(forbids('Illinois'));
    const seldom = await app.json('PUT', '/api/v1/safety', { ...safetySettings, disclosureMinutes: 181 });
    expect(seldom).toMatchObject(forbids('California'));
    expect(seldom.body.detail).not.toContain('Illinois');
    const never = await app.json('PUT', '/api/v1/safety', { ...safetySettings, disclosureMinutes: null });
    expect(never).toMatchObject(forbids('California'));
    // What is stricter goes through, and a form that is saved as it was read does, too.
    expect((await app.json('PUT', `/api/v1/sessions/${session.id}/policy`, { policy: 'off' })).status).toBe(200);
    const shown = (await app.json('GET', '/api/v1/organisation/supervision')).body;
    expect(shown.policy).toBe('draft-only');
    expect((await app.json('PUT', '/api/v1/organisation/supervision', shown)).status).toBe(200);
    const safety = (await app.json('GET', '/api/v1/safety')).body.settings;
    expect((await app.json('PUT', '/api/v1/safety', safety)).status).toBe(200);
    await app.json('PUT', '/api/v1/organisation/supervision', policy).then(() => choose());
    expect((await app.json('PUT', '/api/v1/organisation/supervision', policy)).status).toBe(200);
  });

  test('packs 6: a model that was asked about risk before the pack is not asked any more', async () => {
    expect((await app.json('PUT', '/api/v1/safety', { ...safetySettings, secondOpinion: true })).status).toBe(200);
    await choose(illinois);
    expect((await app.json('GET', '/api/v1/safety')).body.settings.secondOpinion).toBe(false);
    const asked = () => upstream.requests.filter(({ body }) => JSON.stringify(body).includes('second opinion')).length;
    const before = asked();
    const session = await makeSession(app, persona);
    await post(session, '[play words-5] It is all a bit much.');
    await untilEvent(session, 'draft.ready');
    expect(asked()).toBe(before);
    await choose();
    expect((await app.json('GET', '/api/v1/safety')).body.settings.secondOpinion).toBe(true);
    await app.json('PUT', '/api/v1/safety', safetySettings);
  });
});

describe('a change', () => {
  test('packs 7: stands with its versions in the log of the organisation and in the audit log', async () => {
    const { body } = await choose(illinois, europe);
    const [change] = body.changes;
    expect(change).toMatchObject({ by: 'Olga', packs: [{ id: europe }, { id: illinois, version: '2026.1' }] });
    const log = (await app.json('GET', '/api/v1/audit?act=packs.changed')).body.items;
    expect(JSON.stringify(log)).toContain(change.id);
    const events = await app.db.everywhere.many<{ audience: string }>(
      `select audience from event where type = 'packs.changed' order by seq desc limit 1`,
    );
    expect(events).toEqual([{ audience: 'staff' }]);
    const [{ org }] = (await app.db.everywhere.many<{ org: string }>('select id as org from org')) as [{ org: string }];
    const told = (await app.json('GET', `/api/v1/rooms/${org}/events?limit=500`)).body.events.at(-1);
    expect(told).toMatchObject({ type: 'packs.changed', actor: { name: 'Olga' }, data: { changeId: change.id } });
    const session = await makeSession(app, persona);
    expect((await app.json('GET', `/api/v1/rooms/${org}/events`, undefined, session.client)).status).toBe(404);
    // The same again is no change.
    expect((await choose(europe, illinois)).body.changes[0].id).toBe(change.id);
  });

  test('packs 7: a server that comes with a newer version puts it in force, and says so', async () => {
    const older = [{ id: illinois, version: '2025.1', title: 'Older', rules: [] }];
    const gone = [{ id: 'zz-gone', version: '2025.1', title: 'Gone', rules: loadPacks().get(california)?.rules }];
    await app.db.everywhere.exec(
      `insert into pack_choice (org_id, id, packs, rungs) select id, $1, $2, '{auto}' from org`,
      [newId(), JSON.stringify([...older, ...gone])],
    );
    const inForce = async () => (await app.json('GET', '/api/v1/organisation/packs')).body;
    expect((await inForce()).inForce).toMatchObject({ leastRung: 'auto', remindMinutes: 180 });
    const newer = await app.second();
    const { inForce: now, changes } = await inForce();
    // What this server does not come with any more goes on being enforced as it was chosen.
    expect(now).toMatchObject({ leastRung: 'draft-only', remindMinutes: 180 });
    expect(changes[0]).toMatchObject({ by: null, packs: [{ id: illinois, version: '2026.1' }, { id: 'zz-gone' }] });
    const log = (await app.json('GET', '/api/v1/audit?act=packs.changed')).body.items;
    expect(JSON.stringify(log)).toContain(changes[0].id);
    await newer.close();
  });

  test('packs 8: is for who manages the organisation; all of the team may read it', async () => {
    const facilitator = await makeMember(app, 'Fay', ['facilitator']);
    const put = await app.json('PUT', '/api/v1/organisation/packs', { packs: [] }, facilitator.headers);
    expect(put.status).toBe(403);
    expect((await app.json('GET', '/api/v1/organisation/packs', undefined, facilitator.headers)).status).toBe(200);
    expect((await choose('none-such')).status).toBe(400);
  });
});
