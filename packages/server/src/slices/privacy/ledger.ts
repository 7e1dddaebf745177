import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Statements } from '../../platform/db/statements.ts';
import { destroyKeys } from '../../platform/keys/store.ts';
import { StartupError } from '../../platform/startupError.ts';
import { appendEntry, ledgerHash, listEntries, orgExists, type LedgerEntry } from './ledger.store.ts';
import { deleteRows, findAnchors } from './rows.store.ts';

const Line = z.strictObject({
  org: z.uuid(),
  seq: z.number().int(),
  erasure: z.uuid(),
  kind: z.enum(['client', 'session']),
  subject: z.uuid(),
  at: z.iso.datetime(),
  prev: z.string(),
  hash: z.string(),
});

function parseLine(file: string, text: string, number: number): LedgerEntry {
  try {
    const entry = Line.parse(JSON.parse(text));
    if (ledgerHash(entry) === entry.hash) return entry;
  } catch {
    // Said below, the same for every way in which a line can be wrong.
  }
  throw new StartupError(
    `Line ${number} of ${file} is not as Rapport wrote it.`,
    'Bring the file back from a copy. It names who was erased, so that a restored database does not bring them back.',
  );
}

export type LedgerFile = ReturnType<typeof createLedgerFile>;

/**
 * The deletion ledger beside the database, one JSON line an erasure, only ever appended to: it outlives a database that is
 * replaced by an older copy.
 */
export function createLedgerFile(dataDir: string) {
  const path = join(dataDir, 'deletions.jsonl');
  let writing: Promise<void> = Promise.resolve();

  /** Throws StartupError for a line that was changed. One cut short by a crash, at the end, counts as not written. */
  const read = async (): Promise<LedgerEntry[]> => {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const lines = text.split('\n');
    lines.pop();
    return lines
      .map((line, i) => ({ line, number: i + 1 }))
      .filter(({ line }) => line !== '')
      .map(({ line, number }) => parseLine(path, line, number));
  };

  const write = async (entries: LedgerEntry[]) => {
    if (entries.length === 0) return;
    await mkdir(dataDir, { recursive: true });
    const file = await open(path, 'a+', 0o600);
    try {
      // What a crash cut short was never relied on; the whole line follows anew.
      const whole = (await file.readFile()).lastIndexOf(0x0a) + 1;
      await file.truncate(whole);
      await file.appendFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      await file.sync();
    } finally {
      await file.close();
    }
  };

  return {
    path,
    read,

    /** Writes what the table has and the file lacks, e.g. what another server erased. */
    sync(db: Statements): Promise<void> {
      const next = writing.then(async () => {
        const known = new Set((await read()).map((entry) => entry.erasure));
        await write((await listEntries(db)).filter((entry) => !known.has(entry.erasure)));
      });
      writing = next.catch(() => {});
      return next;
    },
  };
}

/**
 * Erases again whom `entries` name and the database still, or again, has: it was replaced by a copy from before. Entries the
 * table lacks are added to it. Call it in one transaction above all organisations. Returns how many were erased.
 */
export async function replayLedger(db: Statements, entries: LedgerEntry[]): Promise<number> {
  const known = new Set((await listEntries(db)).map((entry) => entry.erasure));
  const done = new Set<string>();
  let erased = 0;
  for (const entry of entries) {
    const { org, kind, subject } = entry;
    if (done.has(entry.erasure) || !(await orgExists(db, org))) continue;
    done.add(entry.erasure);
    const counts = await deleteRows(db, org, await findAnchors(db, org, { kind, id: subject }));
    if (kind === 'client') await destroyKeys(db, org, subject);
    if (Object.keys(counts).length > 0) erased += 1;
    if (!known.has(entry.erasure)) await appendEntry(db, entry);
  }
  return erased;
}
