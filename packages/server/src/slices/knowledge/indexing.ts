import type { Tx } from '../../platform/db/db.ts';
import { newId } from '../../platform/ids.ts';
import { chunk } from './chunks.ts';
import * as store from './index.store.ts';
import { frequencies, terms } from './terms.ts';

/** A title or heading that names the subject counts like two words of the text. */
const headingWeight = 2;

export interface IndexSource {
  title: string;
  /** Text or Markdown. */
  text: string;
  /** The offset, in UTF-16 units, at which each page begins; null where there are none. */
  pages: number[] | null;
  /** A BCP 47 tag, or null where it is to be found out. */
  language: string | null;
}

function toChunks(title: string, text: string): store.NewChunk[] {
  return chunk(text).map((c, ordinal) => {
    const body = text.slice(c.start, c.end);
    const own = terms(body);
    const counts = frequencies(own);
    for (const term of new Set(terms([title, ...c.headingPath].join(' ')))) {
      counts.set(term, (counts.get(term) ?? 0) + headingWeight);
    }
    return { ...c, id: newId(), ordinal, text: body, frequencies: counts, termCount: own.length };
  });
}

/** Makes the document findable by this source and by nothing it held before. Returns in how many passages. */
export async function indexDocument(
  tx: Tx,
  orgId: string,
  baseId: string,
  documentId: string,
  source: IndexSource,
): Promise<number> {
  const chunks = toChunks(source.title, source.text);
  await store.replaceIndex(tx, orgId, baseId, documentId, chunks);
  return chunks.length;
}
