import type { Memory, MemoryChannel } from '@rapport/protocol/memory';
import { carriedFrom } from '../knowledge/question.ts';
import { languageOf, terms } from '../knowledge/terms.ts';
import { meaningFloor, standingOut, type Meant } from './meaning.ts';
import { relevance, type Item } from './relevance.ts';

/** A memory that a reply is given. */
export interface Recalled {
  id: string;
  /** One line of the prompt. */
  line: string;
  score: number;
  /** By what of it. */
  by: MemoryChannel;
}

/** Characters per token, on the safe side. */
const charactersPerToken = 3.2;
/** Of the words of the shorter of the two, memory and turn, so many must stand in the other. */
const floor = 0.2;
/** What a step of salience adds, and what age takes away at most. */
const salienceShare = 0.1;
const recencyShare = 0.2;
const halfLifeDays = 90;
const most = 20;

const dayOf = (at: string): string =>
  new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

const sources = {
  client: 'said by the client',
  inferred: 'noted from what was said',
  staff: 'written by the team',
} as const;

/** One line, whatever the statement holds: no line of its own can stand beside it. */
const lineOf = ({ statement, origin, createdAt }: Memory): string =>
  `${dayOf(createdAt)}, ${sources[origin]}: ${JSON.stringify(statement.replace(/\s+/g, ' '))}`;

/** Memories in the order in which their evidence was said, so that neighbours stand beside each other. */
function toItems(memories: Memory[]): Item[] {
  const placed = memories.map((memory) => ({ memory, first: memory.evidence[0] }));
  placed.sort(
    (x, y) =>
      (x.first?.messageId ?? x.memory.id).localeCompare(y.first?.messageId ?? y.memory.id) ||
      (x.first?.start ?? 0) - (y.first?.start ?? 0),
  );
  return placed.map(({ memory, first }) => ({
    id: memory.id,
    text: [memory.origin, dayOf(memory.createdAt), memory.statement, ...memory.tags].join(' '),
    sequence: first?.sessionId ?? null,
    supports: memory.references.flatMap(({ kind, id, relation }) =>
      kind === 'memory' && relation === 'supports' ? [id] : [],
    ),
  }));
}

const distinctTerms = (text: string): Set<string> => new Set(terms(text, languageOf(text, null)));

function hasEnough(memory: Memory, asked: Set<string>): boolean {
  const own = distinctTerms([memory.statement, ...memory.tags].join(' '));
  const common = [...own].filter((term) => asked.has(term)).length;
  return common > 0 && common / Math.min(own.size, asked.size) >= floor;
}

/** From 1 for what is new down to what is left of it for good. */
const recency = (at: string, now: number): number =>
  1 - recencyShare + recencyShare * 2 ** (-Math.max(0, now - Date.parse(at)) / (halfLifeDays * 86_400_000));

const channelOf = (words: boolean, meaning: boolean): MemoryChannel | null => {
  if (words) return meaning ? 'both' : 'words';
  return meaning ? 'meaning' : null;
};

/**
 * What of the memories goes into the prompt of a turn, the best first: by relevance to what was said last, by salience and
 * recency, within so many tokens. Nothing where nothing has enough to do with the turn, by its words or by its meaning.
 */
export function chooseMemories(
  memories: Memory[],
  questions: string[],
  { budgetTokens, now, meant }: { budgetTokens: number; now: number; meant?: Meant | null },
): Recalled[] {
  const question = questions.at(-1) ?? '';
  const carried = carriedFrom(questions.at(-2), question);
  const asked = distinctTerms(`${question} ${carried}`);
  if (asked.size === 0) return [];
  const items = toItems(memories);
  const meaning = meant
    ? standingOut(
        items.map(({ id }) => id),
        meant,
      )
    : new Float64Array(items.length);
  const floorOfMeaning = meaningFloor(meant?.vectors.size ?? 0);
  // What nothing stands out by says nothing, also about the order of what the words find.
  const speaks = meaning.some((value) => value >= floorOfMeaning);
  const scores = relevance(items, question, carried, speaks ? meaning : undefined);
  const places = new Map(items.map(({ id }, at) => [id, at]));
  let left = budgetTokens * charactersPerToken;
  return memories
    .flatMap((memory): Recalled[] => {
      const at = places.get(memory.id) ?? -1;
      const score = scores[at] ?? 0;
      const by = channelOf(hasEnough(memory, asked), (meaning[at] ?? 0) >= floorOfMeaning);
      if (by === null || score <= 0) return [];
      const weight = (1 + salienceShare * (memory.salience - 3)) * recency(memory.createdAt, now);
      return [{ id: memory.id, line: lineOf(memory), score: score * weight, by }];
    })
    .sort((x, y) => y.score - x.score)
    .slice(0, most)
    .filter(({ line }) => {
      if (line.length > left) return false;
      left -= line.length;
      return true;
    });
}
