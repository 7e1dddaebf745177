import { closeCodes, ClientFrame } from '@rapport/protocol/live';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../app.ts';
import { startUpstream, type Upstream } from '../upstream.ts';
import { attackersOf, leakIn, type Attacker } from './attack.ts';
import type { IdOf } from './fixture.ts';
import { digestOf, idsIn, tenantTables, unknownLike, withoutIds, type TenantTable } from './rows.ts';
import { seedWorld, type World } from './world.ts';

let app: TestApp;
let upstream: Upstream;
let tables: TenantTable[];
let a: World;
let b: World;
let attackers: Attacker[];

/** Every frame a client may send, with ids in every place that takes one; a new frame without a line here fails. */
const frames: Record<ClientFrame['t'], (id: IdOf) => object> = {
  hello: (id) => ({ t: 'hello', token: id('session') }),
  sub: (id) => ({ t: 'sub', room: id('room'), after: 0 }),
  unsub: (id) => ({ t: 'unsub', room: id('room') }),
  pub: (id) => ({ t: 'pub', room: id('room'), mid: id('message'), text: 'Let me in' }),
  typing: (id) => ({ t: 'typing', room: id('room'), on: true }),
  ping: () => ({ t: 'ping' }),
};

const digest = () => digestOf(app, tables, a.ids.organisation);

interface Line {
  /** Everything that came, a closing code as the last. */
  seen: string[];
  send(frame: object): void;
  /** Until what was sent has been handled. */
  settled(): Promise<void>;
  close(): void;
}

async function connect({ headers }: Pick<Attacker, 'headers'>): Promise<Line> {
  const { authorization, ...rest } = headers;
  const socket = new WebSocket(`ws://127.0.0.1:${app.port}/api/v1/live`, { headers: rest });
  const seen: string[] = [];
  let poke = () => {};
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    if (!text.startsWith('{"t":"pong"')) seen.push(text);
    if (text.startsWith('{"t":"pong"') || text.startsWith('{"t":"welcome"')) poke();
  });
  socket.on('close', (code) => {
    seen.push(`closed ${code}`);
    poke();
  });
  const next = () => new Promise<void>((resolve) => (poke = resolve));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const send = (frame: object) => socket.send(JSON.stringify(frame));
  const welcome = next();
  send({ t: 'hello', ...(authorization ? { token: authorization.slice(7) } : {}) });
  await welcome;
  seen.length = 0;
  return {
    seen,
    send,
    async settled() {
      if (socket.readyState !== socket.OPEN) return;
      const handled = next();
      send({ t: 'ping' });
      await handled;
    },
    close: () => socket.close(),
  };
}

/** What comes of one frame on a connection of its own. */
async function tryFrame(attacker: Attacker, frame: object): Promise<string> {
  const line = await connect(attacker);
  line.send(frame);
  await line.settled();
  line.close();
  return line.seen.join('\n');
}

beforeAll(async () => {
  upstream = await startUpstream();
  app = await startTestApp();
  [a, b] = [await seedWorld(app, 'amber', upstream.url), await seedWorld(app, 'birch', upstream.url)];
  tables = await tenantTables(app);
  attackers = attackersOf(b, a, await idsIn(app, tables, a.ids.organisation));
});

afterAll(async () => {
  await app.close();
  await upstream.close();
});

test('every frame of the protocol is tried', () => {
  expect(Object.keys(frames).sort()).toEqual(ClientFrame.options.map(({ shape }) => shape.t.value).sort());
});

test('a frame with another’s ids is answered like one whose ids name nothing, and nobody hears of it', async () => {
  const owner = await connect({ headers: a.staff });
  owner.send({ t: 'sub', room: a.ids.room, after: 1000 });
  await owner.settled();
  const heard = owner.seen.length;
  const before = await digest();
  for (const attacker of attackers) {
    for (const make of Object.values(frames)) {
      const known = await tryFrame(
        attacker,
        make((kind) => a.ids[kind]),
      );
      const unknown = await tryFrame(
        attacker,
        make((kind) => unknownLike(a.ids[kind])),
      );
      expect(withoutIds(known), attacker.name).toBe(withoutIds(unknown));
      expect(leakIn(known, { ...attacker.secrets, ids: new Set() })).toBeNull();
    }
  }
  await owner.settled();
  expect(owner.seen.slice(heard)).toEqual([]);
  expect(await digest()).toBe(before);
  owner.close();
});

