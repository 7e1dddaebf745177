import { riskLevels, reaches, type RiskFinding, type RiskLevel } from '@rapport/protocol/safety';
import type { Pattern, Word } from './pattern.ts';
import { numberStart, type CompiledRule, type Language, type Modifying, type PatternIndex } from './rules.ts';
import { tokenise } from './tokens.ts';

export interface Assessment {
  level: RiskLevel;
  /** Worst first; at most one of each rule at a place. */
  findings: RiskFinding[];
}

interface Span<T> {
  from: number;
  to: number;
  of: T;
}

const mostFindings = 32;
const digits = /^\d/;
const none: readonly never[] = [];

const mayMatch = (pattern: Pattern, present: ReadonlySet<string>): boolean =>
  pattern.needs.every((need) => {
    const [few, many] = need.size < present.size ? [need, present] : [present, need];
    for (const word of few) if (many.has(word)) return true;
    return false;
  });

/** Every match of every pattern, the first way each can end; `present` are the words of the text. */
function spansOf<T>(index: PatternIndex<T>, words: readonly Word[], present: ReadonlySet<string>): Span<T>[] {
  const spans: Span<T>[] = [];
  const judged = new Map<Pattern, boolean>();
  const possible = ({ pattern }: { pattern: Pattern }): boolean => {
    let answer = judged.get(pattern);
    if (answer === undefined) judged.set(pattern, (answer = mayMatch(pattern, present)));
    return answer;
  };
  const candidates = new Map<string, readonly { pattern: Pattern; of: T }[]>();
  for (const text of present) {
    const beginning = index.byFirst.get(text) ?? (digits.test(text) ? index.byFirst.get(numberStart) : undefined);
    const left = beginning?.filter(possible) ?? [];
    if (left.length > 0) candidates.set(text, left);
  }
  if (candidates.size === 0) return spans;
  for (let from = 0; from < words.length; from += 1) {
    for (const { pattern, of } of candidates.get((words[from] as Word).text) ?? none) {
      const to = pattern.endOf(words, from);
      if (to >= 0) spans.push({ from, to, of });
    }
  }
  return spans;
}

/** Where things stand, looked up by place: a text full of cues must not take longer than another. */
interface Places {
  byFirst: ReadonlyMap<number, readonly Span<null>[]>;
  byLast: ReadonlyMap<number, readonly Span<null>[]>;
  bySentence: ReadonlyMap<number, readonly Span<null>[]>;
}

const sentenceOf = (words: readonly Word[], at: number): number => (words[at] as Word).sentence;

function group(spans: readonly Span<null>[], keyOf: (span: Span<null>) => number): Map<number, Span<null>[]> {
  const groups = new Map<number, Span<null>[]>();
  for (const span of spans) {
    const key = keyOf(span);
    const known = groups.get(key);
    if (known) known.push(span);
    else groups.set(key, [span]);
  }
  return groups;
}

/** Which words belong to a span of these. */
function coverOf(spans: readonly Span<unknown>[], length: number): Uint8Array {
  const cover = new Uint8Array(length);
  for (const { from, to } of spans) cover.fill(1, from, to);
  return cover;
}

const touches = (cover: Uint8Array, { from, to }: Span<unknown>): boolean => cover.subarray(from, to).includes(1);

type Graded = Span<{ level: RiskLevel; keeps: readonly string[] }>;

