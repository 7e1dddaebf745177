import type { Audience } from '@rapport/protocol/events';
import type { Database } from '../db/db.ts';
import { readEvents, readHeads, readRoom, type LogEvent } from '../events/store.ts';
import type { Logger } from '../logger.ts';
import type { Wake } from './wake.ts';

const ringSize = 256;
const pageSize = 500;
const sweepMs = 2000;

/** A message without seq: typing, presence, tokens. May be dropped. */
export interface Ephemeral {
  audience: Audience;
  /** JSON object without `t` and `room`; `type` is among its fields. */
  body: string;
  type: string;
}

/** One connected reader of one room. The callbacks must not throw. */
export interface Reader {
  audience: Audience;
  event(event: LogEvent): void;
  ephemeral(message: Ephemeral): void;
  /** All events up to `seq` have been given; from here on they come live. */
  synced(seq: number, epoch: number): void;
  /** The log does not reach back to the reader's cursor: the reader fetches the state anew and goes on from `seq`. */
  reset(seq: number, epoch: number): void;
  /** The room was removed: nothing follows. */
  gone(): void;
}

export interface Attachment {
  detach(): void;
}

export interface Hub {
  /** Replays from `after` and goes on live, without a gap. Undefined: there is no such room. */
  attach(
    orgId: string,
    roomId: string,
    after: number,
    epoch: number | undefined,
    reader: Reader,
  ): Promise<Attachment | undefined>;
  /** Call after the commit of an append: gives the events to the readers here and wakes the other servers. */
  appended(roomId: string, events: LogEvent[]): void;
  ephemeral(roomId: string, message: Ephemeral): void;
  hasReaders(roomId: string): boolean;
  /** Looks at once, as the sweep does, which rooms moved on or were removed. */
  check(): void;
  /** Called for every event of a room with readers, before they get it. */
  onEvent(listener: (orgId: string, roomId: string, event: LogEvent) => void): void;
  start(): void;
  stop(): void;
}

interface Feed {
  orgId: string;
  roomId: string;
  head: number;
  floor: number;
  epoch: number;
  wanted: number;
  ring: LogEvent[];
  readers: Map<Reader, number>;
  pulling: boolean;
  /** Readers being replayed: they keep the feed alive but are not yet given live events. */
  joining: number;
}

