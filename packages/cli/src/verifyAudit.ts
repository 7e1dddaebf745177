import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AuditCheckpoint, AuditVerdict } from '@rapport/protocol/audit';
import type { Config } from '@rapport/server/config/config';
import { checkpointFile } from '@rapport/server/platform/audit/audit';
import { orgsWithEntries } from '@rapport/server/platform/audit/store';
import { parseCheckpoints, verifyLog } from '@rapport/server/platform/audit/verify';
import type { Connected } from '@rapport/server/platform/db/connect';
import { StartupError } from '@rapport/server/platform/startupError';

interface Kept {
  file: string;
  checkpoints: AuditCheckpoint[];
}

/** What `--checkpoints` names, else the file this server appends to, else nothing. Throws StartupError. */
export function readKept(args: string[], config: Config): Kept | null {
  const named = wantedFile(args);
  const file = named ?? checkpointFile(config);
  if (named === undefined && !existsSync(file)) return null;
  try {
    return { file, checkpoints: parseCheckpoints(readFileSync(file, 'utf8')) };
  } catch (error) {
    throw new StartupError(
      `The checkpoints in ${file} cannot be read: ${(error as Error).message}.`,
      'Name a file of checkpoints as they were shipped, one JSON object a line: --checkpoints FILE.',
    );
  }
}

function wantedFile(args: string[]): string | undefined {
  try {
    return parseArgs({ args, options: { checkpoints: { type: 'string' } } }).values.checkpoints;
  } catch (error) {
    throw new StartupError((error as Error).message, 'Use: rapport verify-audit [--checkpoints FILE]');
  }
}

function describe(orgId: string, verdict: AuditVerdict, kept: number): string[] {
  const { entries, verifiedTo, checkpointedTo, findings } = verdict;
  const lines = [
    `organisation ${orgId}: ${entries === 1 ? '1 entry' : `${entries} entries`}, verified up to ${verifiedTo}; signed up to ${checkpointedTo}; ${kept === 1 ? '1 checkpoint' : `${kept} checkpoints`} from the file`,
    ...findings.map(({ kind, text }) => `  FOUND  ${kind}: ${text}`),
  ];
  if (verifiedTo > checkpointedTo && findings.length === 0)
    lines.push(
      `  Entries ${checkpointedTo + 1} to ${verifiedTo} are not signed yet: cut off, they would not be missed.`,
    );
  return lines;
}

/** Checks every organisation's log. Returns the exit code: 1 where anything was found. */
export async function verifyAudit({ db }: Pick<Connected, 'db'>, kept: Kept | null): Promise<number> {
  const here = await orgsWithEntries(db.everywhere);
  // An organisation that only the file knows of has lost its whole log.
  const orgs = new Set([...here, ...(kept?.checkpoints ?? []).map(({ org }) => org)]);
  let found = 0;
  for (const orgId of orgs) {
    const shipped = (kept?.checkpoints ?? []).filter(({ org }) => org === orgId);
    const verdict = await verifyLog(db.in(orgId), orgId, shipped);
    found += verdict.findings.length;
    console.log(describe(orgId, verdict, shipped.length).join('\n'));
  }
  if (orgs.size === 0) console.log('There is no audit log yet.');
  console.log(
    kept
      ? `Compared with the checkpoints in ${kept.file}.`
      : 'Not compared with checkpoints kept elsewhere: a log cut off together with the checkpoints of the database would not be found.',
  );
  return found > 0 ? 1 : 0;
}
