import { createBackoff } from './backoff.ts';
import { isTransient } from './http.ts';
import { LiveError, type OutboxItem, type OutboxStorage, type Published } from './types.ts';

/** A message that the server keeps failing on must not hold back those after it for ever. */
const refusalsBorne = 8;

interface Waiter {
  resolve(published: Published): void;
  reject(error: LiveError): void;
}

export interface OutboxParts {
  storage: OutboxStorage | undefined;
  random: () => number;
  /** Rejects with LiveError; `offline` when it is not known whether the message arrived. */
  send(item: OutboxItem): Promise<Published>;
  onRejected: ((item: OutboxItem, error: LiveError) => void) | undefined;
}

export type Outbox = ReturnType<typeof createOutbox>;

/**
 * Messages until they are acknowledged. One of a room is under way at a time: so they are stored in the order they were
 * written, also when one of them has to be sent again.
 */
export function createOutbox({ storage, random, send, onRejected }: OutboxParts) {
  let items: OutboxItem[] = [];
  let loaded = storage === undefined;
  let closed = false;
  let saving = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const backoff = createBackoff(random);
  const waiters = new Map<string, Waiter>();
  const underWay = new Set<string>();
  const refusals = new Map<string, number>();

  const save = () => {
    const copy = [...items];
    saving = saving.then(() => storage?.save(copy)).catch(() => {});
  };

  const settle = (item: OutboxItem, result: Published | LiveError) => {
    items = items.filter(({ mid }) => mid !== item.mid);
    refusals.delete(item.mid);
    save();
    const waiter = waiters.get(item.mid);
    waiters.delete(item.mid);
    if (!(result instanceof LiveError)) waiter?.resolve(result);
    else if (waiter) waiter.reject(result);
    else onRejected?.(item, result);
  };

  const deliver = async (item: OutboxItem) => {
    try {
      const published = await send(item);
      backoff.reset();
      if (!closed) settle(item, published);
    } catch (error) {
      const cause = error instanceof LiveError ? error : new LiveError('offline', String(error));
      if (closed) return;
      const refused = (refusals.get(item.mid) ?? 0) + (cause.code === 'offline' ? 0 : 1);
      refusals.set(item.mid, refused);
      if (!isTransient(cause) || refused >= refusalsBorne) settle(item, cause);
      else {
        clearTimeout(timer);
        timer = setTimeout(flush, backoff.next());
        return;
      }
    } finally {
      underWay.delete(item.room);
    }
    flush();
  };

  const flush = () => {
    clearTimeout(timer);
    if (!loaded || closed) return;
    for (const item of items) {
      if (underWay.has(item.room)) continue;
      underWay.add(item.room);
      void deliver(item);
    }
  };

  const ready = storage?.load().then(
    (stored) => void (items = [...stored, ...items]),
    () => {},
  );
  void ready?.then(() => {
    loaded = true;
    flush();
  });

  return {
    /** Sends what waits, now: a transport has become available. */
    flush,
    /** Unacknowledged messages of a room, oldest first. */
    pending: (room: string): readonly OutboxItem[] => items.filter((item) => item.room === room),
    add(item: OutboxItem): Promise<Published> {
      if (closed) return Promise.reject(new LiveError('closed', 'The live connection is closed.'));
      return new Promise((resolve, reject) => {
        waiters.set(item.mid, { resolve, reject });
        items.push(item);
        save();
        flush();
      });
    },
    /** Rejects what waits with `closed`; a lasting storage keeps it for the next visit. */
    close() {
      closed = true;
      clearTimeout(timer);
      for (const { reject } of waiters.values()) reject(new LiveError('closed', 'The live connection is closed.'));
      waiters.clear();
    },
  };
}
