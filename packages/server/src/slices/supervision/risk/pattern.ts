import { foldWord } from './fold.ts';

/** A word as rules see it: contractions written out, obfuscation undone. */
export interface Word {
  text: string;
  start: number;
  end: number;
  clause: number;
  sentence: number;
  quoted: boolean;
}

/** Calls `then` with every place at which a match that begins at `at` may end, until it says true. */
type Match = (words: readonly Word[], at: number, then: (end: number) => boolean) => boolean;

export interface Pattern {
  /** Where a match that begins at `at` ends; -1 where none does. */
  endOf(words: readonly Word[], at: number): number;
  /** Words that a match may begin with; null: a number. */
  first: ReadonlySet<string>;
  startsWithNumber: boolean;
  /** Each of these must have a member in the text, or there is nothing to look for. */
  needs: readonly ReadonlySet<string>[];
  vocabulary: ReadonlySet<string>;
}

export interface Vocabulary {
  /** Pieces of patterns by name. */
  names: ReadonlyMap<string, string>;
  /** Words that no gap steps over: they would turn the meaning round. */
  notInGaps: ReadonlySet<string>;
}

interface Node {
  match: Match;
  first: Set<string>;
  number: boolean;
  nullable: boolean;
  needs: Set<string>[];
  gaps: number;
  words: Set<string>;
}

const mostGaps = 3;
const longestGap = 8;
const deepest = 8;

const sequence = (nodes: Node[]): Node => {
  const first = new Set<string>();
  let [number, open] = [false, true];
  for (const node of nodes) {
    if (!open) break;
    node.first.forEach((word) => first.add(word));
    number ||= node.number;
    open = node.nullable;
  }
  return {
    match: nodes.reduceRight<Match>(
      (rest, node) => (words, at, then) => node.match(words, at, (end) => rest(words, end, then)),
      (_words, at, then) => then(at),
    ),
    first,
    number,
    nullable: nodes.every((node) => node.nullable),
    needs: nodes.flatMap((node) => node.needs),
    gaps: nodes.reduce((sum, node) => sum + node.gaps, 0),
    words: new Set(nodes.flatMap((node) => [...node.words])),
  };
};

const alternatives = (nodes: Node[]): Node => {
  // A list of single words is one look-up, however long it is.
  const simple = nodes.every((node) => node.words.size === 1 && node.needs.length === 1 && node.gaps === 0);
  const words = new Set(nodes.flatMap((node) => [...node.words]));
  const first = new Set(nodes.flatMap((node) => [...node.first]));
  return {
    match: simple
      ? (text, at, then) => words.has(text[at]?.text ?? '') && then(at + 1)
      : (text, at, then) => nodes.some((node) => node.match(text, at, then)),
    first,
    number: nodes.some((node) => node.number),
    nullable: nodes.some((node) => node.nullable),
    needs: simple ? [words] : nodes.some((node) => node.nullable || node.number) ? [] : [first],
    gaps: Math.max(...nodes.map((node) => node.gaps)),
    words,
  };
};

const optional = (node: Node): Node => ({
  ...node,
  match: (words, at, then) => node.match(words, at, then) || then(at),
  nullable: true,
  needs: [],
});

const sameSentence = (words: readonly Word[], at: number): boolean =>
  at > 0 && at < words.length && (words[at] as Word).sentence === (words[at - 1] as Word).sentence;

const word = (text: string): Node => {
  const set = new Set([text]);
  return {
    match: (words, at, then) => words[at]?.text === text && then(at + 1),
    first: set,
    number: false,
    nullable: false,
    needs: [set],
    gaps: 0,
    words: set,
  };
};

/** A number of at least `least`, in digits. */
const number = (least: number): Node => ({
  match: (words, at, then) =>
    /^\d{1,6}$/.test(words[at]?.text ?? '') && Number(words[at]?.text) >= least && then(at + 1),
  first: new Set(),
  number: true,
  nullable: false,
  needs: [],
  gaps: 0,
  words: new Set(),
});

const gap = (longest: number, barred: ReadonlySet<string>): Node => ({
  match: (words, at, then) => {
    for (let end = at; end - at <= longest; end += 1) {
      if (then(end)) return true;
      if (!sameSentence(words, end) || barred.has((words[end] as Word).text)) return false;
    }
    return false;
  },
  first: new Set(),
  number: false,
  nullable: true,
  needs: [],
  gaps: 1,
  words: new Set(),
});

/**
 * Reads a pattern: words in order; `(a|b c)` one of several; `x?` may be missing; `{name}` what the rules call so; `...`
 * up to three other words of the sentence, `..5` up to five; `#10` a number of ten or more. Throws for anything else.
 */
function parsePattern(source: string, known: Vocabulary, depth = 0): Node {
  if (depth > deepest) throw new Error(`names lead in a circle: ${source}`);
  const parts = source.match(/\.\.\.|\.\.\d|#\d+|\{[\w-]+\}|[()|?]|[^\s()|?{}]+/g) ?? [];
  let at = 0;
  const readAlternatives = (): Node => {
    const all = [readSequence()];
    while (parts[at] === '|') {
      at += 1;
      all.push(readSequence());
    }
    return all.length === 1 ? (all[0] as Node) : alternatives(all);
  };
  const readOne = (part: string): Node => {
    if (part === '...') return gap(3, known.notInGaps);
    if (part.startsWith('..')) return gap(Math.min(longestGap, Number(part.slice(2))), known.notInGaps);
    if (part.startsWith('#')) return number(Number(part.slice(1)));
    if (part.startsWith('{')) {
      const named = known.names.get(part.slice(1, -1));
      if (named === undefined) throw new Error(`there is no ${part} for: ${source}`);
      return parsePattern(named, known, depth + 1);
    }
    if (part !== '(') return word(foldWord(part));
    const inner = readAlternatives();
    if (parts[at] !== ')') throw new Error(`a bracket is not closed: ${source}`);
    at += 1;
    return inner;
  };
  const readSequence = (): Node => {
    const nodes: Node[] = [];
    for (let part = parts[at]; part !== undefined && part !== '|' && part !== ')'; part = parts[at]) {
      if (part === '?') throw new Error(`nothing stands before a question mark: ${source}`);
      at += 1;
      let node = readOne(part);
      if (parts[at] === '?') {
        at += 1;
        node = optional(node);
      }
      nodes.push(node);
    }
    if (nodes.length === 0) throw new Error(`an alternative is empty: ${source}`);
    return sequence(nodes);
  };
  const node = readAlternatives();
  if (at < parts.length) throw new Error(`a bracket is closed that was not opened: ${source}`);
  return node;
}

/** Throws for a pattern that could match nothing, or that could take long. */
export function compilePattern(source: string, known: Vocabulary): Pattern {
  const node = parsePattern(source, known);
  if (node.nullable) throw new Error(`this would match anything: ${source}`);
  if (node.gaps > mostGaps) throw new Error(`more than ${mostGaps} gaps: ${source}`);
  return {
    endOf(words, at) {
      let found = -1;
      node.match(words, at, (end) => {
        found = end;
        return true;
      });
      return found;
    },
    first: node.first,
    startsWithNumber: node.number,
    needs: node.needs,
    vocabulary: node.words,
  };
}
