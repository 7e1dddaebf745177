import type { ThreadFolder } from '@rapport/protocol/threads';

export const deepest = 5;

type Folder = Pick<ThreadFolder, 'id' | 'parentId'>;

/** The folder and those above it, from the inside out. */
function trailOf(folders: readonly Folder[], id: string | null): string[] {
  const trail: string[] = [];
  for (let at = id; at !== null;) {
    trail.push(at);
    at = folders.find((one) => one.id === at)?.parentId ?? null;
  }
  return trail;
}

/** How many levels a folder takes with those below it. */
const levelsOf = (folders: readonly Folder[], id: string): number =>
  1 + Math.max(0, ...folders.filter(({ parentId }) => parentId === id).map((one) => levelsOf(folders, one.id)));

/** Why a folder cannot lie in another, or at the top with null; null: it can. */
export function whyNotIn(
  folders: readonly Folder[],
  id: string,
  parentId: string | null,
): 'missing' | 'circle' | 'depth' | null {
  if (parentId === null) return null;
  if (!folders.some((one) => one.id === parentId)) return 'missing';
  const trail = trailOf(folders, parentId);
  if (trail.includes(id)) return 'circle';
  return trail.length + levelsOf(folders, id) > deepest ? 'depth' : null;
}
