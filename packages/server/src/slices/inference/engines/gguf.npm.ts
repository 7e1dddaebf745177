/** Why the library could not be installed, and what a person can do about it. */
export class InstallFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InstallFailed';
  }
}

export const noSpace = (folder: string) =>
  new InstallFailed(`There is not enough space for the library: free 400 MB on the disk of ${folder} and try again.`);

const unreachable =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|FETCH_ERROR)\b/;

/** Turns what npm said before it failed into a sentence. `folder` is where it was to install. */
export function explainNpm(said: string, folder: string): InstallFailed {
  if (/^spawn .*ENOENT/.test(said) || /is not recognized as/.test(said))
    return new InstallFailed(
      'npm was not found, and the library is installed with it. Install npm, or set RAPPORT_NPM to its path, and try again.',
    );
  if (/\b(ENOSPC|EDQUOT)\b/.test(said)) return noSpace(folder);
  if (/\b(EACCES|EPERM|EROFS)\b/.test(said))
    return new InstallFailed(`This server may not write to ${folder}. Give its user that folder and try again.`);
  if (unreachable.test(said))
    return new InstallFailed(
      'The npm registry cannot be reached, and the library comes from there. Check this machine’s network or proxy and try again.',
    );
  if (/\bE(404|TARGET|403|401)\b/.test(said))
    return new InstallFailed(
      'npm’s registry does not offer the library. Check which registry npm is set to on this machine.',
    );
  const last = said
    .split('\n')
    .filter((line) => /\S/.test(line) && !/complete log|_logs/.test(line))
    .at(-1);
  return new InstallFailed(
    last
      ? `npm could not install the library: ${last.slice(0, 300)}`
      : 'The installation was ended before it was done. Try again.',
  );
}
