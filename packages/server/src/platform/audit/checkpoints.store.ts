import type { AuditCheckpoint } from '@rapport/protocol/audit';
import type { Db } from '../db/db.ts';

interface CheckpointRow {
  n: number;
  at: string;
  from_seq: number;
  to_seq: number;
  head: Buffer;
  root: Buffer;
  prev: Buffer;
  key_id: string;
  public_key: Buffer;
  signature: Buffer;
}

const toCheckpoint = (orgId: string, row: CheckpointRow): AuditCheckpoint => ({
  v: 1,
  org: orgId,
  n: row.n,
  at: row.at,
  from: row.from_seq,
  to: row.to_seq,
  head: row.head.toString('hex'),
  root: row.root.toString('hex'),
  prev: row.prev.toString('hex'),
  key: row.key_id,
  publicKey: row.public_key.toString('base64url'),
  signature: row.signature.toString('base64url'),
});

const columns = 'c.n, c.at, c.from_seq, c.to_seq, c.head, c.root, c.prev, c.key_id, k.public_key, c.signature';

export async function newestCheckpoint(db: Db, orgId: string): Promise<AuditCheckpoint | undefined> {
  const row = await db.maybe<CheckpointRow>(
    `select ${columns} from audit_checkpoint c join audit_key k on k.org_id = c.org_id and k.id = c.key_id
     where c.org_id = $1 order by c.n desc limit 1`,
    [orgId],
  );
  return row && toCheckpoint(orgId, row);
}

export const listCheckpoints = async (db: Db, orgId: string): Promise<AuditCheckpoint[]> =>
  (
    await db.many<CheckpointRow>(
      `select ${columns} from audit_checkpoint c join audit_key k on k.org_id = c.org_id and k.id = c.key_id
       where c.org_id = $1 order by c.n`,
      [orgId],
    )
  ).map((row) => toCheckpoint(orgId, row));

export const insertCheckpoint = (db: Db, c: AuditCheckpoint) =>
  db.exec(
    `insert into audit_checkpoint (org_id, n, at, from_seq, to_seq, head, root, prev, key_id, signature)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      c.org,
      c.n,
      c.at,
      c.from,
      c.to,
      Buffer.from(c.head, 'hex'),
      Buffer.from(c.root, 'hex'),
      Buffer.from(c.prev, 'hex'),
      c.key,
      Buffer.from(c.signature, 'base64url'),
    ],
  );

/** Oldest first. */
export const unshipped = async (db: Db, orgId: string, sink: string, limit: number): Promise<AuditCheckpoint[]> =>
  (
    await db.many<CheckpointRow>(
      `select ${columns} from audit_checkpoint c join audit_key k on k.org_id = c.org_id and k.id = c.key_id
       where c.org_id = $1 and c.n > coalesce((select max(s.n) from audit_shipment s where s.org_id = $1 and s.sink = $2), 0)
       order by c.n limit $3`,
      [orgId, sink, limit],
    )
  ).map((row) => toCheckpoint(orgId, row));

export const insertShipment = (db: Db, orgId: string, n: number, sink: string) =>
  db.exec('insert into audit_shipment (org_id, n, sink) values ($1, $2, $3) on conflict do nothing', [orgId, n, sink]);

/** Up to which entry a sink has taken checkpoints; 0: none. */
export const shippedTo = async (db: Db, orgId: string, sink: string): Promise<number> =>
  (
    await db.one<{ seq: number }>(
      `select coalesce(max(c.to_seq), 0) as seq from audit_shipment s
       join audit_checkpoint c on c.org_id = s.org_id and c.n = s.n where s.org_id = $1 and s.sink = $2`,
      [orgId, sink],
    )
  ).seq;

/** Above all organisations. */
export const orgsWithUnshipped = async (db: Db, sink: string): Promise<string[]> =>
  (
    await db.many<{ id: string }>(
      `select o.id from org o
       where coalesce((select max(c.n) from audit_checkpoint c where c.org_id = o.id), 0)
         > coalesce((select max(s.n) from audit_shipment s where s.org_id = o.id and s.sink = $1), 0)`,
      [sink],
    )
  ).map(({ id }) => id);

/** Above all organisations: those whose log has grown since it was last signed. */
export const orgsToSign = async (db: Db): Promise<string[]> =>
  (
    await db.many<{ id: string }>(
      `select o.id from org o
       where coalesce((select max(e.seq) from audit_entry e where e.org_id = o.id), 0)
         > coalesce((select max(c.to_seq) from audit_checkpoint c where c.org_id = o.id), 0)`,
    )
  ).map(({ id }) => id);

export interface KeyRow {
  id: string;
  public_key: Buffer;
  private_key: Buffer;
}

export const newestKey = (db: Db, orgId: string) =>
  db.maybe<KeyRow>(
    'select id, public_key, private_key from audit_key where org_id = $1 order by created_at desc, id limit 1',
    [orgId],
  );

export const listKeys = (db: Db, orgId: string) =>
  db.many<KeyRow>('select id, public_key, private_key from audit_key where org_id = $1', [orgId]);

export const insertKey = (db: Db, orgId: string, key: KeyRow) =>
  db.exec('insert into audit_key (org_id, id, public_key, private_key) values ($1, $2, $3, $4)', [
    orgId,
    key.id,
    key.public_key,
    key.private_key,
  ]);

export interface StubRow {
  through_seq: number;
  at: string;
  hash: Buffer;
  key_id: string;
  public_key: Buffer;
  signature: Buffer;
}

export const newestStub = (db: Db, orgId: string) =>
  db.maybe<StubRow>(
    `select s.through_seq, s.at, s.hash, s.key_id, k.public_key, s.signature
     from audit_stub s join audit_key k on k.org_id = s.org_id and k.id = s.key_id
     where s.org_id = $1 order by s.through_seq desc limit 1`,
    [orgId],
  );

export const insertStub = (db: Db, orgId: string, stub: Omit<StubRow, 'public_key'>) =>
  db.exec('insert into audit_stub (org_id, through_seq, at, hash, key_id, signature) values ($1, $2, $3, $4, $5, $6)', [
    orgId,
    stub.through_seq,
    stub.at,
    stub.hash,
    stub.key_id,
    stub.signature,
  ]);

/** The newest checkpoint whose entries are all older than this, with the hash of its last entry; one entry stays behind it. */
export const newestBefore = (db: Db, orgId: string, before: string) =>
  db.maybe<{ to: number; head: Buffer }>(
    `select c.to_seq as to, c.head from audit_checkpoint c
     join audit_entry e on e.org_id = c.org_id and e.seq = c.to_seq
     where c.org_id = $1 and e.at < $2
       and exists (select 1 from audit_entry l where l.org_id = c.org_id and l.seq > c.to_seq)
     order by c.n desc limit 1`,
    [orgId, before],
  );

/** What `trim` would take away now. */
export const countBefore = (db: Db, orgId: string, through: number) =>
  db.one<{ count: number; oldest: string | null }>(
    'select count(*) as count, min(at) as oldest from audit_entry where org_id = $1 and seq <= $2',
    [orgId, through],
  );

export const trim = async (db: Db, orgId: string, through: number): Promise<number> =>
  (await db.one<{ gone: number }>('select audit_trim($1, $2) as gone', [orgId, through])).gone;
