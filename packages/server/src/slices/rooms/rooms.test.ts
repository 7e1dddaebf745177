import { closeCodes, livePath } from '@rapport/protocol/live';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';

let app: TestApp;
let persona: string;
let session: TestSession;

beforeAll(async () => {
  app = await startTestApp();
  persona = await makePersona(app);
  session = await makeSession(app, persona);
});
afterAll(async () => {
  await app?.close();
});

interface Frame {
  t: string;
  [key: string]: unknown;
}

/** A socket that says nothing by itself. Frames and the close code are kept. */
async function socket(server: TestApp = app, options: ClientOptions = {}) {
  const ws = new WebSocket(`ws://127.0.0.1:${server.port}${livePath}`, options);
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  ws.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString()));
    waiting.forEach((check) => check());
  });
  const closed = new Promise<number>((resolve) => ws.on('close', resolve));
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject));
  const send = (...list: object[]) => list.forEach((frame) => ws.send(JSON.stringify(frame)));
  const next = (is: (frame: Frame) => boolean) =>
    new Promise<Frame>((resolve) => {
      const check = () => {
        const found = frames.find(is);
        if (found) resolve(found);
        if (found) waiting.delete(check);
      };
      waiting.add(check);
      check();
    });
  return { ws, frames, closed, send, next, kind: (t: string) => next((f) => f.t === t) };
}

const token = (of: TestSession) => of.client.authorization.slice(7);

async function clientSocket(of: TestSession = session, server?: TestApp) {
  const one = await socket(server);
  one.send({ t: 'hello', token: token(of) });
  await one.kind('welcome');
  return one;
}

const events = async (query: string, of: TestSession = session) => {
  const { body } = await app.json('GET', `/api/v1/rooms/${of.roomId}/events?${query}`, undefined, of.client);
  return body;
};

test('rooms 3: a subscription replays, says synced and goes on live; another one begins anew', async () => {
  const of = await makeSession(app, persona);
  const one = await clientSocket(of);
  one.send({ t: 'pub', room: of.roomId, mid: crypto.randomUUID(), text: 'Hello' });
  const { seq } = await one.kind('ack');
  one.send({ t: 'sub', room: of.roomId, after: Number(seq) - 1 });
  await one.next((f) => f.t === 'ev' && f['type'] === 'reply.completed');
  const kinds = one.frames.filter((f) => f.t === 'ev' || f.t === 'synced');
  expect(kinds[0]).toMatchObject({ t: 'ev', seq, type: 'message.created' });
  expect(kinds.map((f) => f.t)).toContain('synced');
  one.frames.length = 0;
  one.send({ t: 'sub', room: of.roomId, after: Number(seq) - 1 });
  await one.kind('synced');
  expect(one.frames[0]).toMatchObject({ t: 'ev', seq });
  one.ws.close();
});

test('rooms 4: a cursor that the log cannot be followed from is reset to its head', async () => {
  const one = await clientSocket();
  const head = (await events('after=0')).next;
  one.send({ t: 'sub', room: session.roomId, after: 9999 });
  expect(await one.kind('reset')).toMatchObject({ seq: head });
  expect(await one.kind('synced')).toMatchObject({ seq: head, epoch: 1 });
  one.frames.length = 0;
  one.send({ t: 'sub', room: session.roomId, after: 0, epoch: 77 });
  expect(await one.kind('reset')).toMatchObject({ seq: head });
  expect(await events('after=9999')).toEqual({ events: [], next: head, reset: true, running: [] });
  one.ws.close();
});

