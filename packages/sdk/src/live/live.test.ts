import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { ClientFrame, ServerFrame } from '@rapport/protocol/live';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer, type WebSocket as Peer } from 'ws';
import { createLive, type Live, type LiveOptions, type RoomStatus } from '../live.ts';

const room = '0192f3a4-0000-7000-8000-000000000001';
const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The server's side of the protocol over one log in memory, with faults to order. */
class FakeServer {
  readonly log: RoomEvent[] = [];
  readonly running = new Map<string, string>();
  readonly peers = new Set<Peer>();
  readonly subs = new Map<Peer, number>();
  readonly streams = new Set<ServerResponse>();
  readonly seen: string[] = [];
  readonly mids = new Map<string, number>();
  url = '';
  floor = 0;
  epoch = 1;
  pingEveryMs = 200;
  opens = 0;
  sockets = true;
  mute = false;
  loseAcks = 0;
  refuse = 0;
  twice = false;
  sse: 'works' | 'silent' | 'cuts' | 'denied' = 'works';
  #http = createServer((request, response) => void this.#answer(request, response));
  #wss = new WebSocketServer({ noServer: true });

  async listen(port = 0): Promise<string> {
    this.#http.on('upgrade', (request, socket, head) => {
      this.opens += 1;
      if (!this.sockets) return socket.destroy();
      this.#wss.handleUpgrade(request, socket, head, (peer) => this.#greet(peer));
    });
    await new Promise<void>((resolve) => this.#http.listen(port, '127.0.0.1', resolve));
    closers.push(() => this.close());
    return (this.url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`);
  }

  async close() {
    for (const peer of this.peers) peer.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  add(type = 'message.created', data: Record<string, unknown> = {}): number {
    const seq = (this.log.at(-1)?.seq ?? 0) + 1;
    const actor = { kind: 'system', id: null, name: null } as const;
    const event: RoomEvent = { seq, type, data, audience: 'all', actor, at: new Date().toISOString() };
    this.log.push(event);
    for (const peer of this.subs.keys()) this.send(peer, { t: 'ev', room, ...event });
    for (const stream of this.streams) this.#write(stream, event);
    return seq;
  }

  token(replyId: string, text: string, { lose = false } = {}) {
    const known = this.running.get(replyId) ?? '';
    this.running.set(replyId, known + text);
    const delta: TextDelta = { replyId, offset: known.length, text };
    if (lose) return;
    for (const peer of this.subs.keys()) this.send(peer, { t: 'eph', room, type: 'text-delta', ...delta });
    for (const stream of this.streams) stream.write(`event: text-delta\ndata: ${JSON.stringify(delta)}\n\n`);
  }

  send(peer: Peer, frame: ServerFrame) {
    if (this.mute) return;
    peer.send(JSON.stringify(frame));
    if (this.twice && frame.t === 'ev') peer.send(JSON.stringify(frame));
  }

  drop(code?: number) {
    for (const peer of this.peers) code ? peer.close(code) : peer.terminate();
  }

  #greet(peer: Peer) {
    this.peers.add(peer);
    peer.on('message', (data: Buffer) => this.#handle(peer, JSON.parse(data.toString()) as ClientFrame));
    peer.on('close', () => {
      this.peers.delete(peer);
      this.subs.delete(peer);
    });
  }

  #handle(peer: Peer, frame: ClientFrame) {
    this.seen.push(frame.t);
    if (frame.t === 'ping') this.send(peer, { t: 'pong' });
    else if (frame.t === 'hello') {
      if (frame.token === 'bad') peer.close(4001);
      else this.send(peer, { t: 'welcome', node: 'a', pingEveryMs: this.pingEveryMs });
    } else if (frame.t === 'unsub') this.subs.delete(peer);
    else if (frame.t === 'sub') this.#subscribe(peer, frame.room, frame.after, frame.epoch);
    else if (frame.t === 'pub') {
      if (this.refuse-- > 0)
        return this.send(peer, { t: 'nack', mid: frame.mid, code: 'unavailable', message: 'later' });
      if (frame.text === '')
        return this.send(peer, { t: 'nack', mid: frame.mid, code: 'invalid-body', message: 'empty' });
      const seq = this.#store(frame.mid, frame.text);
      if (this.loseAcks-- > 0) peer.terminate();
      else this.send(peer, { t: 'ack', mid: frame.mid, seq, messageId: frame.mid, replyId: null });
    }
  }

  #subscribe(peer: Peer, id: string, after: number, epoch: number | undefined) {
    if (id !== room) return this.send(peer, { t: 'denied', room: id, code: 'not-found' });
    const head = this.log.at(-1)?.seq ?? 0;
    const lost = after < this.floor || (epoch !== undefined && epoch !== this.epoch);
    if (lost) this.send(peer, { t: 'reset', room, seq: head, epoch: this.epoch });
    else for (const event of this.log) if (event.seq > after) this.send(peer, { t: 'ev', room, ...event });
    for (const [replyId, text] of this.running)
      this.send(peer, { t: 'eph', room, type: 'text-delta', replyId, offset: 0, text });
    this.subs.set(peer, after);
    this.send(peer, { t: 'synced', room, seq: head, epoch: this.epoch });
  }

  #store(mid: string, text: string): number {
    const seq = this.mids.get(mid) ?? this.add('message.created', { text });
    this.mids.set(mid, seq);
    return seq;
  }

  async #answer(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '', 'http://x');
    const after = Number(url.searchParams.get('after'));
    const problem = (status: number, code: string) => response.writeHead(status).end(JSON.stringify({ code }));
    if (request.method === 'POST') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { text } = JSON.parse(Buffer.concat(chunks).toString()) as { text: string };
      if (this.refuse-- > 0) return problem(503, 'unavailable');
      const mid = String(request.headers['idempotency-key']);
      const seq = this.#store(mid, text);
      return response.writeHead(202).end(JSON.stringify({ message: { id: mid }, seq, replyId: null }));
    }
    if (request.headers.accept === 'text/event-stream') {
      this.seen.push('sse');
      if (this.sse === 'denied') return problem(403, 'forbidden');
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      if (this.sse === 'silent') return;
      for (const event of this.log) if (event.seq > after) this.#write(response, event);
      for (const [replyId, text] of this.running) {
        response.write(`event: text-delta\ndata: ${JSON.stringify({ replyId, offset: 0, text })}\n\n`);
      }
      response.write(`event: synced\ndata: {"seq":${this.log.at(-1)?.seq ?? 0},"epoch":1}\n\n`);
      if (this.sse === 'cuts') return response.end();
      this.streams.add(response);
      return response.on('close', () => this.streams.delete(response));
    }
    this.seen.push('poll');
    const until = Date.now() + Number(url.searchParams.get('wait')) * 1000;
    const events = () => this.log.filter((event) => event.seq > after);
    while (events().length === 0 && Date.now() < until && !response.destroyed)
      await new Promise((r) => setTimeout(r, 10));
    const running = [...this.running].map(([replyId, text]) => ({ replyId, offset: 0, text }));
    response.end(JSON.stringify({ events: events(), next: this.log.at(-1)?.seq ?? 0, reset: false, running }));
  }

  #write(stream: ServerResponse, event: RoomEvent) {
    stream.write(`id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
}

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
