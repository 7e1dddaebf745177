import type { MessageList, Session } from '@rapport/protocol/sessions';
import type { Api } from '@rapport/sdk/api';
import type { Live, RoomHandle } from '@rapport/sdk/live';
import { afterDelta, afterEvent, afterReset, emptyTile, withPast, type Tile } from './wallTile.ts';

/** So many rooms are asked for before the first of them has answered. */
const atOnce = 20;
/** Beyond every log: the server answers with where its end is, and goes on from there. */
const theEnd = Number.MAX_SAFE_INTEGER;
const pastLines = 3;

interface Watched {
  tile: Tile;
  room: RoomHandle | null;
  past: 'none' | 'asked' | 'there';
  tell: (() => void) | null;
}

/**
 * All conversations of the wall over one live connection. Whatever happens in one frame of the screen is told once, and
 * only to tiles that are in sight; the others change without being drawn.
 */
export class WallStore {
  readonly #api: Api;
  readonly #live: Live;
  readonly #watched = new Map<string, Watched>();
  #queue: Session[] = [];
  #asked = 0;
  readonly #changed = new Set<string>();
  #frame = 0;

  constructor(api: Api, live: Live) {
    this.#api = api;
    this.#live = live;
  }

  /** Follows these from now on, and no others. */
  follow(sessions: readonly Session[]) {
    const wanted = new Set(sessions.map((one) => one.id));
    for (const [id, one] of this.#watched) {
      if (wanted.has(id)) continue;
      one.room?.close();
      this.#watched.delete(id);
    }
    this.#queue = this.#queue.filter((one) => wanted.has(one.id));
    for (const session of sessions) {
      if (this.#watched.has(session.id)) continue;
      this.#watched.set(session.id, { tile: emptyTile, room: null, past: 'none', tell: null });
      this.#queue.push(session);
    }
    this.#next();
  }

  tileOf(id: string): Tile {
    return this.#watched.get(id)?.tile ?? emptyTile;
  }

  /** The tile has come into sight. Returns what takes it out again. */
  see(id: string, tell: () => void): () => void {
    const one = this.#watched.get(id);
    if (!one) return () => {};
    one.tell = tell;
    if (one.past === 'none') this.#askPast(id, one);
    return () => {
      if (one.tell === tell) one.tell = null;
    };
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#queue = [];
    this.#watched.clear();
    this.#live.close();
  }

  #askPast(id: string, one: Watched) {
    one.past = 'asked';
    this.#api.get<MessageList>(`/sessions/${id}/messages`, { limit: pastLines }).then(
      ({ items }) => {
        one.past = 'there';
        this.#change(id, (tile) => withPast(tile, items));
      },
      () => (one.past = 'none'),
    );
  }

  #next() {
    while (this.#asked < atOnce) {
      const session = this.#queue.shift();
      const one = session && this.#watched.get(session.id);
      if (!session) return;
      if (one && !one.room) this.#open(session, one);
    }
  }

  #open({ id, roomId }: Session, one: Watched) {
    let waiting = true;
    this.#asked += 1;
    const answered = () => {
      if (!waiting) return;
      waiting = false;
      this.#asked -= 1;
      this.#next();
    };
    one.room = this.#live.room(roomId, {
      after: theEnd,
      onEvent: (event) => this.#change(id, (tile) => afterEvent(tile, event)),
      onDelta: (delta) => this.#change(id, (tile) => afterDelta(tile, delta)),
      onReplyReset: (replyId) => this.#change(id, (tile) => afterReset(tile, replyId)),
      onReset: () => {
        // What was said meanwhile is asked for when somebody looks; an answer that is under way may be older.
        if (one.past === 'none') return;
        one.past = 'none';
        if (one.tell) this.#askPast(id, one);
      },
      onStatus: (status) => {
        if (status !== 'connecting' && status !== 'retrying') answered();
      },
      onSynced: answered,
    });
  }

  #change(id: string, next: (tile: Tile) => Tile) {
    const one = this.#watched.get(id);
    if (!one) return;
    one.tile = next(one.tile);
    if (!one.tell) return;
    this.#changed.add(id);
    this.#frame ||= requestAnimationFrame(() => this.#tell());
  }

  #tell() {
    this.#frame = 0;
    const ids = [...this.#changed];
    this.#changed.clear();
    for (const id of ids) this.#watched.get(id)?.tell?.();
  }
}
