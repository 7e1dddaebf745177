import type { Db } from '../db/db.ts';

export interface DueLetter {
  id: string;
  sealed: Buffer;
  attempts: number;
}

/** False where the address had its share of letters within the hour. */
export const insertLetter = async (
  db: Db,
  letter: { id: string; recipient: Buffer; sealed: Buffer; minutes: number },
  mostPerHour: number,
): Promise<boolean> =>
  (await db.exec(
    `insert into letter (id, recipient, sealed, expires_at)
     select $1, $2, $3, now() + make_interval(mins => $4)
     where (select count(*) from letter where recipient = $2 and created_at > now() - interval '1 hour') < $5`,
    [letter.id, letter.recipient, letter.sealed, letter.minutes, mostPerHour],
  )) === 1;

/** Takes what is due for a while: a server that dies with it leaves it to the others. */
export const claimDue = (db: Db, most: number, leaseSeconds: number) =>
  db.many<DueLetter>(
    `update letter set attempts = attempts + 1, due_at = now() + make_interval(secs => $2)
     where id in (
       select id from letter where sealed is not null and due_at <= now() and expires_at > now()
       order by due_at limit $1 for update skip locked)
     returning id, sealed, attempts`,
    [most, leaseSeconds],
  );

/** Sent, or given up: what stays is that there was one. */
export const clearLetter = (db: Db, id: string) => db.exec('update letter set sealed = null where id = $1', [id]);

export const deferLetter = (db: Db, id: string, seconds: number) =>
  db.exec('update letter set due_at = now() + make_interval(secs => $2) where id = $1', [id, seconds]);

/** What came too late to be of use loses its content; what is older than the hour that is counted goes. */
export async function sweepLetters(db: Db): Promise<void> {
  await db.exec('update letter set sealed = null where sealed is not null and expires_at <= now()');
  await db.exec(`delete from letter where sealed is null and created_at < now() - interval '1 hour'`);
}
