import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AuditCheckpoint, AuditVerdict } from '@rapport/protocol/audit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import type { Tx } from '../db/db.ts';
import { checkpointFile } from './audit.ts';
import { hashOf, origin } from './chain.ts';
import { listCheckpoints } from './checkpoints.store.ts';
import { checkpointHash, keyIdOf, signCheckpoint } from './signing.ts';
import { readEntries } from './store.ts';
import { parseCheckpoints, verifyLog } from './verify.ts';

const total = 40;
const signed = 30;
let app: TestApp;
let orgId: string;
let shipped: AuditCheckpoint[];

/** 40 entries, checkpoints after the 10th, 20th and 30th; ten are not yet signed. */
beforeAll(async () => {
  app = await startTestApp();
  orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
  const note = () => app.audit.note({ kind: 'system', orgId }, 'client.changed', { client: randomUUID() });
  // The set-up is the first entry.
  for (let seq = 2; seq <= total; seq += 1) {
    await note();
    if (seq <= signed && seq % 10 === 0) await app.audit.checkpoint(orgId);
  }
  shipped = parseCheckpoints(readFileSync(checkpointFile(app.config), 'utf8'));
});
afterAll(() => app.close());

class Undo extends Error {}

/** What the verification says after somebody who owns the database did `harm` to it; then everything is as before. */
async function after(harm: (tx: Tx) => Promise<unknown>, checkpoints = shipped): Promise<AuditVerdict> {
  let verdict: AuditVerdict | undefined;
  await app.db
    .in(orgId)
    .tx(async (tx) => {
      await tx.exec('set local session_replication_role = replica');
      await harm(tx);
      verdict = await verifyLog(tx, orgId, checkpoints);
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  return verdict as AuditVerdict;
}

/** Gives the entries from `seq` on numbers and hashes that fit: what an attacker does who knows how the log is made. */
async function rechain(tx: Tx, seq: number): Promise<void> {
  const all = await readEntries(tx, orgId, 0, 1000);
  const kept = all.filter((one) => one.seq < seq);
  let last: { seq: number; hash: Buffer } = kept.at(-1) ?? { seq: 0, hash: origin };
  for (const entry of all.slice(kept.length)) {
    const next = { ...entry, seq: last.seq + 1, prev: last.hash };
    const hash = hashOf(orgId, next);
    await tx.exec('update audit_entry set seq = $3, prev = $4, hash = $5 where org_id = $1 and seq = $2', [
      orgId,
      entry.seq,
      next.seq,
      next.prev,
      hash,
    ]);
    last = { seq: next.seq, hash };
  }
}

const anySeq = fc.integer({ min: 1, max: total });
const signedSeq = fc.integer({ min: 1, max: signed });
const runs = { numRuns: 25 };

test('an untouched log is verified to its end, with and without checkpoints from elsewhere', async () => {
  const nothing = { entries: total, verifiedTo: total, checkpointedTo: signed, findings: [] };
  expect(await after(async () => {})).toMatchObject(nothing);
  expect(await after(async () => {}, [])).toMatchObject(nothing);
});

test('any changed field of any entry is found there', () =>
  fc.assert(
    fc.asyncProperty(
      anySeq,
      fc.constantFrom(
        `at = at + interval '1 ms'`,
        `actor_kind = 'nobody'`,
        `actor_id = gen_random_uuid()`,
        `act = 'session.ended'`,
        `subject_ids = subject_ids || gen_random_uuid(), subject_kinds = subject_kinds || 'user'::text`,
        `outcome = 'conflict'`,
        `prev = sha256(prev)`,
        `hash = sha256(hash)`,
      ),
      async (seq, change) => {
        const verdict = await after((tx) => tx.exec(`update audit_entry set ${change} where seq = $1`, [seq]), []);
        expect(verdict.findings).toContainEqual(expect.objectContaining({ kind: 'changed', seq }));
        expect(verdict.verifiedTo).toBeLessThan(seq);
      },
    ),
    runs,
  ));

test('entries removed from the midst are found', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: total - 6 }), fc.integer({ min: 1, max: 5 }), async (seq, count) => {
      const verdict = await after(
        (tx) => tx.exec('delete from audit_entry where seq between $1 and $2', [seq, seq + count - 1]),
        [],
      );
      expect(verdict.findings).toContainEqual(expect.objectContaining({ kind: 'removed', seq }));
      expect(verdict.verifiedTo).toBeLessThan(seq);
    }),
    runs,
  ));

test('two entries that changed places are found, and named as such', () =>
  fc.assert(
    fc.asyncProperty(anySeq, anySeq, async (a, b) => {
      fc.pre(a !== b);
      const verdict = await after(async (tx) => {
        await tx.exec('update audit_entry set seq = 1000000 where seq = $1', [a]);
        await tx.exec('update audit_entry set seq = $1 where seq = $2', [a, b]);
        await tx.exec('update audit_entry set seq = $1 where seq = 1000000', [b]);
      }, []);
      expect(verdict.findings).toContainEqual(expect.objectContaining({ kind: 'reordered', seq: Math.min(a, b) }));
    }),
    runs,
  ));

