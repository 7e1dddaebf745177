import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { RoomReader } from './types.ts';

const ends = new Set(['reply.completed', 'reply.stopped', 'reply.interrupted', 'reply.failed']);
const endedKept = 256;

export type Cursor = ReturnType<typeof createCursor>;

/**
 * What has been given to a reader of one room. Frames may come twice, late and from several transports; the reader gets
 * each event once and in order, and the text of each reply without gap or overlap. Nothing counts as given before the
 * callback has returned.
 */
export function createCursor(after: number, to: Pick<RoomReader, 'onEvent' | 'onDelta' | 'onReset' | 'onReplyReset'>) {
  let seq = after;
  let epoch: number | undefined;
  const texts = new Map<string, string>();
  const ended = new Set<string>();

  const end = (replyId: string) => {
    texts.delete(replyId);
    ended.add(replyId);
    for (const oldest of ended) if (ended.size > endedKept) ended.delete(oldest);
  };

  const replyReset = (replyId: string) => {
    if (!texts.has(replyId)) return;
    to.onReplyReset(replyId);
    texts.delete(replyId);
  };

  return {
    seq: () => seq,
    epoch: () => epoch,

    event(event: RoomEvent) {
      if (event.seq <= seq) return;
      to.onEvent(event);
      seq = event.seq;
      const { replyId } = event.data;
      if (typeof replyId !== 'string') return;
      if (ends.has(event.type)) end(replyId);
      else if (event.type === 'reply.started') ended.delete(replyId);
    },

    /** False: text before this delta is missing, and the snapshot that comes with a new subscription is needed. */
    delta({ replyId, offset, text }: TextDelta): boolean {
      if (ended.has(replyId)) return true;
      let known = texts.get(replyId) ?? '';
      // A reply-reset may have been missed while away: then the text at the same place is another one.
      if (!text.startsWith(known.slice(offset, offset + text.length))) {
        replyReset(replyId);
        known = '';
      }
      if (offset > known.length) return false;
      const fresh = text.slice(known.length - offset);
      if (fresh) {
        to.onDelta({ replyId, offset: known.length, text: fresh });
        texts.set(replyId, known + fresh);
      }
      return true;
    },

    replyReset,

    synced(at: number, atEpoch = epoch) {
      seq = Math.max(seq, at);
      epoch = atEpoch;
    },

    reset(at: number, atEpoch = epoch) {
      to.onReset({ seq: at });
      texts.clear();
      ended.clear();
      seq = at;
      epoch = atEpoch;
    },
  };
}
