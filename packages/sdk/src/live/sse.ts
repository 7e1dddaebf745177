import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import { request } from './http.ts';
import type { Room, RoomFrame } from './room.ts';
import { throwOffline, type Env } from './types.ts';

/** The server sends a comment every 15 s: longer silence is a dead link, or a proxy that holds the stream back. */
const silenceMs = 20_000;

/** No stream gets through here: use the long poll. */
export class NoStream extends Error {}

/**
 * Reads one SSE stream of a room until it ends, or until text is missing. Throws NoStream when not one byte came, LiveError otherwise, and what
 * the reader's callbacks throw. `EventSource` is not used: it cannot send a Bearer token.
 */
export async function readSse(env: Env, room: Room, signal: AbortSignal, onLive: () => void): Promise<void> {
  const silence = new AbortController();
  let bytes = 0;
  let watch = setTimeout(() => silence.abort(), silenceMs);
  const both = AbortSignal.any([signal, silence.signal]);
  try {
    const headers = { accept: 'text/event-stream' };
    const response = await request(env, room.id, `events?after=${room.cursor.seq}`, { headers, signal: both });
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) throw new NoStream();
    let gap = false;
    const feed = createSseParser((frame) => {
      if (signal.aborted) return;
      // The stream is opened anew at once: it begins with all the text.
      gap = !room.apply(frame) || gap;
      if (frame.t === 'synced' || frame.t === 'reset') onLive();
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read().catch(throwOffline);
      if (done || signal.aborted) return;
      bytes += value.length;
      clearTimeout(watch);
      watch = setTimeout(() => silence.abort(), silenceMs);
      feed(value);
      if (gap) return;
    }
  } catch (error) {
    if (silence.signal.aborted && bytes === 0) throw new NoStream();
    throw error;
  } finally {
    clearTimeout(watch);
    silence.abort();
  }
}

/** Takes text in any pieces and gives the frames in it. Durable events are those with an id. */
export function createSseParser(give: (frame: RoomFrame) => void): (text: string) => void {
  let rest = '';
  let id = '';
  let type = '';
  let data = '';
  const line = (text: string) => {
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + (text[colon + 1] === ' ' ? 2 : 1));
    if (field === 'id') id = value;
    else if (field === 'event') type = value;
    else if (field === 'data') data += (data && '\n') + value;
    else if (text === '') {
      const frame = data && toFrame(id, type, data);
      id = type = data = '';
      if (frame) give(frame);
    }
  };
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const one of lines) line(one.endsWith('\r') ? one.slice(0, -1) : one);
  };
}

function toFrame(id: string, type: string, data: string): RoomFrame | null {
  const body = JSON.parse(data) as unknown;
  if (id) return { t: 'ev', event: body as RoomEvent };
  if (type === 'text-delta') return { t: type, delta: body as TextDelta };
  // Other names are of a newer server.
  if (!['synced', 'reset', 'reply-reset', 'typing', 'news'].includes(type)) return null;
  return { ...(body as object), t: type } as RoomFrame;
}
