import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { ClientFrame, ServerFrame } from '@rapport/protocol/live';
import { WebSocketServer, type WebSocket as Peer } from 'ws';

export const room = '0192f3a4-0000-7000-8000-000000000001';
/** How the rooms of a crowd begin, of which nothing is told. */
export const crowd = '0192f3a4-0000-7000-8000-1';
/** What a test has opened. */
export const closers: (() => void | Promise<void>)[] = [];

/** The server's side of the protocol over one log in memory, with faults to order. */
export class FakeServer {
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
  /** Rooms of a crowd that wait for an answer; null: each is answered at once. */
  waiting: (() => void)[] | null = null;
  mostWaiting = 0;
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
    if (id.startsWith(crowd)) {
      const answer = () => this.send(peer, { t: 'synced', room: id, seq: 0, epoch: 1 });
      if (!this.waiting) return answer();
      this.waiting.push(answer);
      this.mostWaiting = Math.max(this.mostWaiting, this.waiting.length);
      return;
    }
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
