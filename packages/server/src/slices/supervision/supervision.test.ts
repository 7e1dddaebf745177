import { rungs } from '@rapport/protocol/ladder';
import { strictest, type Rung } from '@rapport/protocol/supervision';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { readBySocket, types } from '../../test/readers.ts';
import { playing } from '../../test/talking.ts';
import { makeMember, type TestMember } from '../../test/team.ts';
import type { Upstream } from '../../test/upstream.ts';
import { rungInForce } from './service.ts';

let app: TestApp;
let upstream: Upstream;
let persona: string;
let ann: TestMember;
let ben: TestMember;

const policy = { policy: 'auto', delaySeconds: 1, reviewSeconds: 600, pages: 2, fallbackEmail: null };

beforeAll(async () => {
  ({ app, upstream } = await startPlayed('words-20'));
  persona = await makePersona(app);
  ann = await makeMember(app, 'Ann', ['supervisor']);
  ben = await makeMember(app, 'Ben', ['supervisor']);
  await app.json('PUT', '/api/v1/organisation/supervision', policy);
});
afterAll(() => app?.close());

const held = (rung: Rung) => makeSession(app, persona, { policy: rung });
const post = async (session: TestSession, text: string): Promise<string | null> =>
  (await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text }, session.client)).body.replyId;
const review = async (id: string) => (await app.json('GET', `/api/v1/reviews/${id}`)).body;
const waiting = async (id: string) => {
  await expect.poll(async () => (await review(id)).state, { timeout: 10_000 }).toBe('waiting');
  return review(id);
};
const act = (id: string, what: string, body: object = {}, as: Record<string, string> = {}) =>
  app.json(what === 'draft' ? 'PUT' : 'POST', `/api/v1/reviews/${id}/${what}`, body, as);
const said = async (session: TestSession) =>
  (await app.json('GET', `/api/v1/sessions/${session.id}/messages`, undefined, session.client)).body.items as {
    author: string;
    text: string;
    engine: object | null;
  }[];
const draftIn = async (session: TestSession, text = '[play words-5] Hello') => {
  const id = await post(session, text);
  expect(id).not.toBeNull();
  return waiting(id as string);
};

describe('the rung', () => {
  test('supervision 1: is the strictest of all that apply', () =>
    fc.assert(
      fc.property(
        fc.record({
          orgPolicy: fc.constantFrom(...rungs),
          personaPolicy: fc.constantFrom(...rungs),
          clientPolicy: fc.constantFrom(...rungs),
          sessionPolicy: fc.constantFrom(...rungs),
          packPolicies: fc.array(fc.constantFrom(...rungs), { maxLength: 3 }),
          takenOver: fc.boolean(),
        }),
        ({ takenOver, ...given }) => {
          const rung = rungInForce({ ...given, takenOver });
          const all = Object.values(given).flat();
          for (const one of all) expect(strictest(one, rung)).toBe(rung);
          expect([...all, takenOver ? 'takeover' : 'auto']).toContain(rung);
        },
      ),
    ));

  test('supervision 1: of organisation, client and session is enforced', async () => {
    const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Kit', policy: 'delayed' });
    expect(client.policy).toBe('delayed');
    await app.json('PATCH', `/api/v1/clients/${client.id}`, { policy: 'approve' });
    const session = await makeSession(app, persona, { clientId: client.id });
    expect((await app.json('GET', `/api/v1/sessions/${session.id}`)).body).toMatchObject({
      policy: 'auto',
      rung: 'approve',
    });
    await app.json('PUT', '/api/v1/organisation/supervision', { ...policy, policy: 'off' });
    expect((await app.json('GET', `/api/v1/sessions/${session.id}`)).body.rung).toBe('off');
    await app.json('PUT', '/api/v1/organisation/supervision', policy);
  });
});

