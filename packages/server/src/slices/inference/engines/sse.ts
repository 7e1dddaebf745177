import { StringDecoder } from 'node:string_decoder';
import { EngineError } from './engine.ts';

/** Far above any event of a provider, far below what would hurt. In characters. */
const maxEvent = 4_000_000;

export interface SseParser {
  /** Throws EngineError `malformed` for an event without an end, and whatever `onData` throws. */
  push(chunk: Buffer | string): void;
  /** The stream has ended. A last event without its blank line is given too: some providers leave it out. */
  end(): void;
}

/**
 * Cuts a byte stream into the `data:` payloads of server-sent events. Chunks may be cut anywhere, within a character or
 * within a line ending. Lines end in LF or CRLF; no provider uses the lone CR of the standard.
 */
export function createSseParser(onData: (data: string) => void): SseParser {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let data: string | null = null;

  const line = (text: string) => {
    if (text === '') {
      const whole = data;
      data = null;
      if (whole !== null) onData(whole);
    } else if (text.startsWith('data:')) {
      const value = text.slice(text.charCodeAt(5) === 32 ? 6 : 5);
      data = data === null ? value : `${data}\n${value}`;
    }
  };

  const feed = (text: string) => {
    let at = text.indexOf('\n');
    if (at === -1) {
      // Kept as a rope: to look into it with every piece would cost its whole length each time.
      rest += text;
    } else {
      const all = rest + text;
      let start = 0;
      for (at += rest.length; at !== -1; at = all.indexOf('\n', start)) {
        line(all.slice(start, at > start && all.charCodeAt(at - 1) === 13 ? at - 1 : at));
        start = at + 1;
      }
      rest = all.slice(start);
    }
    if (rest.length + (data?.length ?? 0) > maxEvent) throw new EngineError('malformed');
  };

  return {
    push: (chunk) => feed(typeof chunk === 'string' ? chunk : decoder.write(chunk)),
    end() {
      const last = rest + decoder.end();
      rest = '';
      line(last.endsWith('\r') ? last.slice(0, -1) : last);
      line('');
    },
  };
}

/** The object in an event's payload. Throws EngineError `malformed`. */
export function parseData<T extends object>(data: string): T {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw new EngineError('malformed', { cause });
  }
  if (typeof value !== 'object' || value === null) throw new EngineError('malformed');
  return value as T;
}