test('an entry changed, removed or put in before a checkpoint is found even where all hashes are made anew', () =>
  fc.assert(
    fc.asyncProperty(
      signedSeq,
      fc.constantFrom(
        `update audit_entry set outcome = 'conflict' where seq = $1`,
        `delete from audit_entry where seq = $1`,
        // Not its exact copy: one of the last signed entry would stand behind the checkpoint.
        `insert into audit_entry select org_id, 1000000, at, actor_kind, actor_id, actor_key, act, subject_kinds, subject_ids, 'conflict', prev, hash
         from audit_entry where seq = $1`,
      ),
      async (seq, change) => {
        const verdict = await after(async (tx) => {
          await tx.exec(change, [seq]);
          if (change.startsWith('insert')) await moveIn(tx, seq);
          await rechain(tx, seq);
        }, []);
        expect(verdict.findings.length).toBeGreaterThan(0);
        expect(verdict.verifiedTo).toBeLessThanOrEqual(seq);
      },
    ),
    runs,
  ));

/** Makes room at `seq` for the entry that waits at the end. */
async function moveIn(tx: Tx, seq: number): Promise<void> {
  await tx.exec('update audit_entry set seq = seq + 2000000 where seq between $1 and 999999', [seq]);
  await tx.exec('update audit_entry set seq = $1 where seq = 1000000', [seq]);
}

test('a log cut off before a checkpoint is found by the checkpoints of the database', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: signed - 1 }), async (left) => {
      const verdict = await after((tx) => tx.exec('delete from audit_entry where seq > $1', [left]), []);
      expect(verdict.findings).toContainEqual(expect.objectContaining({ kind: 'truncated', seq: left + 1 }));
      expect(verdict.verifiedTo).toBeLessThanOrEqual(left);
    }),
    runs,
  ));

test('one cut off together with the checkpoints of the database is found only by those kept elsewhere', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 }), async (kept) => {
      const harm = async (tx: Tx) => {
        await tx.exec('delete from audit_entry where seq > $1', [kept * 10]);
        await tx.exec('delete from audit_checkpoint where n > $1', [kept]);
      };
      expect((await after(harm, [])).findings).toEqual([]);
      const verdict = await after(harm);
      expect(verdict.findings).toContainEqual(expect.objectContaining({ kind: 'truncated', seq: kept * 10 + 1 }));
    }),
    runs,
  ));

test('what came after the last checkpoint can be cut off unseen: this is what the documentation says', async () => {
  expect((await after((tx) => tx.exec('delete from audit_entry where seq > $1', [signed]))).findings).toEqual([]);
});

test('a log written anew and signed with another key is found, by that key and by what was shipped', async () => {
  const forge = async (tx: Tx) => {
    const pair = generateKeyPairSync('ed25519');
    const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' });
    const id = keyIdOf(publicKey);
    await tx.exec('update audit_entry set actor_id = null');
    await rechain(tx, 1);
    const all = await readEntries(tx, orgId, 0, 1000);
    const old = await listCheckpoints(tx, orgId);
    await tx.exec('delete from audit_checkpoint');
    await tx.exec('update audit_key set id = $1, public_key = $2', [id, publicKey]);
    const last = all.at(-1);
    const made = signCheckpoint(
      { id, publicKey, privateKey: pair.privateKey },
      {
        ...(old[0] as AuditCheckpoint),
        to: last?.seq ?? 0,
        head: last?.hash.toString('hex') ?? '',
        key: id,
        publicKey: publicKey.toString('base64url'),
      },
    );
    await tx.exec(
      `insert into audit_checkpoint (org_id, n, at, from_seq, to_seq, head, root, prev, key_id, signature)
       values ($1, 1, now(), 1, $2, $3, $4, $5, $6, $7)`,
      [
        orgId,
        made.to,
        Buffer.from(made.head, 'hex'),
        Buffer.from(made.root, 'hex'),
        origin,
        id,
        Buffer.from(made.signature, 'base64url'),
      ],
    );
  };
  expect((await after(forge, [])).findings).toContainEqual(expect.objectContaining({ kind: 'key' }));
  const kinds = new Set((await after(forge)).findings.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['key', 'checkpoint', 'changed']));
});

test('a stub that nobody signed does not excuse removed entries', async () => {
  const verdict = await after(async (tx) => {
    await tx.exec(
      `insert into audit_stub select e.org_id, e.seq, now(), e.hash, k.id, decode(repeat('00', 64), 'hex')
       from audit_entry e, audit_key k where e.seq = 10`,
    );
    await tx.exec('delete from audit_entry where seq <= 10');
  });
  expect(verdict).toMatchObject({ verifiedTo: 0, findings: [{ kind: 'removed' }] });
});

test('a shipped checkpoint that was changed itself is told apart from a changed log', async () => {
  const [first, ...rest] = shipped as [AuditCheckpoint, ...AuditCheckpoint[]];
  const verdict = await after(async () => {}, [{ ...first, at: '2001-01-01T00:00:00.000Z' }, ...rest]);
  expect(new Set(verdict.findings.map(({ kind }) => kind))).toEqual(new Set(['checkpoint']));
  expect(checkpointHash(first)).toHaveLength(32);
});

test('a changed log is not signed over', async () => {
  await app.db.in(orgId).tx(async (tx) => {
    await tx.exec('set local session_replication_role = replica');
    await tx.exec(`update audit_entry set outcome = 'conflict' where seq = $1`, [total]);
  });
  await expect(app.audit.checkpoint(orgId)).rejects.toMatchObject({ code: 'audit-broken' });
});
