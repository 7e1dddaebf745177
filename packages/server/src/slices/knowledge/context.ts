import { terms } from './terms.ts';
import type { Found } from './search.store.ts';

/** Characters per token, on the safe side. */
const charactersPerToken = 3.2;
/** From which share of common terms on two passages say the same. */
const nearlySame = 0.9;

const follows = (first: Found, second: Found): boolean =>
  first.documentId === second.documentId && second.ordinals[0] === first.ordinals[1] + 1;

/** What stands between, white space and headings, becomes blank lines, so that every place in the text stays right. */
const join = (first: Found, second: Found): Found => ({
  ...first,
  text: first.text + '\n'.repeat(second.start - first.end) + second.text,
  end: second.end,
  ordinals: [first.ordinals[0], second.ordinals[1]],
  score: Math.max(first.score, second.score),
});

/** Passages that follow each other in their document are read as one; it stands where the better of them stood. */
function joinNeighbours(passages: Found[]): Found[] {
  const joined: Found[] = [];
  for (const passage of passages) {
    const before = joined.findIndex((p) => follows(p, passage));
    const after = joined.findIndex((p) => follows(passage, p));
    const place = Math.min(...[before, after].filter((i) => i >= 0));
    if (place === Infinity) {
      joined.push(passage);
      continue;
    }
    let whole = passage;
    if (before >= 0) whole = join(joined[before] as Found, whole);
    if (after >= 0) whole = join(whole, joined[after] as Found);
    joined[place] = whole;
    const other = Math.max(before, after);
    if (before >= 0 && after >= 0) joined.splice(other, 1);
  }
  return joined;
}

function overlap(a: Set<string>, b: Set<string>): number {
  const common = [...a].filter((term) => b.has(term)).length;
  return common / Math.max(1, a.size + b.size - common);
}

/** Of passages that say nearly the same, in copies of a document for instance, the best stays. */
function collapseDuplicates(passages: Found[]): Found[] {
  const kept: { passage: Found; words: Set<string> }[] = [];
  for (const passage of passages) {
    const words = new Set(terms(passage.text, passage.language));
    if (!kept.some((other) => overlap(other.words, words) >= nearlySame)) kept.push({ passage, words });
  }
  return kept.map(({ passage }) => passage);
}

/** What a reply is given of the passages found: each text once, whole, best first, within so many tokens. */
export function contextOf(found: Found[], limit: number, tokens: number): Found[] {
  let left = tokens * charactersPerToken;
  return joinNeighbours(collapseDuplicates(found))
    .slice(0, limit)
    .filter(({ text }, i) => {
      if (i > 0 && text.length > left) return false;
      left -= text.length;
      return true;
    });
}
