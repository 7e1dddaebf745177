import type { Database } from '../platform/db/db.ts';

/** From here on no use of a model can be written down. */
export async function breakCounting({ everywhere }: Database): Promise<void> {
  await everywhere.exec(
    `create function refuse_usage() returns trigger language plpgsql as $$ begin raise 'not now'; end $$`,
  );
  await everywhere.exec(
    'create trigger refuse_usage before insert on usage_hour for each statement execute function refuse_usage()',
  );
}

export const mendCounting = ({ everywhere }: Database): Promise<number> =>
  everywhere.exec('drop function refuse_usage cascade');
