import { createHash } from 'node:crypto';
import type { ErrorCode } from '@rapport/protocol/errors';
import type { AuditAct, AuditSubject } from '@rapport/protocol/auditActs';

export interface AuditActor {
  kind: 'staff' | 'client' | 'system' | 'nobody';
  id: string | null;
  /** The API key that a member acted through. */
  key: string | null;
}

export interface Subject {
  kind: AuditSubject;
  id: string;
}

/** `needs-…`: the permission that was missing. */
export type AuditOutcome = 'done' | ErrorCode | `needs-${string}`;

/** What an entry says, before it has a place in the log. */
export interface AuditFact {
  actor: AuditActor;
  act: AuditAct;
  subjects: readonly Subject[];
  outcome: AuditOutcome;
}

/** An entry as it stands in the log; of another version or a changed one, the codes may be unknown ones. */
export interface ChainedEntry {
  seq: number;
  at: string;
  actor: AuditActor;
  act: string;
  subjects: readonly { kind: string; id: string }[];
  outcome: string;
  prev: Buffer;
  hash: Buffer;
}

type Plain = string | number | null | readonly Plain[] | { readonly [key: string]: Plain };

/** RFC 8785 for what occurs here: strings, whole numbers, null, arrays and objects with ASCII keys. */
export function canonicalJson(value: Plain): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one: Plain) => canonicalJson(one)).join(',')}]`;
  const record = value as { readonly [key: string]: Plain };
  const fields = Object.keys(record)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key] as Plain)}`);
  return `{${fields.join(',')}}`;
}

export const sha256 = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** What the first entry of an organisation, and its first checkpoint, go on from. */
export const origin = Buffer.alloc(32);

export const hashOf = (orgId: string, { seq, at, actor, act, subjects, outcome, prev }: Omit<ChainedEntry, 'hash'>) =>
  sha256(
    canonicalJson({
      v: 1,
      org: orgId,
      seq,
      at,
      actor: { kind: actor.kind, id: actor.id, key: actor.key },
      act,
      subjects: subjects.map(({ kind, id }) => [kind, id]),
      outcome,
      prev: prev.toString('hex'),
    }),
  );

/** Whether the entry is whole and the next one after `before`. */
export const follows = (orgId: string, before: { seq: number; hash: Buffer }, entry: ChainedEntry): boolean =>
  entry.seq === before.seq + 1 && entry.prev.equals(before.hash) && entry.hash.equals(hashOf(orgId, entry));

const leaf = Buffer.from([0]);
const node = Buffer.from([1]);

/**
 * Merkle tree hash of RFC 6962 over leaves that come one after the other: a full subtree is folded as soon as it is
 * complete, so it holds one hash per level, however many leaves there are.
 */
export function merkleTree() {
  const levels: { size: number; hash: Buffer }[] = [];
  return {
    add(value: Buffer): void {
      let top = { size: 1, hash: sha256(leaf, value) };
      for (let last = levels.at(-1); last?.size === top.size; last = levels.at(-1)) {
        levels.pop();
        top = { size: top.size * 2, hash: sha256(node, last.hash, top.hash) };
      }
      levels.push(top);
    },
    root(): Buffer {
      const [last, ...before] = levels.toReversed();
      if (!last) return sha256('');
      return before.reduce((right, left) => sha256(node, left.hash, right), last.hash);
    },
  };
}
