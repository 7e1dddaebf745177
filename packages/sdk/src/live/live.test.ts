import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLive, type Live, type LiveOptions, type RoomStatus } from '../live.ts';
import { closers, crowd, FakeServer, room } from './fakeServer.ts';

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function begin(options: LiveOptions = {}, order: (server: FakeServer) => void = () => {}, after = 0) {
  const server = new FakeServer();
  order(server);
  const live: Live = createLive({ baseUrl: await server.listen(), random: () => 0.02, ...options });
  closers.push(() => live.close());
  return { server, live, ...join(live, after) };
}

function join(live: Live, after = 0, id = room) {
  const seqs: number[] = [];
  const statuses: RoomStatus[] = [];
  const resets: number[] = [];
  const texts = new Map<string, string>();
  const fail = { at: 0 };
  const handle = live.room(id, {
    after,
    onEvent({ seq }) {
      if (fail.at === seq && fail.at--) throw new Error('the reader failed');
      seqs.push(seq);
    },
    onDelta({ replyId, offset, text }) {
      const known = texts.get(replyId) ?? '';
      expect(offset).toBe(known.length);
      texts.set(replyId, known + text);
    },
    onReset: ({ seq }) => resets.push(seq),
    onReplyReset: (replyId) => texts.delete(replyId),
    onStatus: (status) => statuses.push(status),
  });
  return { handle, seqs, statuses, resets, texts, fail };
}

const soon = (check: () => void, timeout = 4000) => vi.waitFor(check, { timeout, interval: 5 });
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe.each(['socket', 'sse', 'poll'] as const)('a room by %s', (transport) => {
  it('gives what was missed, then what happens, and the text of replies', async () => {
    const { server, seqs, statuses, texts, handle } = await begin({ transport }, (s) => {
      for (let i = 0; i < 5; i += 1) s.add();
      s.token('r', 'Good ');
    });
    await soon(() => expect(statuses).toEqual(['connecting', 'live']));
    server.token('r', 'morning');
    server.add();
    await soon(() => expect(seqs).toEqual(upTo(6)));
    await soon(() => expect(texts.get('r')).toBe('Good morning'));
    expect((await handle.publish('hello')).seq).toBe(7);
    await soon(() => expect(handle.cursor()).toBe(7));
    handle.close();
    expect(statuses.at(-1)).toBe('closed');
  });
});

