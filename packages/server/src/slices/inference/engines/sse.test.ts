import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSseParser, fastContent, parseData } from './sse.ts';

/** The payloads of a stream, cut where the numbers say. */
function read(bytes: Buffer, cuts: number[]): string[] {
  const payloads: string[] = [];
  const parser = createSseParser((data) => payloads.push(data));
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const place of [...places, bytes.length]) {
    parser.push(bytes.subarray(from, place));
    from = place;
  }
  parser.end();
  return payloads;
}

const text = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '\n', '\t', 'ü', '🙂', '{', '}', ':', '\u2028', '\u0001') });
const cuts = fc.array(fc.nat(), { maxLength: 40 });
const ending = fc.constantFrom('\n', '\r\n');

describe('the parser of server-sent events', () => {
  test('gives the same payloads however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), cuts, ending, (texts, places, eol) => {
        const payloads = texts.map((content) => JSON.stringify({ content }));
        const stream = payloads.map((data) => `: comment${eol}event: x${eol}data: ${data}${eol}${eol}`).join('');
        expect(read(Buffer.from(stream), places)).toEqual(payloads);
      }),
    );
  });

  test('joins several lines of data, and keeps a last event without its blank line', () => {
    expect(read(Buffer.from('data: a\ndata:b\nid: 1\n\n\n\ndata: c'), [])).toEqual(['a\nb', 'c']);
    expect(read(Buffer.from('data: a\r\n\r\ndata: b\r'), [8])).toEqual(['a', 'b']);
  });

  test('reads an event of a megabyte that comes in small pieces in time that grows with its length', () => {
    const data = 'x'.repeat(1_000_000);
    const bytes = Buffer.from(`data: ${data}\n\n`);
    const began = performance.now();
    expect(read(bytes, Array.from({ length: 10_000 }, (_, i) => i * 100))).toEqual([data]);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test('an event without an end is refused before it fills the memory', () => {
    const parser = createSseParser(() => {});
    const megabyte = Buffer.alloc(1_000_000, 'x');
    const flood = () => Array.from({ length: 10 }).forEach(() => parser.push(megabyte));
    expect(flood).toThrow(expect.objectContaining({ fault: 'malformed' }));
  });

  test.each(['null', '5', '"text"', '{"a":', ''])('%j is no payload', (data) => {
    expect(() => parseData(data)).toThrow(expect.objectContaining({ fault: 'malformed' }));
  });
});

interface Chunk {
  choices?: { delta?: { content?: unknown }; finish_reason?: unknown }[];
}

/** As Python's json.dumps writes it. */
const spaced = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`).join(', ')}}`;
};

const usage = fc.constantFrom(null, { prompt_tokens: 1, completion_tokens: 2 });
const delta = fc.oneof(
  text.map((content) => ({ content })),
  text.map((content) => ({ role: 'assistant', content })),
  text.map((content) => ({ content, reasoning: null })),
  text.map((reasoning_content) => ({ reasoning_content })),
  fc.constant({ content: null }),
  fc.constant({}),
);
const choice = fc.record({ delta, index: fc.constant(0), finish_reason: fc.constantFrom(null, 'stop', 'error') });
const chunk = fc.record(
  {
    id: text,
    choices: fc.array(choice, { maxLength: 2 }),
    usage,
    error: fc.constant({ code: 500 }),
    delta: text.map((content) => ({ content })),
  },
  { requiredKeys: ['choices'] },
);

describe('the fast path', () => {
  test('never differs from the parsed JSON, whatever a chunk holds', () => {
    fc.assert(
      fc.property(chunk, fc.constantFrom(JSON.stringify, spaced), (value, write) => {
        const fast = fastContent(write(value));
        if (fast === null) return;
        const parsed = JSON.parse(JSON.stringify(value)) as Chunk & { usage?: unknown; error?: unknown };
        expect(fast).toBe(parsed.choices?.[0]?.delta?.content);
        expect(parsed).toMatchObject({ choices: [{ finish_reason: null }] });
        expect([parsed.usage ?? null, parsed.error ?? null]).toEqual([null, null]);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['OpenAI', '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hé 🙂"},"logprobs":null,"finish_reason":null}],"usage":null}'],
    ['llama.cpp', '{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Hé 🙂"}}],"created":1,"id":"c","model":"m"}'],
    ['OpenRouter', '{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hé 🙂"},"finish_reason":null,"native_finish_reason":null}]}'],
    ['json.dumps', '{"id": "c", "choices": [{"index": 0, "delta": {"content": "Hé 🙂"}, "finish_reason": null}]}'],
  ])('takes the chunk of %s', (_, data) => {
    expect(fastContent(data)).toBe('Hé 🙂');
  });

  test.each([
    ['nothing', '{"choices":[{"delta":{"content":""},"finish_reason":null}]}'],
    ['an escape', '{"choices":[{"delta":{"content":"a\\n"},"finish_reason":null}]}'],
    ['an end', '{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}'],
    ['a broken chunk', '{"choices":[{"delta":{"content":"a"},"finish_reason":null'],
    ['a text that is not closed', '{"choices":[{"delta":{"content":"a'],
  ])('leaves %s to JSON.parse', (_, data) => {
    expect(fastContent(data)).toBeNull();
  });
});