/** What tempers matches; looked up when the first match needs it, since most texts have none. */
function createModifiers(language: Language, words: readonly Word[], present: ReadonlySet<string>) {
  const find = (index: PatternIndex<null>) => spansOf(index, words, present);
  const prepare = (modifier: Modifying) => {
    const except = coverOf(find(modifier.except), words.length);
    const cues = find(modifier.cues).filter((cue) => !touches(except, cue));
    const places: Places = {
      byFirst: group(cues, (cue) => cue.from),
      byLast: group(cues, (cue) => cue.to),
      bySentence: group(cues, (cue) => sentenceOf(words, cue.from)),
    };
    const unless = new Set(find(modifier.unless).map((span) => sentenceOf(words, span.from)));
    return { places, unless, stops: coverOf(find(modifier.stoppedBy), words.length) };
  };
  const prepared = new Map<Modifying, ReturnType<typeof prepare>>();

  const before = (modifier: Modifying, { places, stops }: ReturnType<typeof prepare>, match: Graded): boolean => {
    const within = modifier.place === 'clause-before' ? 'clause' : 'sentence';
    for (let at = match.from; at > 0 && match.from - at < modifier.reach; at -= 1) {
      const last = words[at - 1] as Word;
      if (last[within] !== (words[match.from] as Word)[within]) return false;
      if (places.byLast.has(at)) return true;
      if (stops[at - 1] === 1) return false;
    }
    return false;
  };

  const after = (modifier: Modifying, { places }: ReturnType<typeof prepare>, match: Graded): boolean => {
    const sentence = sentenceOf(words, match.from);
    for (let at = match.to; at < words.length && at - match.to < modifier.reach; at += 1) {
      if (sentenceOf(words, at) !== sentence) return false;
      if (places.byFirst.has(at)) return true;
    }
    return false;
  };

  const holds = (modifier: Modifying, match: Graded): boolean => {
    let ready = prepared.get(modifier);
    if (!ready) prepared.set(modifier, (ready = prepare(modifier)));
    const sentence = sentenceOf(words, match.from);
    if (ready.unless.has(sentence)) return false;
    switch (modifier.place) {
      case 'quoted':
        return (words[match.from] as Word).quoted;
      case 'sentence':
        return (ready.places.bySentence.get(sentence) ?? []).some((cue) => cue.from < match.from || cue.to > match.to);
      case 'sentence-after':
        return after(modifier, ready, match);
      default:
        return before(modifier, ready, match);
    }
  };

  return (match: Graded): RiskLevel => {
    let level: RiskLevel = match.of.level;
    const applied = new Set(match.of.keeps);
    for (const modifier of language.modifiers) {
      if (applied.has(modifier.id) || !holds(modifier, match)) continue;
      applied.add(modifier.id);
      if (modifier.effect === 'drop') return 'none';
      const lowered = riskLevels[Math.max(1, riskLevels.indexOf(level) - 1)] ?? 'low';
      level = modifier.effect === 'low' ? 'low' : lowered;
    }
    return level;
  };
}

function assessIn(
  language: Language,
  tokens: ReturnType<typeof tokenise>,
  speaker: CompiledRule['speaker'],
): RiskFinding[] {
  const words = language.spell(tokens);
  const present = new Set(words.map(({ text }) => text));
  const matches = spansOf(language.rules[speaker], words, present);
  if (matches.length === 0) return [];
  const idioms = coverOf(spansOf(language.idioms, words, present), words.length);
  const levelOf = createModifiers(language, words, present);
  const findings: RiskFinding[] = [];
  for (const match of matches) {
    if (touches(idioms, match)) continue;
    const level = levelOf(match);
    if (level === 'none') continue;
    findings.push({
      category: match.of.category,
      level,
      ruleId: `${language.language}/${match.of.id}`,
      start: (words[match.from] as Word).start,
      end: (words[match.to - 1] as Word).end,
    });
  }
  return findings;
}

/**
 * How much a text gives reason to worry, by rules alone: the same text and rules give the same answer, whatever the text
 * says about them. `language`: only the rules of that language and of English; absent: of every language there is. `speaker`: whose words they are, by default the client's.
 */
export function assess(
  text: string,
  rules: readonly Language[],
  options: { language?: string; speaker?: CompiledRule['speaker'] } = {},
): Assessment {
  const tokens = tokenise(text);
  const chosen = rules.filter(
    ({ language }) => options.language === undefined || language === options.language || language === 'en',
  );
  const all = chosen.flatMap((language) => assessIn(language, tokens, options.speaker ?? 'client'));
  const byPlace = new Map<string, RiskFinding>();
  for (const finding of all) {
    const key = `${finding.ruleId} ${finding.start}`;
    if (!reaches(byPlace.get(key)?.level ?? 'none', finding.level)) byPlace.set(key, finding);
  }
  const findings = [...byPlace.values()]
    .sort((a, b) => riskLevels.indexOf(b.level) - riskLevels.indexOf(a.level) || a.start - b.start)
    .slice(0, mostFindings);
  return { level: findings[0]?.level ?? 'none', findings };
}

/** Whether somebody asks if it is an AI that answers. */
export function asksWhoAnswers(text: string, rules: readonly Language[]): boolean {
  const tokens = tokenise(text);
  return rules.some((language) => {
    const words = language.spell(tokens);
    return spansOf(language.asksWhoAnswers, words, new Set(words.map((word) => word.text))).length > 0;
  });
}
