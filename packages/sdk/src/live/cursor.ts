import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { RoomReader } from './types.ts';

const ends = /^reply\.(completed|stopped|interrupted|failed)$/;
const endedKept = 256;

export type CursorReader = Pick<RoomReader, 'onEvent' | 'onDelta' | 'onReset' | 'onReplyReset'>;

/**
 * What has been given to a reader of one room. Frames may come twice, late and from several transports; the reader gets
 * each event once and in order, and the text of each reply without gap or overlap. Nothing counts as given before the
 * callback has returned.
 */
export class Cursor {
  seq: number;
  epoch: number | undefined;
  readonly #to: CursorReader;
  readonly #texts = new Map<string, string>();
  readonly #ended = new Set<string>();

  constructor(after: number, to: CursorReader) {
    this.seq = after;
    this.#to = to;
  }

  event(event: RoomEvent) {
    if (event.seq <= this.seq) return;
    this.#to.onEvent(event);
    this.seq = event.seq;
    const { replyId } = event.data;
    if (typeof replyId !== 'string') return;
    if (ends.test(event.type)) this.#end(replyId);
    else if (event.type === 'reply.started') this.#ended.delete(replyId);
  }

  /** False: text before this delta is missing, and the snapshot that comes with a new subscription is needed. */
  delta({ replyId, offset, text }: TextDelta): boolean {
    if (this.#ended.has(replyId)) return true;
    let known = this.#texts.get(replyId) ?? '';
    // A reply-reset may have been missed while away: then the text at the same place is another one.
    if (!text.startsWith(known.slice(offset, offset + text.length))) {
      this.replyReset(replyId);
      known = '';
    }
    if (offset > known.length) return false;
    const fresh = text.slice(known.length - offset);
    if (fresh) {
      this.#to.onDelta({ replyId, offset: known.length, text: fresh });
      this.#texts.set(replyId, known + fresh);
    }
    return true;
  }

  replyReset(replyId: string) {
    if (!this.#texts.has(replyId)) return;
    this.#to.onReplyReset(replyId);
    this.#texts.delete(replyId);
  }

  synced(seq: number, epoch = this.epoch) {
    this.seq = Math.max(this.seq, seq);
    this.epoch = epoch;
  }

  reset(seq: number, epoch = this.epoch) {
    this.#to.onReset({ seq });
    this.#texts.clear();
    this.#ended.clear();
    this.seq = seq;
    this.epoch = epoch;
  }

  /** Deltas may still be under way when the end of their reply has come by another path. */
  #end(replyId: string) {
    this.#texts.delete(replyId);
    this.#ended.add(replyId);
    for (const oldest of this.#ended) if (this.#ended.size > endedKept) this.#ended.delete(oldest);
  }
}
