import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSseParser, parseData } from './sse.ts';

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

const text = fc.string({
  unit: fc.constantFrom('a', ' ', '"', '\\', '\n', '\t', 'ü', '🙂', '{', '}', ':', '\u2028', '\u0001'),
});
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
    expect(
      read(
        bytes,
        Array.from({ length: 10_000 }, (_, i) => i * 100),
      ),
    ).toEqual([data]);
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
