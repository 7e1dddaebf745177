import type { Member, MemberPatch, MemberQuery } from '@rapport/protocol/members';
import type { Permission } from '@rapport/protocol/permissions';
import type { z } from 'zod';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Letter } from '../../platform/mail/letter.ts';
import type { AccessNews } from './accessNews.ts';
import { permissionsOf, requireAll } from './granting.ts';
import { findLoginByEmail, insertLogin } from './logins.store.ts';
import * as store from './members.store.ts';
import { permissionsOfRoles } from './permissions.ts';
import type { MemberRow } from './schema.ts';
import * as directory from './scim.store.ts';

export type MemberService = ReturnType<typeof createMemberService>;

interface MemberDeps {
  db: Database;
  audit: Audit;
  news: AccessNews;
  /** Sends a letter without being waited for. */
  post(letter: Letter): void;
}

const factorsLetter = (to: string, by: Actor): Letter => ({
  to,
  subject: 'Your second factor was reset',
  text: `${by.name ?? 'An administrator'} removed the second factor and the passkeys of your sign-in, and you were signed out everywhere. Sign in with your password or a link to this address, and set them up again.\n\nIf you did not ask for this, tell your administrators.\n`,
});

/** The members of an organisation's team. Removed ones are found nowhere but in logs. */
export function createMemberService({ db, audit, news, post }: MemberDeps) {
  /** Runs under the lock of the members, then tells all servers. Throws `not-found`, and `forbidden` for somebody above. */
  const change = async <T>(
    actor: Actor,
    id: string,
    act: 'member.changed' | 'member.removed' | 'login.factors-reset' | 'login.ended',
    work: (tx: Tx, row: MemberRow, actor: StaffActor) => Promise<T>,
  ) => {
    requireStaff(actor);
    const { orgId } = actor;
    return audit.acting(actor, act, { user: id }, async (tx) => {
      await store.lockMembers(tx, orgId);
      const row = await store.findMember(tx, orgId, id);
      if (!row) throw notFound();
      requireAll(actor, permissionsOfRoles(row.roles, row.custom_permissions));
      const result = await work(tx, row, actor);
      tx.afterCommit(() => news.changed(orgId));
      return result;
    });
  };

  const withAddress = async (orgId: string, members: KnownMember[]): Promise<Member[]> => {
    const ids = members.map(({ id }) => id);
    const addresses = await store.confirmedAddresses(db.everywhere, orgId, ids);
    return members.map((member) => ({ ...member, confirmedEmail: addresses.get(member.id) ?? null }));
  };
  const addressees = async (orgId: string) =>
    (await store.listAddressees(db.in(orgId), orgId)).map(({ id, email, roles, custom_permissions }) => ({
      id,
      email,
      permissions: permissionsOfRoles(roles, custom_permissions),
    }));
  const withOwnAddress = async (orgId: string, member: KnownMember): Promise<Member> => {
    const [whole] = await withAddress(orgId, [member]);
    if (!whole) throw notFound();
    return whole;
  };

  return {
    /** By name. */
    async list(actor: Actor, query: MemberQuery): Promise<{ items: Member[]; next: string | null }> {
      requireStaff(actor);
      const after = decodeCursor(query.cursor, 2);
      const rows = await store.listMembers(db.in(actor.orgId), actor.orgId, query.q, after, query.limit + 1);
      const page = toPage(rows, query.limit, store.toMember, (row) => encodeCursor(row.sort_key, row.id));
      return { ...page, items: await withAddress(actor.orgId, page.items) };
    },

    /** What an active member may do; null for anybody else. For services that act on a colleague's behalf. */
    async permissionsOf(orgId: string, id: string) {
      const row = await store.findMember(db.in(orgId), orgId, id);
      if (!row || row.status !== 'active') return null;
      return { name: row.name, permissions: new Set(permissionsOfRoles(row.roles, row.custom_permissions)) };
    },

    /** The addresses of those who may do this, but for one; for letters that this server writes by itself. */
    async addressesOf(orgId: string, permission: Permission, exceptId: string): Promise<string[]> {
      const all = await addressees(orgId);
      return all
        .filter(({ id, permissions }) => id !== exceptId && permissions.includes(permission))
        .map(({ email }) => email);
    },

    /** Everybody who can be written to, with what they may do. */
    addressees,

    /** Throws `not-found`. */
    async get(actor: Actor, id: string): Promise<Member> {
      requireStaff(actor);
      const row = await store.findMember(db.in(actor.orgId), actor.orgId, id);
      if (!row) throw notFound();
      return withOwnAddress(actor.orgId, store.toMember(row));
    },

    /**
     * Throws `not-found`, `taken`, `last-owner`, `invalid-body` for an unknown role, and `forbidden` where the actor lacks a
     * permission that the member has or would be given.
     */
    async update(actor: Actor, id: string, patch: MemberChange): Promise<Member> {
      requireStaff(actor);
      const changed = await change(actor, id, 'member.changed', (tx, row, staff) => applyChange(tx, row, staff, patch));
      return withOwnAddress(actor.orgId, changed);
    },

    /**
     * As a directory says it: makes the member where `id` is null, who then signs in through the organisation's provider or a
     * link to their address. Returns the id. Throws as `update`; `taken` also for the directory's own names.
     */
    async provision(actor: Actor, id: string | null, given: Provisioned): Promise<string> {
      requireStaff(actor);
      if (id === null) return addMember(db, audit, actor, given);
      await change(actor, id, 'member.changed', async (tx, row, staff) => {
        const { userName, externalId, ...patch } = given;
        await requireDirectoryFree(tx, staff.orgId, given, id);
        await applyChange(tx, row, staff, patch);
        await directory.setDirectoryNames(tx, staff.orgId, id, { userName, externalId });
      });
      return id;
    },

    /**
     * For whoever lost their second factor: it and the passkeys go, and they are signed out everywhere; the password stays. They
     * are written to, where their address is known. Throws `not-found`, `forbidden` for somebody above, and `wrong-state` where
     * the same sign-in belongs to a further organisation.
     */
    async resetFactors(actor: Actor, id: string): Promise<void> {
      const email = await change(actor, id, 'login.factors-reset', async (tx, row, { orgId }) => {
        if (!(await store.resetFactors(tx, orgId, id)))
          throw new AppError('wrong-state', {
            detail: 'Their sign-in is not this organisation’s alone, so it cannot be reset from here.',
          });
        return row.email;
      });
      if (email !== null) post(factorsLetter(email, actor));
    },

    /** Signs the member out on all devices. Throws `not-found`, `forbidden` for somebody above. */
    endLogins: (actor: Actor, id: string): Promise<void> =>
      change(actor, id, 'login.ended', async (tx, _row, { orgId }) => void (await store.deleteLogins(tx, orgId, id))),

    /** Throws `not-found`, `last-owner`, `forbidden`. */
    remove: (actor: Actor, id: string): Promise<void> =>
      change(actor, id, 'member.removed', async (tx, row, { orgId }) => {
        await requireOtherOwner(tx, orgId, row);
        await store.removeMember(tx, orgId, id);
      }),
  };
}

