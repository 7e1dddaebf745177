import type { Price } from '@rapport/protocol/inference';
import type { Db } from '../../platform/db/db.ts';
import type { PriceRow } from './schema.ts';

export const listPrices = (db: Db, orgId: string) =>
  db.many<PriceRow>('select model, input, output, cached from price where org_id = $1 order by model', [orgId]);

export const putPrice = (db: Db, orgId: string, price: Price) =>
  db.one<PriceRow>(
    `insert into price (org_id, model, input, output, cached) values ($1, $2, $3, $4, $5)
     on conflict (org_id, model) do update
       set input = excluded.input, output = excluded.output, cached = excluded.cached
     returning model, input, output, cached`,
    [orgId, price.model, price.input, price.output, price.cached],
  );
