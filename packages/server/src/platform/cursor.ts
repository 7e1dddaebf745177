import { AppError } from './errors.ts';

/** The position after the last row of a page, opaque to clients. */
export const encodeCursor = (...parts: string[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

/** Throws `invalid-body` for a cursor this server did not make. */
export function decodeCursor(cursor: string | undefined, length: number): string[] | null {
  if (cursor === undefined) return null;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === length && parts.every((p) => typeof p === 'string')) return parts;
  } catch {
    // falls through to the one answer for every bad cursor
  }
  throw new AppError('invalid-body', { errors: [{ pointer: '/cursor', message: 'Not a cursor of this list.' }] });
}

/** What is sealed is looked through after it is opened: so many rows are, at most, for one page. */
const mostOpened = 2000;
const openedAtOnce = 200;

/**
 * A page of what `wanted` keeps of a list, newest first; null keeps all. It may hold fewer than asked for where few are wanted, and
 * still have a `next`. `read` gives so many of those below an id.
 */
export async function siftPage<Item extends { id: string }>(
  { cursor, limit }: { cursor?: string | undefined; limit: number },
  wanted: ((item: Item) => boolean) | null,
  read: (before: string | null, most: number) => Promise<Item[]>,
): Promise<{ items: Item[]; next: string | null }> {
  const items: Item[] = [];
  let [before = null] = decodeCursor(cursor, 1) ?? [];
  let more = true;
  for (let seen = 0; more && items.length < limit && seen < mostOpened;) {
    const most = wanted ? Math.max(limit, openedAtOnce) : limit;
    const rows = await read(before, most + 1);
    more = rows.length > most;
    seen += most;
    for (const item of rows.slice(0, most)) {
      if (items.length === limit) {
        more = true;
        break;
      }
      before = item.id;
      if (!wanted || wanted(item)) items.push(item);
    }
  }
  return { items, next: more && before ? encodeCursor(before) : null };
}

/** Cuts the one row too many that tells whether there is a next page. */
export function toPage<Row, Item>(
  rows: Row[],
  limit: number,
  item: (row: Row) => Item,
  cursor: (row: Row) => string,
): { items: Item[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), next: rows.length > limit && last ? cursor(last) : null };
}
