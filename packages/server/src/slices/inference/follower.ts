import type { Database } from '../../platform/db/db.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Hub } from '../../platform/realtime/hub.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import { readTokens, runningIn, type Generation } from './generations.store.ts';
import type { ReplyStream, Streams } from './streams.ts';

const pollMs = 500;

interface Tail {
  generation: Generation;
  stream: ReplyStream;
  reading: boolean;
  again: boolean;
}

const ends = new Set(['reply.completed', 'reply.stopped', 'reply.interrupted', 'reply.failed', 'draft.ready']);

/** Shows replies that another server makes, by reading their token log on each wake-up. */
export function createFollower(parts: { db: Database; hub: Hub; wake: Wake; streams: Streams; log: Logger }) {
  const { db, hub, wake, streams, log } = parts;
  const tails = new Map<string, Tail>();
  let timer: NodeJS.Timeout | undefined;

  const read = async (tail: Tail) => {
    if (tail.reading) {
      tail.again = true;
      return;
    }
    tail.reading = true;
    try {
      do {
        tail.again = false;
        const { orgId, id } = tail.generation;
        const { text, audience } = await readTokens(db.in(orgId), orgId, id, tail.stream.text.length);
        if (audience === 'staff' && tail.stream.audience === 'all') tail.stream.hold();
        if (text !== '' && tails.has(id)) tail.stream.append(text);
      } while (tail.again);
    } catch (error) {
      log.debug({ err: (error as Error).message }, 'following a reply failed; the next wake-up tries again');
    } finally {
      tail.reading = false;
    }
  };

  const drop = (replyId: string) => {
    tails.get(replyId)?.stream.close();
    tails.delete(replyId);
  };

  const follow = async (orgId: string, roomId: string) => {
    // A room whose replies all run here, or that has none, still costs one indexed look-up per reader.
    const found = await runningIn(db.in(orgId), orgId, roomId);
    const fresh = found
      .filter((generation) => !streams.get(generation.id))
      .map((generation) => {
        const stream = streams.open(generation.id, generation.roomId, generation.audience);
        const tail: Tail = { generation, stream, reading: false, again: false };
        tails.set(generation.id, tail);
        return tail;
      });
    await Promise.all(fresh.map(read));
  };

  wake.on((topic) => {
    if (!topic.startsWith('tokens/')) return;
    for (const stream of streams.inRoom(topic.slice(7))) {
      const tail = tails.get(stream.replyId);
      if (tail) void read(tail);
    }
  });

  hub.onEvent((orgId, roomId, event) => {
    if (event.type === 'reply.started') {
      const { replyId } = (JSON.parse(event.body) as { data: { replyId: string } }).data;
      if (!streams.get(replyId)) {
        follow(orgId, roomId).catch((error: Error) => log.debug({ err: error.message }, 'following a reply failed'));
      }
      return;
    }
    if (tails.size > 0 && (event.type === 'message.created' || event.type === 'draft.ready')) {
      // The last tokens are in the event, not in the log: readers of deltas are given them first.
      const { replyId, text } = (JSON.parse(event.body) as { data: { replyId?: string; text: string } }).data;
      const tail = replyId ? tails.get(replyId) : undefined;
      if (tail && text.startsWith(tail.stream.text)) {
        tail.stream.append(text.slice(tail.stream.text.length));
        tail.stream.flush();
      }
    }
    if (ends.has(event.type)) drop((JSON.parse(event.body) as { data: { replyId: string } }).data.replyId);
  });

  return {
    follow,
    start() {
      timer = setInterval(() => {
        for (const tail of tails.values()) {
          if (hub.hasReaders(tail.generation.roomId)) void read(tail);
          else drop(tail.generation.id);
        }
      }, pollMs);
    },
    stop: () => clearInterval(timer),
  };
}
