import { StringDecoder } from 'node:string_decoder';

/**
 * Cuts a byte stream into the `data:` payloads of server-sent events. Chunks may be cut anywhere, within a character or
 * within a line ending.
 */
export function createSseParser(onData: (data: string) => void): { push(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let data: string | null = null;

  const line = (text: string) => {
    if (text === '') {
      if (data !== null) onData(data);
      data = null;
    } else if (text.startsWith('data:')) {
      const value = text.charCodeAt(5) === 32 ? text.slice(6) : text.slice(5);
      data = data === null ? value : `${data}\n${value}`;
    }
  };

  const feed = (text: string) => {
    rest = rest === '' ? text : rest + text;
    let start = 0;
    for (let at = rest.indexOf('\n'); at !== -1; at = rest.indexOf('\n', start)) {
      line(rest.charCodeAt(at - 1) === 13 && at > start ? rest.slice(start, at - 1) : rest.slice(start, at));
      start = at + 1;
    }
    rest = rest.slice(start);
  };

  return {
    push: (chunk) => feed(decoder.write(chunk)),
    /** A last event without its blank line is given too: some providers cut there. */
    end() {
      feed(decoder.end());
      line(rest.replace(/\r$/, ''));
      rest = '';
      line('');
    },
  };
}

const contentKey = '"delta":{"content":"';

/**
 * The text of the most common chunk of an OpenAI-compatible stream without parsing its JSON; null when it is any other
 * chunk, or one with an escape in its text.
 */
export function fastContent(data: string): string | null {
  const at = data.indexOf(contentKey);
  if (at === -1) return null;
  const start = at + contentKey.length;
  const end = data.indexOf('"', start);
  if (end === -1) return null;
  const text = data.slice(start, end);
  if (text.includes('\\') || !data.startsWith('}', end + 1) || !/"finish_reason":\s?null/.test(data) ) return null;
  return text;
}
