import { createAdapterFactory, type CleanedWhere } from 'better-auth/adapters';
import type { Database } from '../../platform/db/db.ts';
import { hashLoginToken } from './logins.shared.ts';

type Row = Record<string, unknown>;
type Where = CleanedWhere;

const sessions = 'login_session';

const quote = (name: string): string => {
  if (!/^[a-z_]+$/.test(name)) throw new Error(`${name} names no column of ours`);
  return `"${name}"`;
};

/** Without a condition a change would meet every row. */
const changes = { required: true };

const comparisons: Record<string, string> = { ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' };

/** Conditions as the library states them. Texts stay few, as it asks few questions, so each is prepared once. */
function createConditions(
  model: string,
  where: readonly Where[] = [],
  values: unknown[] = [],
  { required = false } = {},
) {
  const hashed = (field: string, value: unknown) =>
    model === sessions && field === 'token' && typeof value === 'string' ? hashLoginToken(value) : value;
  const one = ({ field, operator, value }: Where): string => {
    const column = quote(field);
    if (value === null) return `${column} is ${operator === 'ne' ? 'not ' : ''}null`;
    if (operator === 'in' || operator === 'not_in') {
      const list = (Array.isArray(value) ? value : [value]).map((each) => hashed(field, each));
      values.push(list);
      return `${operator === 'in' ? '' : 'not '}${column} = any($${values.length})`;
    }
    const comparison = !operator || operator === 'eq' ? '=' : comparisons[operator];
    if (!comparison) throw new Error(`${operator} is not asked of this table`);
    values.push(hashed(field, value));
    return `${column} ${comparison} $${values.length}`;
  };
  const all = where.filter((each) => each.connector !== 'OR').map(one);
  const any = where.filter((each) => each.connector === 'OR').map(one);
  if (required && where.length === 0) throw new Error(`a change of ${model} must say which rows`);
  const parts = [...all, ...(any.length > 0 ? [`(${any.join(' or ')})`] : [])];
  return { text: parts.length > 0 ? ` where ${parts.join(' and ')}` : '', values };
}

/** The token as it was asked for: the table cannot give it back. */
function askedToken(model: string, where: readonly Where[] = []): string | undefined {
  if (model !== sessions) return undefined;
  const asked = where.find(({ field, operator }) => field === 'token' && (!operator || operator === 'eq'))?.value;
  return typeof asked === 'string' ? asked : undefined;
}

const withToken = <T>(row: Row | undefined, token: string | undefined): T | null =>
  row ? ((token === undefined ? row : { ...row, token }) as T) : null;

function assignments(row: Row, values: unknown[]): string {
  return Object.entries(row)
    .map(([field, value]) => {
      values.push(value);
      return `${quote(field)} = $${values.length}`;
    })
    .join(', ');
}

/** The sign-in library's way to the database: our pool, our scopes, tables of our own migrations. */
export function createLoginAdapter(db: Database) {
  const all = db.everywhere;
  const changeOne = async <T>(model: string, where: readonly Where[], change: (values: unknown[]) => string) => {
    const values: unknown[] = [];
    const set = change(values);
    const conditions = createConditions(model, where, values, changes);
    // The narrowest row that fits, so that two who race change it once each.
    const row = await all.maybe<Row>(
      `update ${quote(model)} set ${set} where id = (select id from ${quote(model)}${conditions.text} limit 1 for update)
       returning *`,
      values,
    );
    return withToken<T>(row, askedToken(model, where));
  };
  return createAdapterFactory({
    // Dates travel as ISO strings in the whole server.
    config: { adapterId: 'rapport', supportsDates: false, supportsNumericIds: false, supportsJSON: false },
    adapter: ({ getFieldName }) => ({
      async create<T extends Row>({ model, data }: { model: string; data: T }) {
        const stored: Row = { ...data };
        if (model === sessions && typeof data['token'] === 'string') stored['token'] = hashLoginToken(data['token']);
        const columns = Object.keys(stored);
        const row = await all.one<Row>(
          `insert into ${quote(model)} (${columns.map(quote).join(', ')})
           values (${columns.map((_, at) => `$${at + 1}`).join(', ')}) returning *`,
          Object.values(stored),
        );
        return (model === sessions ? { ...row, token: data['token'] } : row) as T;
      },
      async findOne<T>({ model, where }: { model: string; where: Where[] }) {
        const { text, values } = createConditions(model, where);
        const row = await all.maybe<Row>(`select * from ${quote(model)}${text} limit 1`, values);
        return withToken<T>(row, askedToken(model, where));
      },
      async findMany<T>(asked: {
        model: string;
        where?: Where[] | undefined;
        limit: number;
        sortBy?: { field: string; direction: 'asc' | 'desc' } | undefined;
        offset?: number | undefined;
      }) {
        const { model, where, limit, sortBy, offset = 0 } = asked;
        const { text, values } = createConditions(model, where);
        const by = sortBy && quote(getFieldName({ model, field: sortBy.field }));
        const order = by ? ` order by ${by} ${sortBy.direction === 'desc' ? 'desc' : 'asc'}` : '';
        const page = ` limit $${values.length + 1} offset $${values.length + 2}`;
        return all.many<T>(`select * from ${quote(model)}${text}${order}${page}`, [...values, limit, offset]);
      },
      async count({ model, where }: { model: string; where?: Where[] | undefined }) {
        const { text, values } = createConditions(model, where);
        return (await all.one<{ n: number }>(`select count(*) as n from ${quote(model)}${text}`, values)).n;
      },
      update: <T>({ model, where, update }: { model: string; where: Where[]; update: T }) =>
        changeOne<T>(model, where, (values) => assignments(update as Row, values)),
      incrementOne: <T>(asked: {
        model: string;
        where: Where[];
        increment: Record<string, number>;
        set?: Row | undefined;
      }) =>
        changeOne<T>(asked.model, asked.where, (values) => {
          const steps = Object.entries(asked.increment).map(([field, by]) => {
            values.push(by);
            return `${quote(field)} = coalesce(${quote(field)}, 0) + $${values.length}`;
          });
          return [...steps, ...(asked.set ? [assignments(asked.set, values)] : [])].join(', ');
        }),
      async updateMany({ model, where, update }: { model: string; where: Where[]; update: Row }) {
        const values: unknown[] = [];
        const set = assignments(update, values);
        return all.exec(
          `update ${quote(model)} set ${set}${createConditions(model, where, values, changes).text}`,
          values,
        );
      },
      async delete({ model, where }: { model: string; where: Where[] }) {
        const { text, values } = createConditions(model, where, [], changes);
        await all.exec(`delete from ${quote(model)}${text}`, values);
      },
      async deleteMany({ model, where }: { model: string; where: Where[] }) {
        const { text, values } = createConditions(model, where, [], changes);
        return all.exec(`delete from ${quote(model)}${text}`, values);
      },
      async consumeOne<T>({ model, where }: { model: string; where: Where[] }) {
        const { text, values } = createConditions(model, where, [], changes);
        const row = await all.maybe<Row>(
          `delete from ${quote(model)} where id = (select id from ${quote(model)}${text} limit 1 for update) returning *`,
          values,
        );
        return withToken<T>(row, askedToken(model, where));
      },
    }),
  });
}
