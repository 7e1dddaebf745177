import { createHash } from 'node:crypto';
import type { Db } from '../db/db.ts';
import type { Share } from './counters.ts';

/** Addresses and names are people's: what is shared is only good for comparing. */
const bucketOf = (key: string): Buffer => createHash('sha256').update(key).digest().subarray(0, 16);

/** Adds what this server counted and returns what all of them did, in the same order. */
export async function shareCounts(db: Db, shares: readonly Share[]): Promise<number[]> {
  const rows = await db.many<{ bucket: Buffer; count: number }>(
    `insert into rate_count (bucket, minute, count)
     select * from unnest($1::bytea[], $2::bigint[], $3::int[]) as x(bucket, minute, count) order by 1, 2
     on conflict (bucket, minute) do update set count = rate_count.count + excluded.count
     returning bucket, count`,
    [shares.map((one) => bucketOf(one.key)), shares.map((one) => one.window), shares.map((one) => one.count)],
  );
  const totals = new Map(rows.map((row) => [row.bucket.toString('hex'), row.count]));
  return shares.map((one) => totals.get(bucketOf(one.key).toString('hex')) ?? one.count);
}

export const removeOldCounts = (db: Db, before: number): Promise<number> =>
  db.exec('delete from rate_count where minute < $1', [before]);
