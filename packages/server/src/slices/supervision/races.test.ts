import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { readBySocket, types, type Seen } from '../../test/readers.ts';
import { makeMember, type TestMember } from '../../test/team.ts';
import { startUpstream, type Upstream } from '../../test/upstream.ts';

const sessions = 20;
/** `REVIEW_ROUNDS=50` is the whole figure of 1,000 drafts. */
const rounds = Number(process.env['REVIEW_ROUNDS'] ?? 10);
let one: TestApp;
let two: TestApp;
let upstream: Upstream;
let ann: TestMember;
let ben: TestMember;
let persona: string;

beforeAll(async () => {
  upstream = await startUpstream();
  one = await startTestApp({ upstream: { url: upstream.url, model: 'words-3' } });
  two = await one.second();
  persona = await makePersona(one);
  ann = await makeMember(one, 'Ann', ['supervisor']);
  ben = await makeMember(one, 'Ben', ['supervisor']);
});
afterAll(async () => {
  await two?.close();
  await one?.close();
  await upstream?.close();
});

/** Of a finished draft nobody has edited. */
const revision = 1;
const ready = (id: string) => (seen: Seen) =>
  seen.events.some((e) => e.type === 'draft.ready' && e.data['replyId'] === id);

const post = async (session: TestSession, text: string): Promise<string> =>
  (await one.json('POST', `/api/v1/sessions/${session.id}/messages`, { text }, session.client)).body.replyId;

test('supervision 4: two reviewers on two servers decide on the same drafts: each is decided on once', async () => {
  const open = await Promise.all(
    Array.from({ length: sessions }, () => makeSession(one, persona, { policy: 'approve' })),
  );
  const outcomes = { released: 0, rejected: 0 };
  const play = async (session: TestSession) => {
    const staff = await readBySocket(one, session, 'staff');
    for (let round = 0; round < rounds; round += 1) {
      const id = await post(session, 'Go on');
      await staff.until(ready(id), 60_000);
      const [release, reject] = await Promise.all([
        one.json('POST', `/api/v1/reviews/${id}/release`, { revision }, ann.headers),
        two.json('POST', `/api/v1/reviews/${id}/reject`, { reasons: ['other'], again: false }, ben.headers),
      ]);
      expect([release.status, reject.status].sort()).toEqual([200, 409]);
      const lost = release.status === 409 ? release : reject;
      expect(lost.body).toMatchObject({ code: 'decided' });
      expect(lost.body.detail).toContain(release.status === 409 ? 'Ben' : 'Ann');
      outcomes[release.status === 200 ? 'released' : 'rejected'] += 1;
    }
    staff.close();
  };
  await Promise.all(open.map(play));
  const total = sessions * rounds;
  expect(outcomes.released + outcomes.rejected).toBe(total);
  const count = async (text: string) => (await one.db.everywhere.one<{ n: number }>(text)).n;
  expect(await count(`select count(*) as n from event where type = 'review.decided'`)).toBe(total);
  const replies = `select count(*) as n from message where author = 'persona' and reply_id is not null`;
  expect(await count(replies)).toBe(outcomes.released);
  expect(await count(`select count(distinct reply_id) as n from message where reply_id is not null`)).toBe(
    outcomes.released,
  );
}, 180_000);

test('supervision 12: readers of another server are never ahead of what a hold says was shown', async () => {
  // Frames so far apart that nearly all of the reply waits for the next one.
  const slow = await startTestApp({
    upstream: { url: upstream.url, model: 'words-20' },
    config: { tokenFrameMs: 3000 },
  });
  const other = await slow.second();
  try {
    const session = await makeSession(slow, await makePersona(slow), { policy: 'auto' });
    const reader = await readBySocket(other, session, 'client');
    const sent = await slow.json(
      'POST',
      `/api/v1/sessions/${session.id}/messages`,
      { text: '[play words-100@20] Go on' },
      session.client,
    );
    const id = sent.body.replyId;
    await reader.until((seen) => (seen.texts.get(id)?.length ?? 0) > 0);
    await slow.json('PUT', `/api/v1/sessions/${session.id}/policy`, { policy: 'approve' });
    await reader.until((seen) => types(seen).includes('reply.held'));
    const shown = String(reader.events.find((e) => e.type === 'reply.held')?.data['text']);
    expect(shown.startsWith(reader.texts.get(id) ?? '?')).toBe(true);
    reader.close();
  } finally {
    await other.close();
    await slow.close();
  }
});

test('supervision 12: a change on one server holds the reply that another makes, and shows its readers nothing more', async () => {
  const session = await makeSession(one, persona, { policy: 'auto' });
  const readers = [await readBySocket(one, session, 'client'), await readBySocket(two, session, 'client')];
  const id = await post(session, '[play words-100@20] Go on');
  for (const reader of readers) await reader.until((seen) => (seen.texts.get(id)?.length ?? 0) > 30);
  await two.json('PUT', `/api/v1/sessions/${session.id}/policy`, { policy: 'approve' });
  for (const reader of readers) await reader.until((seen) => types(seen).includes('reply.held'));
  await expect
    .poll(async () => (await one.json('GET', `/api/v1/reviews/${id}`)).body.state, { timeout: 15_000 })
    .toBe('waiting');
  const shown = String(readers[0]?.events.find((e) => e.type === 'reply.held')?.data['text']);
  for (const reader of readers) {
    expect(shown.startsWith(reader.texts.get(id) ?? '?')).toBe(true);
    reader.close();
  }
});
