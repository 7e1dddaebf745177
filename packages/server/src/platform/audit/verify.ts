import { AuditCheckpoint, type AuditFinding, type AuditVerdict } from '@rapport/protocol/audit';
import type { Db } from '../db/db.ts';
import { hashOf, merkleTree, origin, type ChainedEntry } from './chain.ts';
import { listCheckpoints, listKeys, newestStub, type StubRow } from './checkpoints.store.ts';
import { checkpointHash, checkpointHolds, keyIsOurs, stubHolds } from './signing.ts';
import { readEntries } from './store.ts';

const batch = 1000;
const shownFindings = 100;
const searchedPlaces = 200;

interface Walk {
  orgId: string;
  findings: AuditFinding[];
  /** The last entry seen in order. */
  at: { seq: number; hash: Buffer };
  entries: number;
}

const find = (walk: Walk, kind: AuditFinding['kind'], seq: number | null, text: string) =>
  walk.findings.push({ kind, seq, text });

/** Where an entry that does not fit its place was written for; undefined where nothing near explains it. */
function placeOf(walk: Walk, entry: ChainedEntry): number | undefined {
  for (let away = 1; away <= searchedPlaces; away += 1) {
    for (const seq of [entry.seq - away, entry.seq + away]) {
      if (seq > 0 && entry.hash.equals(hashOf(walk.orgId, { ...entry, seq }))) return seq;
    }
  }
  return undefined;
}

/** One finding per cause: a changed entry is not reported again by the one that follows it. */
function step(walk: Walk, entry: ChainedEntry): void {
  const { seq } = entry;
  const expected = walk.at.seq + 1;
  const whole = entry.hash.equals(hashOf(walk.orgId, entry));
  const linked = entry.prev.equals(walk.at.hash);
  if (seq > expected) {
    const which = seq - expected === 1 ? `Entry ${expected} is` : `Entries ${expected} to ${seq - 1} are`;
    find(walk, 'removed', expected, `${which} missing.`);
  }
  const written = whole || walk.findings.length >= shownFindings ? undefined : placeOf(walk, entry);
  if (written !== undefined) find(walk, 'reordered', seq, `Entry ${seq} was written as entry ${written}.`);
  else if (!whole) find(walk, 'changed', seq, `Entry ${seq} is not what was written.`);
  else if (!linked && seq === expected)
    find(walk, 'reordered', seq, `Entry ${seq} does not follow the one before it: they were moved or replaced.`);
  walk.at = { seq, hash: entry.hash };
  walk.entries += 1;
}

/** Whether the entries a checkpoint covers are the ones that were signed. */
interface Covered {
  checkpoint: AuditCheckpoint;
  source: string;
  tree: ReturnType<typeof merkleTree>;
  head: Buffer | null;
}

function compare(walk: Walk, { checkpoint, source, tree, head }: Covered): void {
  const { to, from, n } = checkpoint;
  if (walk.at.seq < to) {
    find(
      walk,
      'truncated',
      walk.at.seq + 1,
      `${source} ${n} was signed over ${to} entries, but the log ends at entry ${walk.at.seq}.`,
    );
  } else if (head?.toString('hex') !== checkpoint.head || tree.root().toString('hex') !== checkpoint.root) {
    find(walk, 'changed', from, `${source} ${n} was signed over other entries ${from} to ${to} than are here now.`);
  }
}

/** The checkpoints must be signed, and each must go on from the one before. */
function checkCheckpoints(walk: Walk, checkpoints: readonly AuditCheckpoint[], source: string): void {
  let before: AuditCheckpoint | undefined;
  for (const one of checkpoints) {
    if (!checkpointHolds(one)) find(walk, 'checkpoint', one.to, `${source} ${one.n} has no valid signature.`);
    const follows =
      before === undefined || (before.n + 1 === one.n && checkpointHash(before).toString('hex') === one.prev);
    if (!follows) find(walk, 'checkpoint', one.to, `${source} ${one.n} does not follow the one before it.`);
    before = one;
  }
}

function checkStub(walk: Walk, stub: StubRow | undefined): void {
  if (!stub) return;
  walk.at = { seq: stub.through_seq, hash: stub.hash };
  if (!stubHolds(walk.orgId, stub)) {
    find(
      walk,
      'removed',
      1,
      `Entries up to ${stub.through_seq} were removed, and the stub in their place is not signed.`,
    );
  }
}