describe('a held reply', () => {
  test('supervision 2: the team sees its tokens, the client learns that it is prepared and reads it when it is released', async () => {
    const session = await held('approve');
    const [staff, client] = [await readBySocket(app, session, 'staff'), await readBySocket(app, session, 'client')];
    const draft = await draftIn(session, '[play words-20@5] Hello');
    expect(staff.texts.get(draft.id)).toBe(draft.text);
    expect(client.texts.size).toBe(0);
    expect(types(client)).toContain('reply.started');
    expect(types(client)).not.toContain('draft.ready');
    expect(await said(session)).toHaveLength(1);
    expect((await act(draft.id, 'release', { revision: draft.revision })).status).toBe(200);
    await client.until((seen) => types(seen).includes('reply.completed'));
    expect((await said(session)).at(-1)).toMatchObject({ author: 'persona', text: draft.text.trimEnd() });
    staff.close();
    client.close();
  });

  test('supervision 3: what is written meanwhile begins no other reply, and is answered after the decision', async () => {
    const session = await held('approve');
    const draft = await draftIn(session);
    expect(await post(session, '[play words-5] And this?')).toBeNull();
    await act(draft.id, 'release', { revision: draft.revision });
    await expect
      .poll(async () => (await app.json('GET', `/api/v1/reviews?sessionId=${session.id}`)).body.items.length)
      .toBe(1);
  });

  test('supervision 4: the second decision learns who took the first', async () => {
    const session = await held('approve');
    const { id, revision } = await draftIn(session);
    expect((await act(id, 'release', { revision }, ann.headers)).status).toBe(200);
    const late = await act(id, 'reject', { reasons: ['tone'] }, ben.headers);
    expect(late).toMatchObject({ status: 409, body: { code: 'decided' } });
    expect(late.body.detail).toContain('Ann');
    expect((await review(id)).decision).toMatchObject({ name: 'Ann', editDistance: 0 });
  });

  test('supervision 5: a claim keeps others out, its holder hands it over, a deputy may act', async () => {
    const session = await held('approve');
    const { id, revision } = await draftIn(session);
    expect((await act(id, 'claim', {}, ann.headers)).body.claim.name).toBe('Ann');
    const refused = await act(id, 'release', { revision }, ben.headers);
    expect(refused).toMatchObject({ status: 409, body: { code: 'claimed', detail: 'Ann is reading this draft.' } });
    expect((await act(id, 'hand-over', { userId: ben.id }, ann.headers)).body.claim.name).toBe('Ben');
    expect((await act(id, 'claim', {}, ann.headers)).status).toBe(409);
    await app.json('PUT', '/api/v1/deputy', { userId: ann.id }, ben.headers);
    expect((await act(id, 'release', { revision }, ann.headers)).status).toBe(200);
    await app.json('PUT', '/api/v1/deputy', { userId: null }, ben.headers);
  });

  test('supervision 5: a claim runs out', async () => {
    const session = await held('approve');
    const { id, revision } = await draftIn(session);
    await act(id, 'claim', {}, ann.headers);
    await app.db.everywhere.exec(`update review set claimed_until = now() - interval '1 second' where id = $1`, [id]);
    expect((await act(id, 'release', { revision }, ben.headers)).status).toBe(200);
  });

  test('supervision 6: an edit made while it streams stands before what follows', async () => {
    const session = await held('approve');
    const staff = await readBySocket(app, session, 'staff');
    const id = (await post(session, '[play words-40@20] Hello')) as string;
    await staff.until((seen) => (seen.texts.get(id)?.length ?? 0) > 20);
    const { revision, draftLength } = await review(id);
    const edited = await act(id, 'draft', { revision, base: draftLength, text: 'Dear Robin, ' });
    expect(edited.status).toBe(200);
    expect((await act(id, 'draft', { revision, base: 0, text: 'x' })).body.code).toBe('conflict');
    const done = await waiting(id);
    expect(done.text.startsWith('Dear Robin, ')).toBe(true);
    expect(done.text.endsWith('w39 ')).toBe(true);
    expect(done.text).not.toContain('w0 ');
    await act(id, 'release', { revision: done.revision, reasons: ['tone'], note: 'Warmer.' });
    expect((await said(session)).at(-1)?.text).toBe(done.text.trimEnd());
    const { decision } = await review(id);
    expect(decision.editDistance).toBeGreaterThan(5);
    staff.close();
  });

  test('supervision 7: a first part goes out while the rest is held, and cannot be changed any more', async () => {
    const session = await held('approve');
    const client = await readBySocket(app, session, 'client');
    const { id, revision, text } = await draftIn(session);
    const part = await act(id, 'release', { revision, through: 6 });
    expect(part.body).toMatchObject({ state: 'waiting', released: text.slice(0, 6) });
    await client.until((seen) => types(seen).includes('reply.released'));
    const event = client.events.find((e) => e.type === 'reply.released');
    expect(event?.data).toEqual({ replyId: id, offset: 0, text: text.slice(0, 6) });
    const now = part.body.revision;
    expect((await act(id, 'draft', { revision: now, base: text.length, text: 'New' })).body.code).toBe('conflict');
    expect((await act(id, 'reject', { reasons: ['tone'] })).body.code).toBe('wrong-state');
    const kept = `${text.slice(0, 6)}and more.`;
    const edited = await act(id, 'draft', { revision: now, base: text.length, text: kept });
    await act(id, 'release', { revision: edited.body.revision });
    expect((await said(session)).at(-1)?.text).toBe(kept);
    client.close();
  });

  test('supervision 8: a rejected draft is tried again with the reason as guidance', async () => {
    const session = await held('approve');
    const { id } = await draftIn(session, '[play echo] Secret plan');
    const rejected = await act(id, 'reject', { reasons: ['tone', 'privacy'], note: 'Shorter, please.' });
    expect(rejected.body).toMatchObject({ state: 'rejected', decision: { reasons: ['tone', 'privacy'] } });
    const open = async () => (await app.json('GET', `/api/v1/reviews?sessionId=${session.id}`)).body.items;
    await expect.poll(async () => (await open()).length).toBe(1);
    await expect
      .poll(() => JSON.stringify(upstream.requests.at(-1)?.body))
      .toContain('Not like this: tone, privacy. Shorter, please.');
    const [second] = await open();
    expect(second.id).not.toBe(id);
    await waiting(second.id);
    await act(second.id, 'reject', { reasons: ['other'], again: false });
    expect(await open()).toEqual([]);
    expect(await said(session)).toHaveLength(1);
  });

  test('supervision 8: one that is still being written is stopped, and tried again', async () => {
    const session = await held('approve');
    const staff = await readBySocket(app, session, 'staff');
    const id = (await post(session, '[play words-200@20] Hello')) as string;
    await staff.until((seen) => (seen.texts.get(id)?.length ?? 0) > 20);
    expect((await act(id, 'reject', { reasons: ['too-long'] })).status).toBe(200);
    await staff.until((seen) => types(seen).filter((type) => type === 'reply.started').length === 2);
    staff.close();
  });

  test('supervision 9: under `delayed` it goes out by itself, unless somebody stops it', async () => {
    const session = await held('delayed');
    const stopped = await draftIn(session);
    await act(stopped.id, 'reject', { reasons: ['unsafe'], again: false });
    const { id, text } = await draftIn(session);
    await expect.poll(async () => (await review(id)).state, { timeout: 5000 }).toBe('released');
    expect((await said(session)).filter((m) => m.author === 'persona').map((m) => m.text)).toEqual([text.trimEnd()]);
    expect((await review(id)).decision).toMatchObject({ by: null });
  });

  test('supervision 9: one that waits when the rung is tightened waits for a person', async () => {
    const session = await held('delayed');
    const { id } = await draftIn(session);
    await app.json('PUT', `/api/v1/sessions/${session.id}/policy`, { policy: 'approve' });
    await expect.poll(async () => (await review(id)).rung, { timeout: 5000 }).toBe('approve');
    expect(await said(session)).toHaveLength(1);
  });

  test('supervision 9, 15, 16: one that the gate finds grave waits for a person, stands first in the queue, and shows where', async () => {
    const reciting = await makePersona(app, playing('recite'));
    const session = await makeSession(app, reciting, { policy: 'delayed' });
    const draft = await draftIn(session, 'Recite: That is fine. You should kill yourself now. And then the garden.');
    expect(draft).toMatchObject({ rung: 'approve', risk: 3 });
    const [finding] = draft.findings;
    expect(draft.text.slice(finding.start, finding.end)).toContain('kill yourself');
    const flags = (as = {}) => app.json('GET', `/api/v1/sessions/${session.id}/flags`, undefined, as);
    expect((await flags()).body.items).toMatchObject([{ replyId: draft.id, messageId: null, level: 'high' }]);
    expect((await flags(session.client)).status).toBe(404);
    const log = async (as = {}) =>
      (await app.json('GET', `/api/v1/rooms/${session.roomId}/events?limit=500`, undefined, as)).body.events;
    expect(JSON.stringify(await log())).toContain('flag.raised');
    expect(JSON.stringify(await log(session.client))).not.toContain('flag.raised');
    // A person reads it already: nobody else is called for it.
    expect((await app.json('GET', `/api/v1/escalations?sessionId=${session.id}`)).body.items).toEqual([]);
    const rest = { revision: draft.revision, base: finding.end, text: 'Rest now' };
    expect((await act(draft.id, 'draft', rest)).body.findings).toEqual([]);
    expect((await app.json('GET', '/api/v1/reviews?limit=1')).body.items[0].id).toBe(draft.id);
    await app.json('POST', `/api/v1/reviews/${draft.id}/reject`, { reasons: ['unsafe'], again: false });
  });

  test('supervision 10: under `draft-only` what is sent is the person’s own message, drafted by an engine', async () => {
    const session = await held('draft-only');
    const { id, revision, text } = await draftIn(session);
    await act(id, 'release', { revision }, ann.headers);
    expect((await said(session)).at(-1)).toMatchObject({ author: 'staff', text: text.trimEnd() });
    expect((await said(session)).at(-1)?.engine).not.toBeNull();
    const own = await app.json(
      'POST',
      `/api/v1/sessions/${session.id}/messages`,
      { text: 'Hello from Ann' },
      ann.headers,
    );
    expect(own.body.message.author).toBe('staff');
  });

  test('supervision 11: nobody in time: it stays, the client is told once, letters are written, the last to the fallback', async () => {
    await app.json('PUT', '/api/v1/organisation/supervision', { ...policy, fallbackEmail: 'night@house.example' });
    await app.db.everywhere.exec(`update app_user set email = 'ann@house.example' where id = $1`, [ann.id]);
    const session = await held('approve');
    const client = await readBySocket(app, session, 'client');
    const { id } = await draftIn(session);
    const late = () => app.db.everywhere.exec('update review set due_at = now() where id = $1', [id]);
    const letters = async () =>
      (await app.json('GET', '/api/v1/mailbox')).body.items.filter((l: { subject: string }) =>
        l.subject.startsWith('A reply waits'),
      ) as { to: string; text: string }[];
    await late();
    await expect.poll(async () => (await letters()).map((l) => l.to), { timeout: 5000 }).toEqual(['ann@house.example']);
    await late();
    const addressees = async () => (await letters()).map((l) => l.to);
    await expect.poll(addressees, { timeout: 5000 }).toContain('night@house.example');
    await client.until((seen) => types(seen).includes('reply.delayed'));
    expect(types(client).filter((type) => type === 'reply.delayed')).toHaveLength(1);
    expect((await review(id)).state).toBe('waiting');
    expect((await review(id)).dueAt).toBeNull();
    expect(await said(session)).toHaveLength(1);
    client.close();
    await app.json('PUT', '/api/v1/organisation/supervision', policy);
  });

  test('supervision 13: taking over discards it, and what was released of it stays', async () => {
    const session = await held('approve');
    const { id, revision, text } = await draftIn(session);
    await act(id, 'release', { revision, through: 6 });
    await app.json('POST', `/api/v1/sessions/${session.id}/takeover`);
    expect((await review(id)).state).toBe('discarded');
    expect((await said(session)).at(-1)?.text).toBe(text.slice(0, 6));
    const plain = await held('approve');
    const draft = await draftIn(plain);
    await app.json('POST', `/api/v1/sessions/${plain.id}/end`);
    expect((await review(draft.id)).state).toBe('discarded');
    expect(await said(plain)).toHaveLength(1);
  });

  test('supervision 14: a decision is an event for the team, with its reasons, and in the audit log without words', async () => {
    const session = await held('approve');
    const [staff, client] = [await readBySocket(app, session, 'staff'), await readBySocket(app, session, 'client')];
    const { id, revision } = await draftIn(session);
    await act(id, 'release', { revision, reasons: ['scope'], note: 'Noted.' }, ann.headers);
    await staff.until((seen) => types(seen).includes('review.decided'));
    const event = staff.events.find((e) => e.type === 'review.decided');
    expect(event).toMatchObject({ audience: 'staff', actor: { name: 'Ann' } });
    expect(event?.data).toEqual({
      replyId: id,
      decision: 'released',
      reasons: ['scope'],
      note: 'Noted.',
      editDistance: 0,
    });
    await client.until((seen) => types(seen).includes('reply.completed'));
    expect(types(client)).not.toContain('review.decided');
    const { body } = await app.json('GET', '/api/v1/audit?act=review.released');
    expect(body.items.some((entry: object) => JSON.stringify(entry).includes(id))).toBe(true);
    expect(JSON.stringify(body)).not.toContain('Noted');
    staff.close();
    client.close();
  });

  test('supervision 15: the queue holds what waits, by risk, then age, and only for those one may see', async () => {
    const sessions = [await held('approve'), await held('approve'), await held('approve')];
    const ids: string[] = [];
    for (const session of sessions) ids.push((await draftIn(session)).id);
    await app.db.everywhere.exec('update review set risk = 3 where id = $1', [ids[2]]);
    const queue = async (as = {}) =>
      ((await app.json('GET', '/api/v1/reviews?limit=200', undefined, as)).body.items as { id: string }[])
        .map((item) => item.id)
        .filter((id) => ids.includes(id));
    expect(await queue()).toEqual([ids[2], ids[0], ids[1]]);
    const first = (await app.json('GET', '/api/v1/reviews?limit=1')).body;
    expect(first.items[0].id).toBe(ids[2]);
    expect((await app.json('GET', `/api/v1/reviews?limit=1&cursor=${first.next}`)).body.items[0].id).not.toBe(ids[2]);
    const stranger = await makeMember(app, 'Sam', ['facilitator']);
    expect(await queue(stranger.headers)).toEqual([]);
    expect((await act(ids[0] as string, 'claim', {}, stranger.headers)).status).toBe(404);
    expect((await app.json('GET', '/api/v1/reviews', undefined, sessions[0]?.client)).status).toBe(404);
  });
});

