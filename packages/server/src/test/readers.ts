import { WebSocket } from 'ws';
import type { RoomEvent } from '@rapport/protocol/events';
import type { TestApp, TestSession } from './app.ts';

/** What a reader of any transport has seen: durable events in order of arrival, and the text of each reply by its deltas. */
export interface Seen {
  events: RoomEvent[];
  texts: Map<string, string>;
  /** Lists of the team that have changed. */
  news: string[];
  /** Deltas that did not go on where the text ended. */
  gaps: number;
  /** The server has ended the connection, or denied the room. */
  ended: boolean;
  until(done: (seen: Seen) => boolean, ms?: number): Promise<void>;
  close(): void;
}

interface Collector extends Seen {
  event(event: RoomEvent): void;
  delta(delta: { replyId: string; offset: number; text: string }): void;
  end(): void;
  poke(): void;
}

function collector(close: () => void): Collector {
  const waiters = new Set<() => void>();
  const poke = () => waiters.forEach((w) => w());
  const seen: Collector = {
    events: [],
    texts: new Map(),
    news: [],
    gaps: 0,
    ended: false,
    close,
    poke,
    end() {
      seen.ended = true;
      poke();
    },
    event(event) {
      seen.events.push(event);
      poke();
    },
    delta({ replyId, offset, text }) {
      const before = offset === 0 ? '' : (seen.texts.get(replyId) ?? '');
      if (offset !== before.length) seen.gaps += 1;
      seen.texts.set(replyId, before.slice(0, offset) + text);
      poke();
    },
    until: (done, ms = 10_000) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!done(seen)) return;
          clearTimeout(timer);
          waiters.delete(check);
          resolve();
        };
        const timer = setTimeout(() => {
          waiters.delete(check);
          reject(new Error(`not seen in ${ms} ms; events: ${seen.events.map((e) => e.type).join(', ')}`));
        }, ms);
        waiters.add(check);
        check();
      }),
  };
  return seen;
}

/** As the owner, as the session's client, or with these headers. */
type As = 'client' | 'staff' | Record<string, string>;

const headersOf = (as: As, session: TestSession): Record<string, string> =>
  typeof as === 'object' ? as : as === 'client' ? session.client : {};

export interface SeenBySocket extends Seen {
  /** Codes of what was refused. */
  nacks: string[];
  send(frame: object): void;
}

export async function readBySocket(app: TestApp, session: TestSession, as: As, after = 0): Promise<SeenBySocket> {
  const { authorization, ...headers } = headersOf(as, session);
  const socket = new WebSocket(`ws://127.0.0.1:${app.port}/api/v1/live`, { headers });
  const nacks: string[] = [];
  const seen = collector(() => socket.close());
  const token = authorization?.slice('Bearer '.length);
  socket.on('close', () => seen.end());
  socket.on('open', () => socket.send(JSON.stringify({ t: 'hello', ...(token ? { token } : {}) })));
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString());
      if (frame.t === 'welcome') socket.send(JSON.stringify({ t: 'sub', room: session.roomId, after }));
      else if (frame.t === 'synced') resolve();
      else if (frame.t === 'denied') {
        seen.end();
        reject(new Error(`denied: ${frame.code}`));
      } else if (frame.t === 'nack') {
        nacks.push(frame.code);
        seen.poke();
      } else if (frame.t === 'ev') seen.event(frame);
      else if (frame.t === 'eph' && frame.type === 'text-delta') seen.delta(frame);
      else if (frame.t === 'eph' && frame.type === 'news') {
        seen.news.push(frame.about);
        seen.poke();
      }
    });
  });
  return Object.assign(seen, { nacks, send: (frame: object) => socket.send(JSON.stringify(frame)) });
}

export async function readBySse(app: TestApp, session: TestSession, as: As, after = 0): Promise<Seen> {
  const controller = new AbortController();
  const seen = collector(() => controller.abort());
  const response = await app.fetch(`/api/v1/rooms/${session.roomId}/events?after=${after}`, {
    headers: { accept: 'text/event-stream', ...headersOf(as, session) },
    signal: controller.signal,
  });
  if (response.status !== 200 || !response.body) throw new Error(`SSE answered ${response.status}`);
  void consume(response.body, seen)
    .catch(() => {})
    .finally(seen.end);
  return seen;
}

async function consume(body: ReadableStream<Uint8Array>, seen: Collector) {
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const data = field('data');
      if (!data) continue;
      if (field('id')) seen.event(JSON.parse(data));
      else if (field('event') === 'text-delta') seen.delta(JSON.parse(data));
    }
  }
}

export function readByPoll(app: TestApp, session: TestSession, as: As, after = 0): Seen {
  const controller = new AbortController();
  const seen = collector(() => controller.abort());
  const loop = async () => {
    for (let next = after; !controller.signal.aborted;) {
      const response = await app.fetch(`/api/v1/rooms/${session.roomId}/events?after=${next}&wait=25`, {
        headers: headersOf(as, session),
        signal: controller.signal,
      });
      const page = (await response.json()) as { events: RoomEvent[]; next: number };
      page.events.forEach(seen.event);
      next = page.next;
    }
  };
  void loop().catch(() => {});
  return seen;
}

export const types = (seen: Seen): string[] => seen.events.map((e) => e.type);