/** The same checkpoint may have been shipped by two servers; two different ones of the same number are a finding. */
function distinct(walk: Walk, shipped: readonly AuditCheckpoint[]): AuditCheckpoint[] {
  const byNumber = new Map<number, AuditCheckpoint>();
  for (const one of shipped.filter(({ org }) => org === walk.orgId).sort((a, b) => a.n - b.n)) {
    const known = byNumber.get(one.n);
    if (known && !checkpointHash(known).equals(checkpointHash(one)))
      find(walk, 'checkpoint', one.to, `There are two different shipped checkpoints ${one.n}.`);
    byNumber.set(one.n, known ?? one);
  }
  return [...byNumber.values()];
}

function checkShipped(walk: Walk, stored: readonly AuditCheckpoint[], shipped: readonly AuditCheckpoint[]): void {
  const keys = new Set(stored.map(({ key }) => key));
  const foreign = shipped.find(({ key }) => stored.length > 0 && !keys.has(key));
  if (foreign)
    find(
      walk,
      'key',
      foreign.to,
      `Shipped checkpoint ${foreign.n} is signed by a key that this database does not have.`,
    );
  const known = new Map(stored.map((one) => [one.n, checkpointHash(one)]));
  for (const one of shipped) {
    const here = known.get(one.n);
    if (!here) find(walk, 'checkpoint', one.to, `Shipped checkpoint ${one.n} is missing from the database.`);
    else if (!here.equals(checkpointHash(one)))
      find(walk, 'checkpoint', one.to, `Shipped checkpoint ${one.n} differs from that of the database.`);
  }
}

/**
 * Reads an organisation's whole log and says what does not hold: entries changed, removed or reordered, and a log cut off
 * behind the last checkpoint. `shipped` are checkpoints kept elsewhere: without them nothing tells that the end of the log
 * was removed together with the checkpoints of the database, or that everything was written anew. What came after the last
 * shipped checkpoint can be cut off unseen in any case.
 */
export async function verifyLog(
  db: Db,
  orgId: string,
  shipped: readonly AuditCheckpoint[] = [],
): Promise<AuditVerdict> {
  const walk: Walk = { orgId, findings: [], at: { seq: 0, hash: origin }, entries: 0 };
  const stub = await newestStub(db, orgId);
  checkStub(walk, stub);
  const start = walk.at.seq;
  const stored = await listCheckpoints(db, orgId);
  const elsewhere = distinct(walk, shipped);
  for (const key of await listKeys(db, orgId)) {
    if (!(await keyIsOurs(db, orgId, key)))
      find(walk, 'key', null, `The signing key ${key.id} was not made by this server, or was changed.`);
  }
  checkCheckpoints(walk, stored, 'Checkpoint');
  checkCheckpoints(walk, elsewhere, 'Shipped checkpoint');
  checkShipped(walk, stored, elsewhere);

  const cover = (source: string) => (checkpoint: AuditCheckpoint) => ({
    checkpoint,
    source,
    tree: merkleTree(),
    head: null as Buffer | null,
  });
  const covered: Covered[] = [...stored.map(cover('Checkpoint')), ...elsewhere.map(cover('Shipped checkpoint'))]
    .filter(({ checkpoint }) => checkpoint.to > start)
    .sort((a, b) => a.checkpoint.from - b.checkpoint.from);
  await walkEntries(db, walk, covered);
  for (const one of covered) compare(walk, one);

  const found = walk.findings.map(({ seq }) => seq ?? 1);
  return {
    entries: walk.entries,
    verifiedTo: Math.min(walk.at.seq, ...found.map((seq) => Math.max(0, seq - 1))),
    checkpointedTo: Math.max(0, ...stored.map(({ to }) => to)),
    at: new Date().toISOString(),
    findings: walk.findings.slice(0, shownFindings),
  };
}

async function walkEntries(db: Db, walk: Walk, covered: readonly Covered[]): Promise<void> {
  let first = 0;
  for (let more = true; more;) {
    const page = await readEntries(db, walk.orgId, walk.at.seq, batch);
    for (const entry of page) {
      step(walk, entry);
      while ((covered[first]?.checkpoint.to ?? Infinity) < entry.seq) first += 1;
      for (let i = first; (covered[i]?.checkpoint.from ?? Infinity) <= entry.seq; i += 1) {
        const one = covered[i] as Covered;
        if (entry.seq > one.checkpoint.to) continue;
        one.tree.add(entry.hash);
        if (entry.seq === one.checkpoint.to) one.head = entry.hash;
      }
    }
    more = page.length === batch;
  }
}

/** The lines of a file of shipped checkpoints. Throws an Error that names the line that is none. */
export function parseCheckpoints(text: string): AuditCheckpoint[] {
  return text
    .split('\n')
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      try {
        return AuditCheckpoint.parse(JSON.parse(line));
      } catch {
        throw new Error(`line ${number} is no checkpoint`);
      }
    });
}
