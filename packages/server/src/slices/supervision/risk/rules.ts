import { readdirSync, readFileSync } from 'node:fs';
import { RiskCategory, RiskLevel } from '@rapport/protocol/safety';
import { z } from 'zod';
import { foldWord } from './fold.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { createSpelling } from './words.ts';

const patterns = z.array(z.string().min(1).max(2000)).min(1).max(500);
const name = z.string().regex(/^[a-z][a-z0-9-]*$/);

/** What tempers a match: a negation before it, that it is long past, that it is told of a book. */
const Modifier = z.strictObject({
  /** Several may share it, e.g. where cues stand in different places; of them one applies. */
  id: name,
  /** Where the cue stands: before the match within `reach` words of its clause or sentence, or anywhere in the sentence. */
  place: z.enum(['clause-before', 'sentence-before', 'sentence', 'sentence-after', 'quoted']),
  reach: z.int().min(1).max(20).default(20),
  cues: patterns.optional(),
  /** A cue inside one of these is none: "I can not wait to". */
  except: patterns.optional(),
  /** Where one of these stands in the sentence, the modifier does not hold: "again", "last night". */
  unless: patterns.optional(),
  /** What between cue and match ends its reach: "not sleeping and". */
  stoppedBy: patterns.optional(),
  /** `drop`: it is nothing. `lower`: one level less. `low`: low at the most. */
  effect: z.enum(['drop', 'lower', 'low']),
});

const Rule = z.strictObject({
  id: name,
  category: RiskCategory,
  level: RiskLevel.exclude(['none']),
  /** Whose words it is for: the same sentence is despair in one mouth and comfort in the other. */
  speaker: z.enum(['client', 'persona']).default('client'),
  any: patterns,
  /** Modifiers that do not touch this rule, since the words of them are its own. */
  keeps: z.array(name).default([]),
});

/** A file of rules of one language: see docs/developer/risk-rules.md. */
const RuleFile = z
  .strictObject({
    language: z.string().regex(/^[a-z]{2,3}$/),
    version: z.string().regex(/^\d{4}\.\d+$/),
    /** What a word is written out as before anything is looked for. */
    expand: z.record(z.string(), z.string()).default({}),
    /** Words that are found glued to others or with a letter starred out. */
    keyWords: z.array(z.string()).default([]),
    /** Words that are found with one letter wrong, since no other word is that close to them. */
    typos: z.array(z.string()).default([]),
    /** Pieces of patterns under a name. */
    names: z.record(name, z.string()).default({}),
    /** Words that no gap of a pattern steps over. */
    notInGaps: z.array(z.string()).default([]),
    /** Turns of phrase that mean something else: what a rule finds within them is nothing. */
    idioms: z.array(z.string()).default([]),
    modifiers: z.array(Modifier).default([]),
    rules: z.array(Rule).min(1),
    /** How somebody asks whether an AI answers. */
    asksWhoAnswers: z.array(z.string()).default([]),
  })
  .superRefine((file, context) => {
    const ids = file.rules.map((rule) => rule.id);
    const modifiers = new Set(file.modifiers.map((modifier) => modifier.id));
    if (new Set(ids).size < ids.length) context.addIssue('two rules have the same id');
    for (const rule of file.rules)
      for (const kept of rule.keeps)
        if (!modifiers.has(kept)) context.addIssue(`${rule.id} keeps ${kept}, which is no modifier`);
  });
export type RuleFile = z.input<typeof RuleFile>;

/** Patterns by the word they may begin with, so that a text is looked through once. */
export interface PatternIndex<T> {
  byFirst: ReadonlyMap<string, readonly { pattern: Pattern; of: T }[]>;
}

export interface Modifying extends Omit<z.output<typeof Modifier>, 'cues' | 'except' | 'unless' | 'stoppedBy'> {
  cues: PatternIndex<null>;
  except: PatternIndex<null>;
  unless: PatternIndex<null>;
  stoppedBy: PatternIndex<null>;
}

export type CompiledRule = Omit<z.output<typeof Rule>, 'any'>;

export interface Language {
  language: string;
  version: string;
  spell: ReturnType<typeof createSpelling>;
  rules: Record<CompiledRule['speaker'], PatternIndex<CompiledRule>>;
  asksWhoAnswers: PatternIndex<null>;
  idioms: PatternIndex<null>;
  modifiers: readonly Modifying[];
}

export const numberStart = '#';

function indexed<T>(entries: readonly { pattern: Pattern; of: T }[]): PatternIndex<T> {
  const byFirst = new Map<string, { pattern: Pattern; of: T }[]>();
  for (const entry of entries)
    for (const word of [...entry.pattern.first, ...(entry.pattern.startsWithNumber ? [numberStart] : [])])
      byFirst.set(word, [...(byFirst.get(word) ?? []), entry]);
  return { byFirst };
}

/** Checks and prepares the rules of one language. Throws a ZodError, or an Error that names the pattern at fault. */
export function compileRules(source: unknown): Language {
  const file = RuleFile.parse(source);
  const known = { names: new Map(Object.entries(file.names)), notInGaps: new Set(file.notInGaps.map(foldWord)) };
  const vocabulary = new Set<string>();
  const compile = <T>(sources: readonly string[], of: T) =>
    sources.map((text) => {
      const pattern = compilePattern(text, known);
      pattern.vocabulary.forEach((word) => vocabulary.add(word));
      return { pattern, of };
    });
  const compiled = file.rules.flatMap(({ any, ...rule }) => compile(any, rule));
  const of = (speaker: CompiledRule['speaker']) => indexed(compiled.filter((one) => one.of.speaker === speaker));
  const rules = { client: of('client'), persona: of('persona') };
  const asksWhoAnswers = indexed(compile(file.asksWhoAnswers, null));
  const idioms = indexed(compile(file.idioms, null));
  const modifiers = file.modifiers.map(({ cues = [], except = [], unless = [], stoppedBy = [], ...rest }) => ({
    ...rest,
    cues: indexed(compile(cues, null)),
    except: indexed(compile(except, null)),
    unless: indexed(compile(unless, null)),
    stoppedBy: indexed(compile(stoppedBy, null)),
  }));
  const expand = new Map(
    Object.entries(file.expand).map(([from, to]) => [foldWord(from), to.split(' ').map(foldWord)] as const),
  );
  for (const words of expand.values()) words.forEach((word) => vocabulary.add(word));
  const keyWords = new Set(file.keyWords.map(foldWord));
  const typos = new Set(file.typos.map(foldWord));
  for (const word of [...keyWords, ...typos]) vocabulary.add(word);
  return {
    language: file.language,
    version: file.version,
    spell: createSpelling({ vocabulary, keyWords, typos, expand }),
    rules,
    asksWhoAnswers,
    idioms,
    modifiers,
  };
}

const folder = new URL('./rules/', import.meta.url);

/** The rules that Rapport comes with, every language of them. */
export const loadRules = (): Language[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => compileRules(JSON.parse(readFileSync(new URL(file, folder), 'utf8'))));