describe('the socket', () => {
  it('asks for many rooms fifty at a time, also when it comes back', async () => {
    const server = new FakeServer();
    server.waiting = [];
    const live = createLive({ baseUrl: await server.listen(), random: () => 0.02, transport: 'socket' });
    closers.push(() => live.close());
    const rooms = Array.from({ length: 130 }, (_, i) => join(live, 0, `${crowd}${String(i).padStart(11, '0')}`));
    const answerAll = async (alive: number) => {
      await soon(() => {
        for (const answer of server.waiting?.splice(0) ?? []) answer();
        expect(rooms.filter(({ statuses }) => statuses.at(-1) === 'live')).toHaveLength(alive);
      });
    };
    await soon(() => expect(server.waiting).toHaveLength(50));
    // One that is closed while it waits makes room for the next.
    rooms[0]?.handle.close();
    await soon(() => expect(server.waiting).toHaveLength(51));
    await answerAll(129);
    server.waiting = [];
    server.mostWaiting = 0;
    server.drop();
    await soon(() => expect(server.waiting).toHaveLength(50));
    await answerAll(129);
    expect(server.mostWaiting).toBe(50);
  });

  it('loses and doubles nothing through 20 resets while events, tokens and messages come', async () => {
    const { server, seqs, texts, handle, statuses } = await begin({ transport: 'socket' }, (s) => (s.twice = true));
    const sent: Promise<unknown>[] = [];
    let whole = '';
    for (let i = 0; i < 200; i += 1) {
      server.add();
      server.token('r', `${i} `, { lose: i % 7 === 0 });
      whole += `${i} `;
      if (i % 4 === 0) sent.push(handle.publish(String(i)));
      if (i % 10 === 9) server.drop(i % 20 === 9 ? undefined : [1012, 4008, 1001][i % 3]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(sent);
    await soon(() => expect(seqs).toEqual(upTo(250)));
    server.token('r', 'end');
    await soon(() => expect(texts.get('r')).toBe(`${whole}end`));
    const stored = server.log.map(({ data }) => data['text']).filter((text) => text !== undefined);
    expect(stored).toEqual(Array.from({ length: 50 }, (_, i) => String(i * 4)));
    expect(statuses).toContain('retrying');
  });

  it('notices a link that is open and dead', async () => {
    const { server, seqs, statuses } = await begin({ transport: 'socket' });
    await soon(() => expect(statuses).toContain('live'));
    server.mute = true;
    await soon(() => expect(statuses.at(-1)).toBe('retrying'));
    server.mute = false;
    server.drop();
    server.add();
    await soon(() => expect(seqs).toEqual([1]));
  });

  it('stays on a link that is only quiet', async () => {
    const { server, statuses } = await begin({ transport: 'socket' }, (s) => (s.pingEveryMs = 40));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(statuses).toEqual(['connecting', 'live']);
    expect(server.opens).toBe(1);
    expect(server.seen.filter((t) => t === 'ping').length).toBeGreaterThan(5);
  });

  it('starts anew where the log no longer reaches back, or has become another one', async () => {
    const { server, seqs, resets } = await begin({ transport: 'socket' }, (s) => {
      s.floor = 3;
      for (let i = 0; i < 5; i += 1) s.add();
    });
    await soon(() => expect(resets).toEqual([5]));
    server.add();
    await soon(() => expect(seqs).toEqual([6]));
    server.epoch = 2;
    server.drop();
    await soon(() => expect(resets).toEqual([5, 6]));
  });

  it('stops when it is not let in, and tells those who wait', async () => {
    const { server, statuses, handle } = await begin({ token: () => 'bad' });
    await expect(handle.publish('hello')).rejects.toMatchObject({ code: 'sign-in-required' });
    expect(statuses).toEqual(['connecting', 'denied']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.opens).toBe(1);
  });

  it('refuses one room and goes on with the others', async () => {
    const { server, live, seqs } = await begin();
    const other = join(live, 0, '0192f3a4-0000-7000-8000-00000000dead');
    await soon(() => expect(other.statuses.at(-1)).toBe('denied'));
    server.add();
    await soon(() => expect(seqs).toEqual([1]));
  });

  it('gives an event again that the reader failed on, and none after it before', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { server, seqs, fail, statuses } = await begin({ transport: 'socket' });
    await soon(() => expect(statuses).toContain('live'));
    fail.at = 2;
    for (let i = 0; i < 5; i += 1) server.add();
    await soon(() => expect(seqs).toEqual(upTo(5)));
    expect(reported).toHaveBeenCalledTimes(1);
    reported.mockRestore();
  });

  it('takes no frame of an earlier subscription for one of the next', async () => {
    const { server, live, handle, statuses } = await begin({ transport: 'socket' });
    await soon(() => expect(statuses).toContain('live'));
    for (let i = 0; i < 50; i += 1) server.add();
    handle.close();
    const again = join(live);
    await soon(() => expect(again.seqs).toEqual(upTo(50)));
  });
});

describe('publishing', () => {
  it('stores a message once whose ack was lost, and keeps the order of those behind it', async () => {
    const { server, handle } = await begin({ transport: 'socket' }, (s) => {
      s.loseAcks = 2;
      s.refuse = 2;
    });
    const all = await Promise.all(['a', 'b', 'c'].map((text) => handle.publish(text)));
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(server.log.map(({ data }) => data['text'])).toEqual(['a', 'b', 'c']);
  });

  it('rejects what the server refuses, and goes on', async () => {
    const { handle } = await begin({ transport: 'socket' });
    const refused = expect(handle.publish('')).rejects.toMatchObject({ code: 'invalid-body' });
    await expect(handle.publish('b')).resolves.toMatchObject({ seq: 1 });
    await refused;
    await expect(handle.publish('x'.repeat(32_001))).rejects.toMatchObject({ code: 'too-large' });
    await expect(handle.publish('\u0001'.repeat(32_000))).resolves.toMatchObject({ seq: 2 });
  });
});

describe('without a socket', () => {
  it('falls back to SSE after two failed opens and returns when the machine wakes', async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    vi.stubGlobal('document', page);
    for (const name of ['addEventListener', 'removeEventListener']) vi.stubGlobal(name, () => {});
    closers.push(() => void vi.unstubAllGlobals());
    const { server, seqs, statuses, texts, handle } = await begin({}, (s) => (s.sockets = false));
    await soon(() => expect(statuses).toContain('live'));
    expect(server.opens).toBeGreaterThanOrEqual(2);
    server.token('r', 'one ');
    server.token('r', 'two ', { lose: true });
    server.token('r', 'three');
    await soon(() => expect(texts.get('r')).toBe('one two three'));
    server.add();
    expect(await handle.publish('over http')).toMatchObject({ seq: 2 });
    await soon(() => expect(seqs).toEqual([1, 2]));

    server.sockets = true;
    page.dispatchEvent(new Event('visibilitychange'));
    await soon(() => expect(server.subs.size).toBe(1));
    await soon(() => expect(server.streams.size).toBe(0));
    server.add();
    server.token('r', ' four');
    await soon(() => expect(seqs).toEqual([1, 2, 3]));
    await soon(() => expect(texts.get('r')).toBe('one two three four'));
    expect(statuses.slice(statuses.indexOf('live'))).toEqual(['live']);
  });

  it('goes on where a server that was away for a while is back', async () => {
    const { server, seqs, handle } = await begin();
    await handle.publish('before');
    const port = Number(new URL(server.url).port);
    await server.close();
    const during = handle.publish('during');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const next = new FakeServer();
    next.log.push(...server.log);
    await next.listen(port);
    expect((await during).seq).toBe(2);
    await soon(() => expect(seqs).toEqual([1, 2]));
  });

  it('comes back from streams that are cut, and stops where it is denied', async () => {
    const { server, seqs, statuses } = await begin({ transport: 'sse' }, (s) => (s.sse = 'cuts'));
    server.add();
    await soon(() => expect(seqs).toEqual([1]));
    server.add();
    await soon(() => expect(seqs).toEqual([1, 2]));
    server.sse = 'denied';
    await soon(() => expect(statuses.at(-1)).toBe('denied'));
  });

  it('polls where a stream gives no byte for 20 s', { timeout: 40_000 }, async () => {
    const { server, seqs } = await begin({}, (s) => {
      s.sockets = false;
      s.sse = 'silent';
    });
    server.add();
    await soon(() => expect(seqs).toEqual([1]), 30_000);
    expect(server.seen.filter((t) => t === 'sse')).toHaveLength(1);
    server.add();
    await soon(() => expect(seqs).toEqual([1, 2]));
  });
});