export function createHub(db: Database, wake: Wake, log: Logger): Hub {
  const feeds = new Map<string, Feed>();
  const opening = new Map<string, Promise<Feed | undefined>>();
  /** Wake-ups that arrive while a feed is being opened. */
  const early = new Map<string, number>();
  const listeners: ((orgId: string, roomId: string, event: LogEvent) => void)[] = [];
  let sweep: NodeJS.Timeout | undefined;

  const open = async (orgId: string, roomId: string): Promise<Feed | undefined> => {
    const room = await readRoom(db.in(orgId), orgId, roomId);
    if (!room) return undefined;
    const feed: Feed = {
      orgId,
      roomId,
      head: room.seq,
      floor: room.floor,
      epoch: room.epoch,
      wanted: room.seq,
      ring: [],
      readers: new Map(),
      pulling: false,
      joining: 0,
    };
    feeds.set(roomId, feed);
    woken(roomId, early.get(roomId) ?? 0);
    return feed;
  };

  const feedOf = async (orgId: string, roomId: string): Promise<Feed | undefined> => {
    const feed = feeds.get(roomId);
    if (feed) return feed.orgId === orgId ? feed : undefined;
    const key = `${orgId}/${roomId}`;
    let promise = opening.get(key);
    if (!promise) {
      early.set(roomId, 0);
      promise = open(orgId, roomId).finally(() => {
        opening.delete(key);
        early.delete(roomId);
      });
      opening.set(key, promise);
    }
    return promise;
  };

  const fanOut = (feed: Feed, event: LogEvent) => {
    for (const [reader, cursor] of feed.readers) {
      if (event.seq <= cursor) continue;
      feed.readers.set(reader, event.seq);
      if (event.audience === 'all' || reader.audience === 'staff') reader.event(event);
    }
  };

  const advance = (feed: Feed, events: LogEvent[]) => {
    for (const event of events) {
      feed.head = event.seq;
      feed.ring.push(event);
      for (const listener of listeners) listener(feed.orgId, feed.roomId, event);
      fanOut(feed, event);
    }
    if (feed.ring.length > ringSize) feed.ring.splice(0, feed.ring.length - ringSize);
  };

  const pull = async (feed: Feed) => {
    if (feed.pulling) return;
    feed.pulling = true;
    try {
      while (feed.wanted > feed.head) {
        const events = await readEvents(db.in(feed.orgId), feed.orgId, feed.roomId, feed.head, pageSize, 'staff');
        // A wake-up can only be ahead of us when a transaction was rolled back after it: believe the log.
        if (events.length === 0) feed.wanted = feed.head;
        advance(feed, events);
      }
    } catch (error) {
      log.warn({ err: (error as Error).message, room: feed.roomId }, 'reading the log failed; the sweep tries again');
    } finally {
      feed.pulling = false;
    }
  };

  const woken = (roomId: string, seq: number) => {
    const feed = feeds.get(roomId);
    if (!feed && early.has(roomId)) early.set(roomId, Math.max(seq, early.get(roomId) ?? 0));
    if (!feed || seq <= feed.head) return;
    feed.wanted = Math.max(feed.wanted, seq);
    void pull(feed);
  };

  const close = (feed: Feed) => {
    if (feed.readers.size === 0 && feed.joining === 0) feeds.delete(feed.roomId);
  };

  /** The room is no more, and neither is what stands of it in memory. */
  const remove = (feed: Feed) => {
    if (feeds.get(feed.roomId) === feed) feeds.delete(feed.roomId);
    const readers = [...feed.readers.keys()];
    feed.readers.clear();
    feed.ring = [];
    for (const reader of readers) reader.gone();
  };

  /** Gives everything up to the head. The last part comes from the ring, with no await before going live. */
  const replay = async (feed: Feed, after: number, reader: Reader) => {
    let cursor = after;
    while (cursor < feed.head - feed.ring.length) {
      const events = await readEvents(db.in(feed.orgId), feed.orgId, feed.roomId, cursor, pageSize, reader.audience);
      for (const event of events) reader.event(event);
      const last = events.at(-1);
      cursor =
        events.length < pageSize ? Math.max(last?.seq ?? 0, feed.head - feed.ring.length) : (last as LogEvent).seq;
    }
    for (const event of feed.ring) {
      if (event.seq > cursor && (event.audience === 'all' || reader.audience === 'staff')) reader.event(event);
    }
    // The database may have been ahead of this feed: what was given once is not given again.
    feed.readers.set(reader, Math.max(cursor, feed.head));
    reader.synced(Math.max(cursor, feed.head), feed.epoch);
  };

  const runSweep = async () => {
    if (feeds.size === 0) return;
    const asked = [...feeds.values()];
    const heads = await readHeads(
      db.everywhere,
      asked.map((feed) => feed.roomId),
    );
    const known = new Map(heads.map(({ id, seq }) => [id, seq]));
    for (const feed of asked) {
      const seq = known.get(feed.roomId);
      if (seq === undefined) remove(feed);
      else woken(feed.roomId, seq);
    }
  };
  const sweepQuietly = () => {
    runSweep().catch((error: Error) => log.debug({ err: error.message }, 'sweep failed; the next one follows'));
  };

  wake.on((topic, position) => {
    if (topic.startsWith('room/')) woken(topic.slice(5), position);
  });
  wake.onReconnect(sweepQuietly);

  return {
    async attach(orgId, roomId, after, epoch, reader) {
      const feed = await feedOf(orgId, roomId);
      if (!feed) return undefined;
      feeds.set(roomId, feed);
      feed.joining += 1;
      try {
        if (after > feed.head) await refresh(feed);
        if (after < feed.floor || after > feed.head || (epoch !== undefined && epoch !== feed.epoch)) {
          reader.reset(feed.head, feed.epoch);
          feed.readers.set(reader, feed.head);
          reader.synced(feed.head, feed.epoch);
        } else {
          await replay(feed, after, reader);
        }
      } finally {
        feed.joining -= 1;
      }
      return {
        detach() {
          feed.readers.delete(reader);
          close(feed);
        },
      };
    },
    appended(roomId, events) {
      const feed = feeds.get(roomId);
      const last = events.at(-1)?.seq ?? 0;
      // Two commits may be told of in either order: whoever does not come next is read from the log.
      if (feed && !feed.pulling && events[0]?.seq === feed.head + 1) advance(feed, events);
      else woken(roomId, last);
      wake.send(`room/${roomId}`, last);
    },
    ephemeral(roomId, message) {
      const feed = feeds.get(roomId);
      if (!feed) return;
      for (const reader of feed.readers.keys()) {
        if (message.audience === 'all' || reader.audience === 'staff') reader.ephemeral(message);
      }
    },
    hasReaders: (roomId) => feeds.has(roomId),
    check: sweepQuietly,
    onEvent: (listener) => listeners.push(listener),
    start() {
      sweep = setInterval(sweepQuietly, sweepMs);
    },
    stop() {
      clearInterval(sweep);
      feeds.clear();
    },
  };

  /** A reader that follows another server may be ahead of what this one has seen. */
  async function refresh(feed: Feed) {
    const room = await readRoom(db.in(feed.orgId), feed.orgId, feed.roomId);
    if (room && room.seq > feed.head) {
      feed.wanted = room.seq;
      await pull(feed);
    }
  }
}