describe('a change of the rung', () => {
  test('supervision 12: takes effect on the reply that runs', async () => {
    const session = await held('auto');
    const [staff, client] = [await readBySocket(app, session, 'staff'), await readBySocket(app, session, 'client')];
    const id = (await post(session, '[play words-60@20] Hello')) as string;
    await client.until((seen) => (seen.texts.get(id)?.length ?? 0) > 20);
    await app.json('PUT', `/api/v1/sessions/${session.id}/policy`, { policy: 'approve' });
    await client.until((seen) => types(seen).includes('reply.held'));
    const shown = String(client.events.find((e) => e.type === 'reply.held')?.data['text']);
    expect(shown.length).toBeGreaterThan(20);
    const draft = await waiting(id);
    expect(draft.released).toBe(shown);
    expect(draft.text.endsWith('w59 ')).toBe(true);
    expect(client.texts.get(id)).toBe(shown);
    await staff.until((seen) => seen.texts.get(id) === draft.text);
    await app.json('PUT', `/api/v1/sessions/${session.id}/policy`, { policy: 'auto' });
    expect((await review(id)).state).toBe('waiting');
    await act(id, 'release', { revision: draft.revision });
    expect((await said(session)).at(-1)?.text).toBe(draft.text.trimEnd());
    staff.close();
    client.close();
  });

  test('supervision 12: of the organisation or the client does, too; `off` stops it', async () => {
    const session = await held('auto');
    const client = await readBySocket(app, session, 'client');
    const id = (await post(session, '[play words-200@20] Hello')) as string;
    await client.until((seen) => (seen.texts.get(id)?.length ?? 0) > 10);
    await app.json('PUT', '/api/v1/organisation/supervision', { ...policy, policy: 'off' });
    await client.until((seen) => types(seen).includes('reply.stopped'));
    await app.json('PUT', '/api/v1/organisation/supervision', policy);
    client.close();
  });
});
