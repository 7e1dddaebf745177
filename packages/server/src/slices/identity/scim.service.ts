import { builtInRoles } from '@rapport/protocol/permissions';
import {
  scimSchemas,
  ScimUserModel,
  type ScimOperation,
  type ScimQuery,
  type ScimUser,
  type ScimUserWrite,
} from '@rapport/protocol/scim';
import type { z } from 'zod';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Database, Db } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import type { MemberService } from './members.service.ts';
import * as members from './members.store.ts';
import { permissionsOfMember } from './permissions.ts';
import type { DirectoryUserRow } from './schema.ts';
import { emailOf, nameOf, patchUser, readFilter } from './scim.patch.ts';
import * as store from './scim.store.ts';

export type ScimUserService = ReturnType<typeof createScimUserService>;

const mostListed = 200;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface ScimPage<T> {
  schemas: string[];
  totalResults: number;
  startIndex: number;
  itemsPerPage: number;
  Resources: T[];
}

/** A page as RFC 7644 counts it: from 1, and 0 asks for the total alone. */
export async function scimPage<Row, T>(
  { startIndex, count }: ScimQuery,
  filter: { id?: string },
  ask: { total(): Promise<number>; rows(offset: number, limit: number): Promise<Row[]>; shown(row: Row): T },
): Promise<ScimPage<T>> {
  const from = Math.max(1, startIndex);
  const limit = Math.min(mostListed, Math.max(0, count));
  const none = filter.id !== undefined && !uuid.test(filter.id);
  const [total, rows] = none ? [0, []] : await Promise.all([ask.total(), limit ? ask.rows(from - 1, limit) : []]);
  return {
    schemas: [scimSchemas.list],
    totalResults: total,
    startIndex: from,
    itemsPerPage: rows.length,
    Resources: rows.map((row) => ask.shown(row)),
  };
}

/** Throws `invalid-body`, naming the first field at fault. */
export function checked<T extends z.ZodType>(model: T, value: unknown): z.output<T> {
  const { data, error } = model.safeParse(value);
  if (!error) return data;
  throw new AppError('invalid-body', {
    errors: error.issues.slice(0, 20).map(({ path, message }) => ({ pointer: `/${path.join('/')}`, message })),
  });
}

/**
 * A directory acts with what the member whose key it uses may do at this moment, also with what no key can be given, so that
 * it can give a role that holds such a permission. Owners stay out of its reach.
 */
export async function directoryActor(db: Db, actor: Actor): Promise<StaffActor> {
  requireStaff(actor);
  const row = await members.findMember(db, actor.orgId, actor.userId);
  if (!row) throw notFound();
  const permissions = new Set(permissionsOfMember(row.roles, row.custom_permissions));
  permissions.delete('organisation.own');
  return { ...actor, permissions };
}

/** The role of this name, as members hold it. */
export async function roleNamed(db: Db, orgId: string, name: string): Promise<string | null> {
  const builtIn = name.toLowerCase();
  if (Object.hasOwn(builtInRoles, builtIn)) return builtIn;
  return (await store.findRoleByName(db, orgId, name))?.id ?? null;
}

const locationOf = (base: string, id: string) => `${base}/Users/${id}`;

function toUser(row: DirectoryUserRow, base: string): ScimUser {
  return {
    schemas: [scimSchemas.user],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    userName: row.user_name,
    displayName: row.name,
    name: { formatted: row.name },
    emails: row.email === null ? [] : [{ value: row.email, type: 'work', primary: true }],
    active: row.status === 'active',
    roles: row.roles.map((value) => ({ value })),
    groups: row.teams.map(({ id, name }) => ({ value: id, display: name })),
    meta: { resourceType: 'User', created: row.created_at, location: locationOf(base, row.id) },
  };
}

const toModel = (row: DirectoryUserRow): ScimUserModel => ({
  userName: row.user_name,
  externalId: row.external_id,
  name: row.name,
  email: row.email,
  active: row.status === 'active',
  roles: row.roles,
});

/** What a whole user says; `before` is what stands for what it leaves open. */
const readUser = (body: ScimUserWrite, before: ScimUserModel | null): ScimUserModel =>
  checked(ScimUserModel, {
    userName: body.userName,
    externalId: body.externalId ?? null,
    name: nameOf(body) ?? before?.name ?? body.userName.slice(0, 120),
    email: body.emails ? emailOf(body.emails) : body.userName.includes('@') ? body.userName : null,
    active: body.active ?? before?.active ?? true,
    roles: body.roles?.map(({ value }) => value) ?? before?.roles ?? null,
  });

