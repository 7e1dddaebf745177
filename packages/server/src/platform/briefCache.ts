import type { Clock } from './clock.ts';

/**
 * Answers kept for less than a second, asked for once however many wait. What is not found is not kept. The age counts
 * from the start of the question, so no answer is ever older than `ttlMs`.
 */
export function createBriefCache<T>(clock: Clock, options: { ttlMs: number; max: number }) {
  const entries = new Map<string, { askedAt: number; answer: Promise<T | undefined> }>();

  return {
    get(key: string, ask: () => Promise<T | undefined>): Promise<T | undefined> {
      const now = clock.now();
      const known = entries.get(key);
      if (known && now - known.askedAt < options.ttlMs) return known.answer;
      const entry = { askedAt: now, answer: ask() };
      const drop = () => {
        if (entries.get(key) === entry) entries.delete(key);
      };
      entry.answer.then((found) => found === undefined && drop(), drop);
      // Deleting first moves it to the end: the first entry is always the one asked longest ago.
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size > options.max) entries.delete(entries.keys().next().value ?? '');
      return entry.answer;
    },
    clear(): void {
      entries.clear();
    },
  };
}
