import { createHmac } from 'node:crypto';
import pg from 'pg';
import { StartupError } from '../startupError.ts';
import { migrate } from './migrate.ts';

// Any fixed number: two servers that start at once must not both migrate.
const lockKey = 7_204_310;

export interface Prepared {
  /** For everything but migrations: a login that owns no table and that row-level security binds. */
  app: pg.PoolConfig;
  /** Names of the migrations that ran. */
  migrated: string[];
}

/** Brings the database to this version's form as its owner and makes the login the server works with. */
export async function prepareDatabase(config: pg.PoolConfig): Promise<Prepared> {
  const owner = new pg.Client(config);
  owner.on('error', () => {});
  await owner.connect();
  try {
    await owner.query('select pg_advisory_lock($1)', [lockKey]);
    const migrated = await migrate(owner);
    return { migrated, app: await appLogin(owner, config, migrated.length > 0) };
  } finally {
    await owner.end();
  }
}

interface Powers {
  name: string;
  database: string;
  super: boolean;
  bypasses: boolean;
  creates: boolean;
}

async function appLogin(owner: pg.Client, config: pg.PoolConfig, changed: boolean): Promise<pg.PoolConfig> {
  const { rows } = await owner.query<Powers>(
    `select rolname as name, current_database() as database, rolsuper as super, rolbypassrls as bypasses,
       rolcreaterole or rolsuper as creates
     from pg_roles where rolname = current_user`,
  );
  const powers = rows[0] as Powers;
  const name = `${powers.name}_app`;
  // The same on every server that shares the database, and no second secret to keep.
  const password = createHmac('sha256', String(owner.password ?? ''))
    .update(name)
    .digest('base64url');
  const app = { ...asParts(owner), user: name, password };
  const exists = await canLogIn(app);
  if (!powers.creates && !exists) {
    // Forced policies bind an owner, too, as long as nothing lifts it above them.
    if (!powers.bypasses) return config;
    throw new StartupError(
      `The database login ${powers.name} stands above row-level security.`,
      'Take BYPASSRLS from it, or give it CREATEROLE so that Rapport can make a login of its own.',
    );
  }
  if (!exists) await makeLogin(owner, name, password);
  if (!exists || changed) await grant(owner, name, powers.database);
  if (exists || (await canLogIn(app))) return app;
  // The server's own rules (pg_hba.conf) keep the new login out: work as the old one, bound like the new one.
  await owner.query(`grant ${quote(name)} to ${quote(powers.name)}`);
  return { ...config, options: `-c role=${name}` };
}

const quote = pg.escapeIdentifier;

/** Where a client is connected, whichever way it was told. */
const asParts = (client: pg.Client): pg.PoolConfig => ({
  host: client.host,
  port: client.port,
  database: client.database ?? '',
  ssl: client.ssl,
});

async function canLogIn(config: pg.PoolConfig): Promise<boolean> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  try {
    await client.connect();
    // A login without rights in this database was made for another one of the same server.
    await client.query('select 1 from org limit 1');
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && (error.code?.startsWith('28') || error.code === '42501')) return false;
    throw error;
  } finally {
    await client.end();
  }
}

const powersOf = `select rolsuper as superuser, rolbypassrls as bypassrls, rolcreatedb as createdb, rolcreaterole as createrole
  from pg_roles where rolname = $1`;

/** Only a superuser may take a power from a login, or even say that it has none; one made for another database has none. */
async function makeLogin(owner: pg.Client, name: string, password: string): Promise<void> {
  const { rows } = await owner.query<Record<string, boolean>>(powersOf, [name]);
  const none = { superuser: true, bypassrls: true, createdb: true, createrole: true };
  const taken = Object.entries(rows[0] ?? none).flatMap(([power, has]) => (has ? [`no${power}`] : []));
  const verb = rows.length > 0 ? 'alter' : 'create';
  await owner.query(`${verb} role ${quote(name)} login ${taken.join(' ')} password ${pg.escapeLiteral(password)}`);
}

async function grant(owner: pg.Client, name: string, database: string): Promise<void> {
  const to = quote(name);
  await owner.query(`grant connect on database ${quote(database)} to ${to}`);
  await owner.query(`grant usage on schema public to ${to}`);
  await owner.query(`grant select, insert, update, delete on all tables in schema public to ${to}`);
  await owner.query(`revoke all on migration from ${to}`);
  const { rows } = await owner.query<{ name: string }>(
    `select tgrelid::regclass::text as name from pg_trigger where tgname = 'append_only'`,
  );
  for (const { name: table } of rows) await owner.query(`revoke update, delete on ${table} from ${to}`);
}
