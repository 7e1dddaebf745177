const longest = 255;
const longestTitle = 300;
// eslint-disable-next-line no-control-regex -- what no name of a file may hold
const unwanted = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** What a file is called, for people: never a path, nothing that is not shown, nothing that turns the direction of writing. */
export function cleanFileName(given: string): string {
  const last = given.toWellFormed().split(/[/\\]/).at(-1) ?? '';
  const clean = last.normalize('NFC').replace(unwanted, '').trim();
  if (clean === '' || /^\.+$/.test(clean)) return 'document';
  if (clean.length <= longest) return clean;
  const ending = /\.[\p{L}\p{N}]{1,10}$/u.exec(clean)?.[0] ?? '';
  return `${clean.slice(0, longest - ending.length).toWellFormed()}${ending}`;
}

/** A document is called like its file, without its ending. */
export const titleOf = (fileName: string): string =>
  (fileName.replace(/\.[\p{L}\p{N}]{1,10}$/u, '').trim() || fileName).slice(0, longestTitle);

/** What a page is called until it was read. */
export function titleOfAddress(url: string): string {
  const { hostname, pathname } = new URL(url);
  return `${hostname}${pathname === '/' ? '' : pathname}`.slice(0, longestTitle);
}
