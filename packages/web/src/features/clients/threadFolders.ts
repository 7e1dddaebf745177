import type { ThreadFolder } from '@rapport/protocol/threads';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.ts';

export const foldersKey = ['/thread-folders'];

export interface FolderAt extends ThreadFolder {
  /** 0 at the top. */
  depth: number;
}

/** Each folder below the one it lies in, by name. */
function inOrder(folders: readonly ThreadFolder[], parentId: string | null = null, depth = 0): FolderAt[] {
  return folders
    .filter((one) => one.parentId === parentId)
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((one) => [{ ...one, depth }, ...inOrder(folders, one.id, depth + 1)]);
}

/** The way to a folder, from the top. */
export function pathOf<T extends ThreadFolder>(folders: readonly T[], id: string | null): T[] {
  const path: T[] = [];
  for (let at = id; at !== null;) {
    const folder = folders.find((one) => one.id === at);
    if (!folder) break;
    path.unshift(folder);
    at = folder.parentId;
  }
  return path;
}

/** The tree of folders, whole: there are never more than one page of them. */
export function useThreadFolders() {
  const query = useQuery({
    queryKey: foldersKey,
    queryFn: () => api.get<{ items: ThreadFolder[] }>('/thread-folders', { limit: 200 }),
  });
  return { ...query, tree: inOrder(query.data?.items ?? []) };
}