const same = (a: ScimUserModel, b: ScimUserModel): boolean =>
  a.userName === b.userName &&
  a.externalId === b.externalId &&
  a.name === b.name &&
  a.email === b.email &&
  a.active === b.active &&
  (b.roles === null || [...(a.roles ?? [])].sort().join('\n') === [...b.roles].sort().join('\n'));

/** Members as a directory provisions them over SCIM 2.0. `base` is the address under which the client reached this. */
export function createScimUserService({ db, members: service }: { db: Database; members: MemberService }) {
  const find = async (orgId: string, id: string): Promise<DirectoryUserRow> => {
    const [row] = uuid.test(id) ? await store.listUsers(db.in(orgId), orgId, { id }, 0, 1) : [];
    if (!row) throw notFound();
    return row;
  };

  const rolesNamed = async (orgId: string, names: readonly string[]): Promise<string[]> => {
    const found = await Promise.all(names.map((name) => roleNamed(db.in(orgId), orgId, name)));
    if (found.includes(null))
      throw new AppError('invalid-body', {
        errors: [{ pointer: '/roles', message: 'There is no role of this name.' }],
      });
    return [...new Set(found)].filter((role) => role !== null);
  };

  /** Two people of one name can be told apart in lists and at the sign-in by what the directory calls them. */
  const freeName = async (orgId: string, id: string | null, { name, userName }: ScimUserModel): Promise<string> =>
    (await members.loginTaken(db.in(orgId), orgId, name, id))
      ? `${name.slice(0, 60)} (${userName})`.slice(0, 120)
      : name;

  const save = async (actor: Actor, row: DirectoryUserRow | null, wanted: ScimUserModel): Promise<string> => {
    const { orgId } = actor;
    const id = row?.id ?? null;
    const next = { ...wanted, name: await freeName(orgId, id, wanted) };
    if (row && same(toModel(row), next)) return row.id;
    const roles = next.roles === null ? {} : { roles: await rolesNamed(orgId, next.roles) };
    const { name, email, userName, externalId } = next;
    const status = next.active ? 'active' : 'disabled';
    const acting = await directoryActor(db.in(orgId), actor);
    return service.provision(acting, id, { name, email, status, userName, externalId, ...roles });
  };

  return {
    /** Throws `invalid-body` for another filter than equality of a name or an id. */
    async list(actor: Actor, query: ScimQuery, base: string): Promise<ScimPage<ScimUser>> {
      requireStaff(actor);
      const { orgId } = actor;
      const filter = readFilter(query.filter, ['userName', 'externalId', 'id']);
      return scimPage(query, filter, {
        total: () => store.countUsers(db.in(orgId), orgId, filter),
        rows: (offset, limit) => store.listUsers(db.in(orgId), orgId, filter, offset, limit),
        shown: (row) => toUser(row, base),
      });
    },

    /** Throws `not-found`. */
    async get(actor: Actor, id: string, base: string): Promise<ScimUser> {
      requireStaff(actor);
      return toUser(await find(actor.orgId, id), base);
    },

    /** Throws `taken`, `invalid-body`, and `forbidden` for a role that gives more than the key's maker has. */
    async create(actor: Actor, body: ScimUserWrite, base: string): Promise<ScimUser> {
      requireStaff(actor);
      const id = await save(actor, null, readUser(body, null));
      return toUser(await find(actor.orgId, id), base);
    },

    /** What is the same changes nothing. Throws as `create`, `not-found`, `last-owner`, and `forbidden` for an owner. */
    async replace(actor: Actor, id: string, body: ScimUserWrite, base: string): Promise<ScimUser> {
      requireStaff(actor);
      const row = await find(actor.orgId, id);
      await save(actor, row, readUser(body, toModel(row)));
      return toUser(await find(actor.orgId, id), base);
    },

    /** As `replace`. */
    async patch(actor: Actor, id: string, operations: ScimOperation[], base: string): Promise<ScimUser> {
      requireStaff(actor);
      const row = await find(actor.orgId, id);
      await save(actor, row, checked(ScimUserModel, patchUser(toModel(row), operations)));
      return toUser(await find(actor.orgId, id), base);
    },

    /** Throws `not-found`, `forbidden` for an owner. */
    async remove(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      const row = await find(actor.orgId, id);
      await service.remove(await directoryActor(db.in(actor.orgId), actor), row.id);
    },
  };
}