test('a socket of nobody reaches nothing', async () => {
  const line = await connect({ headers: { authorization: `Bearer ${a.ids.session}` } });
  expect(
    line.seen.concat(
      await tryFrame(
        { headers: { authorization: 'Bearer x' } } as unknown as Attacker,
        frames.sub((kind) => a.ids[kind]),
      ),
    ),
  ).toEqual(expect.not.arrayContaining([expect.stringContaining('"t":"ev"')]));
});

/** All that a reader gets of a stream, until told to stop. */
function listen(path: string, headers: Record<string, string>) {
  const stop = new AbortController();
  let text = '';
  const done = app
    .fetch(path, { headers, signal: stop.signal })
    .then(async (response) => {
      for await (const part of response.body ?? []) text += Buffer.from(part).toString();
    })
    .catch(() => {});
  return {
    text: () => text,
    async stop() {
      stop.abort();
      await done;
    },
  };
}

test('what is said in one organisation reaches no reader of another, on any transport', async () => {
  const mark = `${a.mark}live`;
  const lines = await Promise.all(attackers.map(connect));
  lines.forEach((line, at) => line.send({ t: 'sub', room: attackers[at]?.own.room, after: 0 }));
  const streams = attackers.map(({ own, headers }) =>
    listen(`/api/v1/rooms/${own.room}/events?after=0`, { ...headers, accept: 'text/event-stream' }),
  );
  const polls = attackers.map(({ own, headers }) =>
    listen(`/api/v1/rooms/${own.room}/events?after=50&wait=4`, headers),
  );
  await Promise.all(lines.map((line) => line.settled()));

  const [owner, guest] = [await connect({ headers: a.staff }), await connect({ headers: a.client })];
  owner.send({ t: 'sub', room: a.ids.room, after: 0 });
  guest.send({ t: 'sub', room: a.ids.room, after: 0 });
  guest.send({ t: 'typing', room: a.ids.room, on: true });
  await app.json('POST', `/api/v1/sessions/${a.ids.session}/guidance`, { text: `Note ${mark}` }, a.staff);
  await app.json(
    'POST',
    `/api/v1/sessions/${a.ids.session}/messages`,
    { text: `${mark} and more [play echo@5]` },
    a.client,
  );
  await expect
    .poll(() => owner.seen.filter((text) => text.includes('reply.completed')).length, { timeout: 8000 })
    .toBe(3);
  await app.json('POST', `/api/v1/sessions/${a.ids.session}/takeover`, undefined, a.staff);
  await owner.settled();
  // The proof is worth something only where the words did travel.
  expect(owner.seen.join('\n')).toContain(mark);
  expect(guest.seen.join('\n')).toContain(mark);
  expect(guest.seen.join('\n')).not.toContain('Note ');

  await Promise.all(lines.map((line) => line.settled()));
  await Promise.all([...streams, ...polls].map((reader) => reader.stop()));
  for (const [at, attacker] of attackers.entries()) {
    const got = [lines[at]?.seen.join('\n'), streams[at]?.text(), polls[at]?.text()].join('\n');
    expect(got, attacker.name).not.toContain(mark);
    expect(got, attacker.name).not.toContain(a.ids.room);
    expect(streams[at]?.text(), 'the stream was open').toContain('event: synced');
  }
  [...lines, owner, guest].forEach((line) => line.close());
});

test('a token that is withdrawn is closed out of its socket', async () => {
  const line = await connect({ headers: a.client });
  await app.json('DELETE', `/api/v1/sessions/${a.ids.session}/invitations/${a.ids.invitation}`, undefined, a.staff);
  await expect.poll(() => line.seen.at(-1), { timeout: 3000 }).toBe(`closed ${closeCodes.auth}`);
});
