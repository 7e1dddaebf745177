import type { Claim } from '@rapport/protocol/claims';
import type { Passage } from '@rapport/protocol/knowledge';
import type { Citation } from '@rapport/protocol/sessions';
import { checkClaims, sourceOf } from '../knowledge/claims.ts';
import { createMarkFilter } from '../knowledge/marks.ts';
import { isSmallTalk, notInMaterial } from '../knowledge/reference.ts';

/** What a reply leaves beside its words; the offsets of `claims` are of the text as it was shown while it was made. */
export interface Cited {
  citations: Citation[];
  claims: Claim[];
}

export const citedOf = (extra: unknown): Cited => (extra as Cited | undefined) ?? { citations: [], claims: [] };

/** Reads along while a model writes, shows its words without marks, and checks at the end what they cite. */
export function createCiting(
  parts: { passages: Passage[]; onlyMaterial: boolean; question: string; language: string | undefined },
  onText: (text: string) => void,
) {
  const { passages, onlyMaterial, question, language } = parts;
  let raw = '';
  // What may turn out to be none of the material’s is not shown before it is known.
  const filter = createMarkFilter((text) => {
    if (!onlyMaterial) onText(text);
  });
  return {
    onText(more: string): void {
      raw += more;
      filter.onText(more);
    },
    end(): Cited {
      filter.end();
      const { plain, citations, claims, supported } = checkClaims(raw, passages.map(sourceOf));
      if (!onlyMaterial) return { citations, claims };
      const refused = !supported && !isSmallTalk(question);
      onText(refused ? notInMaterial(language) : plain);
      return refused ? citedOf(undefined) : { citations, claims };
    },
  };
}