test('rooms 6, 7: messages are stored in the order sent, each mid once, and acknowledged each time', async () => {
  const of = await makeSession(app, persona);
  const one = await clientSocket(of);
  const mids = Array.from({ length: 5 }, () => crypto.randomUUID());
  one.send(...mids.map((mid, i) => ({ t: 'pub', room: of.roomId, mid, text: `message ${i}` })));
  one.send({ t: 'pub', room: of.roomId, mid: mids[0], text: 'message 0' });
  one.send({ t: 'pub', room: of.roomId, mid: mids[0], text: 'something else' });
  expect(await one.kind('nack')).toMatchObject({ mid: mids[0], code: 'idempotency-mismatch' });
  const acks = one.frames.filter((f) => f.t === 'ack');
  expect(acks.map((f) => f['mid'])).toEqual([...mids, mids[0]]);
  expect(acks[5]).toEqual(acks[0]);
  const { body } = await app.json('GET', `/api/v1/sessions/${of.id}/messages`, undefined, of.client);
  const written = body.items.filter((m: { author: string }) => m.author === 'client');
  expect(written.map((m: { text: string }) => m.text)).toEqual(mids.map((_, i) => `message ${i}`));
  one.ws.close();
});

test('rooms 8: nothing goes before a good hello, and what is no frame ends the socket', async () => {
  const cases: [(one: Awaited<ReturnType<typeof socket>>) => void, number][] = [
    [({ send }) => send({ t: 'hello', token: 'made-up' }), closeCodes.auth],
    [({ send }) => send({ t: 'sub', room: session.roomId, after: 0 }), closeCodes.auth],
    [({ send }) => send({ t: 'shout' }), closeCodes.protocol],
    [({ ws }) => ws.send('not JSON'), closeCodes.protocol],
    [({ ws }) => ws.send(Buffer.from([1])), closeCodes.protocol],
  ];
  for (const [act, code] of cases) {
    const one = await socket();
    act(one);
    expect(await one.closed).toBe(code);
    expect(one.frames).toEqual([]);
  }
});

test('rooms 9: a room of others answers like one that does not exist', async () => {
  const other = await makeSession(app, persona);
  const one = await clientSocket();
  for (const room of [other.roomId, crypto.randomUUID()]) {
    one.send({ t: 'sub', room, after: 0 }, { t: 'pub', room, mid: crypto.randomUUID(), text: 'Hello' });
    expect(await one.next((f) => f.t === 'denied' && f['room'] === room)).toMatchObject({ code: 'not-found' });
    expect(await one.kind('nack')).toMatchObject({ code: 'not-found' });
    one.frames.length = 0;
    const path = `/api/v1/rooms/${room}/events`;
    expect((await app.json('GET', path, undefined, session.client)).status).toBe(404);
  }
  one.ws.close();
});

test('rooms 11: a foreign origin opens no socket', async () => {
  await expect(socket(app, { origin: 'https://evil.example' })).rejects.toThrow('403');
});

test('rooms 12: a socket carries 250 rooms, 200 frames that wait, and frames of up to 128 KiB', async () => {
  const ids = await manyRooms(250);
  const subs = [...ids, session.roomId].map((room) => ({ t: 'sub', room, after: 0 }));
  const hasty = await socket();
  hasty.send({ t: 'hello' }, ...subs);
  expect(await hasty.closed).toBe(closeCodes.slow);
  const staff = await socket();
  staff.send({ t: 'hello' });
  for (let i = 0; i < subs.length; i += 100) {
    staff.send(...subs.slice(i, i + 100), { t: 'ping' });
    await staff.next(() => staff.frames.filter((f) => f.t === 'pong').length > i / 100);
  }
  expect(await staff.kind('denied')).toMatchObject({ room: session.roomId, code: 'rate-limited' });
  expect(staff.frames.filter((f) => f.t === 'synced')).toHaveLength(250);
  staff.ws.send('x'.repeat(129 * 1024));
  expect(await staff.closed).toBe(1009);
});

async function manyRooms(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    ids.push((await app.json('POST', '/api/v1/sessions', { personaId: persona })).body.roomId);
  }
  return ids;
}

