import type { Audience, TextDelta } from '@rapport/protocol/events';
import type { Hub } from '../../platform/realtime/hub.ts';

/** A running reply as its readers see it: made here, or followed from another server's token log. */
export interface ReplyStream {
  readonly replyId: string;
  readonly roomId: string;
  readonly audience: Audience;
  readonly text: string;
  /** How much of the text went out to readers. */
  readonly sent: number;
  /** What follows is for the team alone. Returns the text that everybody has. */
  hold(): string;
  append(text: string): void;
  /** Sends what waits for the next frame. */
  flush(): void;
  close(): void;
}

export interface Streams {
  open(replyId: string, roomId: string, audience: Audience): ReplyStream;
  /** Everything sent so far of each running reply of the room; the next delta goes on exactly there. */
  snapshot(roomId: string, audience: Audience): TextDelta[];
  get(replyId: string): ReplyStream | undefined;
  inRoom(roomId: string): ReplyStream[];
  stop(): void;
}

/** `frameMs`: how long the tokens of a reply are gathered before they go out as one frame; the first goes at once. */
export function createStreams(hub: Pick<Hub, 'ephemeral'>, frameMs: number): Streams {
  const byId = new Map<string, ReplyStream>();
  const byRoom = new Map<string, Map<string, ReplyStream>>();
  const waiting = new Set<ReplyStream>();
  let timer: NodeJS.Timeout | undefined;

  const tick = () => {
    timer = undefined;
    for (const stream of waiting) stream.flush();
  };

  const open = (replyId: string, roomId: string, first: Audience): ReplyStream => {
    // A rope: V8 joins it once when it is read, so appending a token costs the token.
    let text = '';
    let audience = first;
    const stream = {
      replyId,
      roomId,
      get audience() {
        return audience;
      },
      sent: 0,
      get text() {
        return text;
      },
      hold() {
        audience = 'staff';
        return text.slice(0, stream.sent);
      },
      append(more: string) {
        text += more;
        if (stream.sent === 0 || frameMs === 0) return stream.flush();
        waiting.add(stream);
        timer ??= setTimeout(tick, frameMs);
      },
      flush() {
        waiting.delete(stream);
        if (stream.sent === text.length) return;
        const delta: TextDelta = { replyId, offset: stream.sent, text: text.slice(stream.sent) };
        stream.sent = text.length;
        hub.ephemeral(roomId, { audience, type: 'text-delta', body: JSON.stringify(delta) });
      },
      close() {
        waiting.delete(stream);
        if (byId.get(replyId) === stream) byId.delete(replyId);
        const room = byRoom.get(roomId);
        if (room?.get(replyId) === stream) room.delete(replyId);
        if (room?.size === 0) byRoom.delete(roomId);
      },
    };
    byId.set(replyId, stream);
    const room = byRoom.get(roomId) ?? new Map();
    byRoom.set(roomId, room.set(replyId, stream));
    return stream;
  };

  return {
    open,
    snapshot: (roomId, audience) =>
      [...(byRoom.get(roomId)?.values() ?? [])]
        .filter((s) => s.sent > 0 && (s.audience === 'all' || audience === 'staff'))
        .map((s) => ({ replyId: s.replyId, offset: 0, text: s.text.slice(0, s.sent) })),
    get: (replyId) => byId.get(replyId),
    inRoom: (roomId) => [...(byRoom.get(roomId)?.values() ?? [])],
    stop: () => clearTimeout(timer),
  };
}
