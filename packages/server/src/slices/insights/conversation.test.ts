import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sentences } from '../knowledge/sentences.ts';
import { languageOf, termOf, words } from '../knowledge/terms.ts';
import { conversationInsight, type ToldEvent } from './conversation.ts';

const rulesFor = (text: string) => {
  const language = languageOf(text, null);
  return { words, sentences, termOf: (word: string) => termOf(word, language) };
};
const insight = (events: ToldEvent[]) => conversationInsight(events, rulesFor);
const start = Date.parse('2026-03-01T10:00:00Z');
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

type Author = 'client' | 'persona' | 'staff';
const say = (seq: number, seconds: number, author: Author, text: string, replaces?: string): ToldEvent => ({
  seq,
  type: 'message.created',
  at: at(seconds),
  data: { messageId: `m${seq}`, author, text, ...(replaces ? { replaces } : {}) },
});

const anyTalk = fc
  .array(
    fc.record({
      author: fc.constantFrom<Author>('client', 'persona', 'staff'),
      pause: fc.integer({ min: 0, max: 2000 }),
      text: fc
        .array(fc.constantFrom('sleep', 'sleeping', 'work', 'the', 'Why?', 'Mother.', 'again', '睡眠', '42'), {
          minLength: 1,
          maxLength: 12,
        })
        .map((all) => all.join(' ')),
    }),
    { maxLength: 80 },
  )
  .map((all) => {
    let now = 0;
    return all.map(({ author, pause, text }, i) => say(i * 2 + 1, (now += pause), author, text));
  });

describe('what is counted', () => {
  test('adds up, whatever was said', () =>
    fc.assert(
      fc.property(anyTalk, (events) => {
        const { sides, stretches, latency, topics, quotes } = insight(events);
        const all = [sides.client, sides.persona, sides.team];
        expect(all.reduce((sum, { messages }) => sum + messages, 0)).toBe(events.length);
        for (const [side, name] of [
          [sides.client, 'client'],
          [sides.persona, 'persona'],
          [sides.team, 'team'],
        ] as const)
          expect(stretches.reduce((sum, { words: of }) => sum + of[name], 0)).toBe(side.words);
        expect(stretches.length).toBeLessThanOrEqual(24);
        expect(stretches.flatMap(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual(
          stretches.flatMap(({ fromSeq, toSeq }) => [fromSeq, toSeq]).sort((a, b) => a - b),
        );
        for (const { medianMs, p90Ms, slowest, count } of Object.values(latency)) {
          if (count === 0) expect([medianMs, p90Ms, slowest]).toEqual([null, null, null]);
          else
            expect([medianMs, p90Ms, slowest?.ms]).toEqual(
              [medianMs, p90Ms, slowest?.ms].toSorted((a, b) => (a ?? 0) - (b ?? 0)),
            );
        }
        const texts = new Map(events.map((event) => [event.seq, 'text' in event.data ? event.data.text : '']));
        for (const { seqs, messages } of topics) expect(seqs).toHaveLength(messages);
        for (const quote of quotes) expect(texts.get(quote.seq)?.slice(quote.start, quote.end)).toBe(quote.text);
      }),
    ));

  test('turns, questions, who begins, and who keeps whom waiting', () => {
    const { sides, latency } = insight([
      say(1, 0, 'persona', 'Hello.'),
      say(2, 10, 'client', 'Hi.'),
      say(3, 12, 'client', 'May I ask something?'),
      say(5, 15, 'persona', 'Of course.'),
      say(8, 15 + 700, 'client', 'How do I sleep better?'),
      say(9, 15 + 760, 'staff', 'I am here.'),
    ]);
    expect(sides.client).toEqual({ turns: 2, messages: 3, words: 10, questions: 2, openings: 1 });
    expect(sides.persona).toMatchObject({ turns: 2, openings: 1, questions: 0 });
    expect(latency.client).toEqual({ count: 2, medianMs: 10_000, p90Ms: 700_000, slowest: { seq: 8, ms: 700_000 } });
    expect(latency.answers).toEqual({ count: 2, medianMs: 3_000, p90Ms: 60_000, slowest: { seq: 9, ms: 60_000 } });
  });

  test('what was regenerated counts once', () => {
    const { sides } = insight([say(1, 0, 'persona', 'One two.'), say(2, 1, 'persona', 'Three.', 'm1')]);
    expect(sides.persona).toMatchObject({ messages: 1, words: 1 });
  });

  test('what the client comes back to, in their own form and sentences', () => {
    const { topics, quotes } = insight([
      say(1, 0, 'client', 'I sleep badly. Work is fine.'),
      say(2, 1, 'persona', 'Sleep and sleep again.'),
      say(3, 2, 'client', 'My sister says sleeping is a habit. The weather is nice.'),
      say(5, 4, 'client', 'Sleep again, and my sister.'),
    ]);
    expect(topics).toEqual([
      { word: 'sleep', messages: 3, seqs: [1, 3, 5] },
      { word: 'sister', messages: 2, seqs: [3, 5] },
    ]);
    expect(quotes.map(({ seq, text }) => [seq, text])).toEqual([[3, 'My sister says sleeping is a habit.']]);
  });
});