test('rooms 13: a long poll answers at once with what there is, else with the next event, else empty', async () => {
  const of = await makeSession(app, persona);
  const { next } = await events('after=0', of);
  const began = performance.now();
  const waited = events(`after=${next}&wait=20`, of);
  const { body } = await app.json('POST', `/api/v1/rooms/${of.roomId}/messages`, { text: 'Hello' }, of.client);
  expect((await waited).events[0]).toMatchObject({ seq: body.seq });
  expect((await events(`after=${next}&wait=20`, of)).events[0]).toMatchObject({ seq: body.seq });
  expect(performance.now() - began).toBeLessThan(5000);
  const quiet = await makeSession(app, persona);
  const head = (await events('after=0', quiet)).next;
  expect(await events(`after=${head}&wait=1`, quiet)).toEqual({ events: [], next: head, reset: false, running: [] });
});

test('rooms 14: a stream’s durable events carry their seq as id, and Last-Event-ID goes before after', async () => {
  const of = await makeSession(app, persona);
  const { body } = await app.json('POST', `/api/v1/sessions/${of.id}/messages`, { text: 'Hello' }, of.client);
  const stream = await app.fetch(`/api/v1/rooms/${of.roomId}/events?after=0`, {
    headers: { ...of.client, accept: 'text/event-stream', 'last-event-id': String(body.seq) },
  });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('event: synced')) text += (await reader.read()).value ?? '';
  await reader.cancel();
  expect(text).toContain(`id: ${body.seq + 1}\nevent: reply.started\n`);
  expect(text).not.toContain(`id: ${body.seq}\n`);
});

test('rooms 15: typing reaches the room’s readers and is not stored', async () => {
  const staff = await socket();
  staff.send({ t: 'hello' }, { t: 'sub', room: session.roomId, after: 0 });
  await staff.kind('synced');
  const { next } = await events('after=0');
  const one = await clientSocket();
  one.send({ t: 'typing', room: session.roomId, on: true });
  const seen = { t: 'eph', room: session.roomId, type: 'typing', who: 'client', on: true };
  expect(await staff.kind('eph')).toEqual(seen);
  expect((await events('after=0')).next).toBe(next);
  one.ws.close();
  staff.ws.close();
});

test('rooms 16: a server that stops closes sockets with 1012, ends streams with the reason, and answers waiting polls', async () => {
  const second = await app.second();
  const one = await clientSocket(session, second);
  const path = `/api/v1/rooms/${session.roomId}/events`;
  const { next } = await events('after=0');
  const stream = await second.fetch(`${path}?after=${next}`, {
    headers: { ...session.client, accept: 'text/event-stream' },
  });
  const poll = second.json('GET', `${path}?after=${next}&wait=30`, undefined, session.client);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const closing = second.close();
  expect(await stream.text()).toContain('event: bye\ndata: {"reason":"restart"}');
  expect(await poll).toMatchObject({ status: 503, body: { code: 'shutting-down' } });
  expect(await one.closed).toBe(closeCodes.restart);
  await closing;
});

test('rooms 18: while the database fails, a hello and a subscription are closed with 1012, a publish is refused for now', async () => {
  const of = await makeSession(app, persona);
  // Its token was not asked for yet, so the server cannot remember it.
  const unseen = await makeSession(app, persona);
  const told = await clientSocket(of);
  const rename = (from: string, to: string) => app.db.everywhere.exec(`alter table ${from} rename to ${to}`);
  await rename('access_token', 'access_token_away');
  const stranger = await socket();
  stranger.send({ t: 'hello', token: token(unseen) });
  expect(await stranger.closed).toBe(closeCodes.restart);
  await rename('access_token_away', 'access_token');
  await rename('session', 'session_away');
  told.send({ t: 'pub', room: of.roomId, mid: crypto.randomUUID(), text: 'Hello' });
  expect(await told.kind('nack')).toMatchObject({ code: 'unavailable' });
  told.send({ t: 'sub', room: of.roomId, after: 0 });
  expect(await told.closed).toBe(closeCodes.restart);
  await rename('session_away', 'session');
});
