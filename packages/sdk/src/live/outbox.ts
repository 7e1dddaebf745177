import { createBackoff, type Backoff } from './backoff.ts';
import { isTransient } from './http.ts';
import { LiveError, offline, type OutboxItem, type OutboxStorage, type Published } from './types.ts';

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
  /** Messages of an earlier visit were found. */
  onStored(): void;
  onRejected: ((item: OutboxItem, error: LiveError) => void) | undefined;
}

/** Whether a refusal may lie in the message itself, and not in the network or in how much came before it. */
const isOwnFault = (code: string): boolean => code !== 'offline' && code !== 'rate-limited';

const isClosed = () => new LiveError('closed', 'Closed.');

/**
 * Messages until they are acknowledged. One of a room is under way at a time: so they are stored in the order they were
 * written, also when one of them has to be sent again.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #backoff: Backoff;
  readonly #waiters = new Map<string, Waiter>();
  readonly #refusals = new Map<string, number>();
  readonly #underWay = new Set<string>();
  #items: OutboxItem[] = [];
  #loaded = false;
  #closed = false;
  #saving = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#backoff = createBackoff(parts.random);
    void this.#load();
  }

  /** Unacknowledged messages of a room, oldest first. */
  pending(room: string): readonly OutboxItem[] {
    return this.#items.filter((item) => item.room === room);
  }

  add(item: OutboxItem): Promise<Published> {
    if (this.#closed) return Promise.reject(isClosed());
    return new Promise((resolve, reject) => {
      this.#waiters.set(item.mid, { resolve, reject });
      this.#items.push(item);
      this.#save();
      this.flush();
    });
  }

  /** Sends what waits, now: a transport has become available. */
  flush() {
    clearTimeout(this.#timer);
    if (!this.#loaded || this.#closed) return;
    for (const item of this.#items) {
      if (this.#underWay.has(item.room)) continue;
      this.#underWay.add(item.room);
      void this.#deliver(item);
    }
  }

  /** Rejects what waits with `closed`; a lasting storage keeps it for the next visit. */
  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiters.values()) reject(isClosed());
    this.#waiters.clear();
  }

  async #load() {
    const stored = (await this.#parts.storage?.load().catch(() => [])) ?? [];
    this.#items = [...stored, ...this.#items];
    this.#loaded = true;
    this.#save();
    if (stored.length > 0) this.#parts.onStored();
    this.flush();
  }

  #save() {
    // What an earlier visit left is still to be read.
    if (!this.#loaded) return;
    const copy = [...this.#items];
    this.#saving = this.#saving.then(() => this.#parts.storage?.save(copy)).catch(() => {});
  }

  async #deliver(item: OutboxItem) {
    const result = await this.#parts
      .send(item)
      .catch((error: unknown) => (error instanceof LiveError ? error : offline()));
    this.#underWay.delete(item.room);
    if (this.#closed) return;
    if (result instanceof LiveError && isTransient(result)) {
      const refused = (this.#refusals.get(item.mid) ?? 0) + (isOwnFault(result.code) ? 1 : 0);
      this.#refusals.set(item.mid, refused);
      if (refused < refusalsBorne) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.flush(), this.#backoff.next());
        return;
      }
    }
    this.#backoff.reset();
    this.#settle(item, result);
    this.flush();
  }

  #settle(item: OutboxItem, result: Published | LiveError) {
    this.#items = this.#items.filter(({ mid }) => mid !== item.mid);
    this.#refusals.delete(item.mid);
    this.#save();
    const waiter = this.#waiters.get(item.mid);
    this.#waiters.delete(item.mid);
    if (!(result instanceof LiveError)) waiter?.resolve(result);
    else if (waiter) waiter.reject(result);
    else this.#parts.onRejected?.(item, result);
  }
}
