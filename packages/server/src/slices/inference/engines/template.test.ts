import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onlyText as anthropicText } from './anthropic.ts';
import { onlyText as openAiText } from './openai.ts';
import { createTemplate } from './template.ts';

/** As Python's json.dumps writes it. */
const spaced = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${fields.map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`).join(', ')}}`;
};

const unit = fc.constantFrom('a', 'b', ' ', '"', '\\', '\n', 'ü', '🙂', '{', '}', ':', ',', '\u0001');
// Names of fields and pieces of JSON are what a payload could be mistaken by.
const text = fc.oneof(
  fc.string({ unit, maxLength: 8 }),
  fc.constantFrom(
    'content',
    'delta',
    'text',
    'c',
    'assistant',
    '","x":"',
    '"}},{"',
    'content_block_delta',
    'text_delta',
  ),
);
const delta = fc.oneof(
  { weight: 8, arbitrary: text.map((content) => ({ content })) },
  { weight: 2, arbitrary: text.map((content) => ({ role: 'assistant', content })) },
  fc.tuple(text, text).map(([content, reasoning]) => ({ content, reasoning })),
  text.map((reasoning_content) => ({ reasoning_content })),
  fc.constantFrom({ content: null }, {}),
);
const finish = fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, fc.constantFrom('stop', 'error'));
const choice = fc.record({ index: fc.constant(0), delta, finish_reason: finish });
const chunk = fc.record(
  {
    id: fc.constantFrom('c', 'c', 'c', 'content'),
    choices: fc.oneof({ weight: 8, arbitrary: choice.map((one) => [one]) }, fc.array(choice, { maxLength: 2 })),
    usage: fc.constantFrom(null, null, null, { prompt_tokens: 1 }),
    content: text,
    error: fc.constantFrom(null, null, null, { code: 500 }),
  },
  { requiredKeys: ['id', 'choices'] },
);
const event = fc.record({
  type: fc.constantFrom('content_block_delta', 'content_block_delta', 'content_block_delta', 'ping'),
  index: fc.constant(0),
  delta: fc.oneof(
    text.map((value) => ({ type: 'text_delta', text: value })),
    text.map((thinking) => ({ type: 'thinking_delta', thinking })),
  ),
});

/** Reads payloads as a driver does; what the template finds must be what JSON.parse finds. Returns how often it found any. */
function compare(payloads: string[], textIn: (value: unknown) => string | null): number {
  const template = createTemplate(textIn);
  let found = 0;
  for (const data of payloads) {
    const truth = textIn(JSON.parse(data));
    const known = template.textOf(data);
    if (known !== null) {
      expect(known).toBe(truth);
      found += 1;
    } else if (truth !== null) template.learn(data, truth);
  }
  return found;
}

interface Shape {
  choices?: { delta: { content?: unknown } }[];
  delta?: { text?: unknown };
}

/** The same payload with another text. */
function saying(shape: unknown, said: string): unknown {
  const copy = structuredClone(shape) as Shape;
  const first = copy.choices?.[0]?.delta;
  if (typeof first?.content === 'string') first.content = said;
  if (typeof copy.delta?.text === 'string') copy.delta.text = said;
  return copy;
}

describe('the text of a payload without parsing it', () => {
  const writers = fc.constantFrom(JSON.stringify, spaced);

  test.each([
    ['OpenAI', chunk, openAiText],
    ['Anthropic', event, anthropicText],
  ])('is the one JSON.parse finds, whatever a stream of %s holds', (_, payload: fc.Arbitrary<unknown>, textIn) => {
    let found = 0;
    fc.assert(
      fc.property(
        fc.array(payload, { minLength: 1, maxLength: 2 }),
        fc.array(fc.tuple(fc.nat(1), text), { minLength: 5, maxLength: 40 }),
        writers,
        (shapes, said, write) => {
          const payloads = said.map(([at, words]) => write(saying(shapes[at % shapes.length], words)));
          found += compare(payloads, textIn);
        },
      ),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(500);
  });

  const words = ['Hé 🙂', ' and', ' more', ' "quoted"', ' again', ' and', ' again'];
  const streams: [string, (text: string) => unknown][] = [
    [
      'OpenAI',
      (content) => ({
        id: 'c',
        created: 1,
        model: 'm',
        choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }],
        usage: null,
      }),
    ],
    [
      'llama.cpp',
      (content) => ({ choices: [{ finish_reason: null, index: 0, delta: { content } }], created: 1, id: 'c' }),
    ],
    [
      'OpenRouter',
      (content) => ({
        id: 'c',
        choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null, native_finish_reason: null }],
      }),
    ],
  ];
  test.each(streams)('is found in a stream of %s after the first', (_, write) => {
    expect(
      compare(
        words.map((word) => JSON.stringify(write(word))),
        openAiText,
      ),
    ).toBe(5);
    expect(
      compare(
        words.map((word) => spaced(write(word))),
        openAiText,
      ),
    ).toBe(5);
  });

  test('a stream in which every payload is another is soon given up', () => {
    let parses = 0;
    const counting = createTemplate((value) => {
      parses += 1;
      return openAiText(value);
    });
    for (let i = 0; i < 100; i += 1) {
      const data = JSON.stringify({
        id: i,
        choices: [{ index: 0, delta: { content: 'x' }, finish_reason: null }],
        pad: 'y'.repeat(i),
      });
      expect(counting.textOf(data)).toBeNull();
      counting.learn(data, 'x');
    }
    expect(parses).toBeLessThanOrEqual(16);
  });
});
