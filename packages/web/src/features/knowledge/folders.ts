export interface Folder {
  path: string;
  name: string;
  /** Documents in it and below it. */
  count: number;
}

interface Counted {
  path: string;
  count: number;
}

/** The folders directly below `at` ('' is the top), by name. A folder that holds only folders is one, too. */
export function foldersIn(all: readonly Counted[], at: string): Folder[] {
  const start = at === '' ? '' : `${at}/`;
  const found = new Map<string, Folder>();
  for (const { path, count } of all) {
    if (!path.startsWith(start) || path === at) continue;
    const [name = ''] = path.slice(start.length).split('/');
    const known = found.get(name) ?? { path: start + name, name, count: 0 };
    found.set(name, { ...known, count: known.count + count });
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The folder itself and those above it, the outermost first. */
export const trailOf = (path: string): { path: string; name: string }[] =>
  path === '' ? [] : path.split('/').map((name, index, names) => ({ name, path: names.slice(0, index + 1).join('/') }));