type MemberChange = z.output<typeof MemberPatch>;
/** As the organisation knows somebody, without what their sign-in says. */
type KnownMember = Omit<Member, 'confirmedEmail'>;

/** What a directory says of somebody. Without roles, they keep those they have. */
export interface Provisioned {
  name: string;
  email: string | null;
  status: 'active' | 'disabled';
  roles?: string[];
  userName: string;
  externalId: string | null;
}

async function applyChange(tx: Tx, row: MemberRow, staff: StaffActor, patch: MemberChange): Promise<KnownMember> {
  const { orgId } = staff;
  const { id } = row;
  const next = {
    id,
    name: patch.name ?? row.name,
    email: patch.email === undefined ? row.email : patch.email,
    status: patch.status ?? row.status,
  };
  await requireFree(tx, orgId, { id, name: patch.name ?? null, email: patch.email ?? null });
  const roles = patch.roles ?? row.roles;
  if (patch.roles) requireAll(staff, await permissionsOf(tx, orgId, roles));
  if (next.status === 'disabled' || !roles.includes('owner')) await requireOtherOwner(tx, orgId, row);
  await store.updateMember(tx, orgId, next);
  if (patch.roles) await store.setRoles(tx, orgId, id, roles);
  if (next.status === 'disabled') await store.deleteLogins(tx, orgId, id);
  const changed = await store.findMember(tx, orgId, id);
  if (!changed) throw notFound();
  return store.toMember(changed);
}

async function addMember(db: Database, audit: Audit, actor: StaffActor, given: Provisioned): Promise<string> {
  const { orgId } = actor;
  const id = newId();
  // A login stands above organisations.
  await db.everywhere.tx(async (tx) => {
    audit.record(tx, actor, 'member.provisioned', { user: id });
    await store.lockMembers(tx, orgId);
    requireAll(actor, await permissionsOf(tx, orgId, given.roles ?? []));
    await requireDirectoryFree(tx, orgId, given, null);
    await requireFree(tx, orgId, { id: null, name: given.name, email: given.email });
    const loginId = await loginForProvisioned(tx, orgId, { id, name: given.name, email: given.email });
    await store.insertMember(tx, orgId, { id, name: given.name, email: given.email, loginId });
    await store.updateMember(tx, orgId, { id, ...given });
    await store.setRoles(tx, orgId, id, given.roles ?? []);
    await directory.setDirectoryNames(tx, orgId, id, given);
  });
  return id;
}

/**
 * A new login without a password, or the one that the address has: if its holder proved that the address is theirs. Else
 * whoever first claimed it would come into this organisation in somebody's place.
 */
async function loginForProvisioned(tx: Tx, orgId: string, member: { id: string; name: string; email: string | null }) {
  const known = member.email === null ? undefined : await findLoginByEmail(tx, member.email);
  if (!known) {
    await insertLogin(tx, { ...member, verified: false });
    return member.id;
  }
  if (known.email_verified && !(await directory.loginBelongs(tx, orgId, known.id))) return known.id;
  throw new AppError('taken', {
    errors: [
      {
        pointer: '/email',
        message: 'A sign-in with this address exists and is not confirmed. Its holder confirms it by a sign-in link.',
      },
    ],
  });
}

async function requireDirectoryFree(tx: Tx, orgId: string, given: Provisioned, id: string | null): Promise<void> {
  if (await directory.directoryTaken(tx, orgId, given, id))
    throw new AppError('taken', { errors: [{ pointer: '/userName', message: 'Somebody else has it.' }] });
}

async function requireOtherOwner(tx: Tx, orgId: string, row: MemberRow): Promise<void> {
  if (!row.roles.includes('owner') || row.status !== 'active') return;
  if ((await store.countOtherOwners(tx, orgId, row.id)) === 0) throw new AppError('last-owner');
}

/** What somebody signs in with belongs to one member. Throws `taken`. */
export async function requireFree(
  tx: Tx,
  orgId: string,
  member: { id: string | null; name: string | null; email: string | null },
): Promise<void> {
  const field = async (pointer: string, login: string | null) => {
    if (login === null || !(await store.loginTaken(tx, orgId, login, member.id))) return;
    throw new AppError('taken', { errors: [{ pointer, message: 'Somebody else has it.' }] });
  };
  await field('/name', member.name);
  await field('/email', member.email);
}
