import {
  ScimGroupModel,
  scimSchemas,
  type ScimGroup,
  type ScimGroupWrite,
  type ScimOperation,
  type ScimQuery,
} from '@rapport/protocol/scim';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import type { MemberService } from './members.service.ts';
import type { DirectoryGroupRow } from './schema.ts';
import { patchGroup, readFilter } from './scim.patch.ts';
import { checked, directoryActor, roleNamed, scimPage, type ScimPage } from './scim.service.ts';
import * as store from './scim.store.ts';
import type { TeamService } from './teams.service.ts';
import { knownMembers } from './teams.store.ts';

export type ScimGroupService = ReturnType<typeof createScimGroupService>;

interface Deps {
  db: Database;
  audit: Audit;
  members: MemberService;
  teams: TeamService;
}

function toGroup(row: DirectoryGroupRow, base: string, withMembers = true): ScimGroup {
  return {
    schemas: [scimSchemas.group],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    displayName: row.name,
    ...(withMembers
      ? { members: row.members.map(({ id, name }) => ({ value: id, display: name, type: 'User' })) }
      : {}),
    meta: { resourceType: 'Group', created: row.created_at, location: `${base}/Groups/${row.id}` },
  };
}

const idsOf = (row: DirectoryGroupRow): string[] => row.members.map(({ id }) => id);

/** Whether a client, as Entra ID does, wants groups without those in them. */
const wantsMembers = ({ excludedAttributes }: Pick<ScimQuery, 'excludedAttributes'>): boolean =>
  !excludedAttributes
    ?.toLowerCase()
    .split(/[\s,]+/)
    .includes('members');

/** Teams as a directory provisions them. A group with the name of a role gives that role to whoever is in it. */
export function createScimGroupService({ db, audit, members, teams }: Deps) {
  const find = async (orgId: string, id: string): Promise<DirectoryGroupRow> => {
    const known = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
    const [row] = known ? await store.listGroups(db.in(orgId), orgId, { id }, 0, 1) : [];
    if (!row) throw notFound();
    return row;
  };

  const setExternalId = (actor: Actor, id: string, externalId: string | null) =>
    audit.acting(actor, 'team.changed', { team: id }, async (tx) => {
      if ((await store.setGroupExternalId(tx, actor.orgId, id, externalId)) === 0)
        throw new AppError('taken', { errors: [{ pointer: '/externalId', message: 'Another group has it.' }] });
    });

  /** All of `inside` have the role of the group's name, and none of those who left has. Owners are left as they are. */
  const giveRole = async (actor: Actor, group: string, inside: readonly string[], left: readonly string[]) => {
    const role = await roleNamed(db.in(actor.orgId), actor.orgId, group);
    if (role === null || role === 'owner') return;
    const acting = await directoryActor(db.in(actor.orgId), actor);
    for (const id of [...inside, ...left]) {
      const member = await members.get(acting, id).catch(() => null);
      if (!member || member.roles.includes('owner')) continue;
      const roles = inside.includes(id)
        ? [...new Set([...member.roles, role])]
        : member.roles.filter((r) => r !== role);
      if (roles.length !== member.roles.length) await members.update(acting, id, { roles });
    }
  };

  /** `next` is given the group as it stands under its lock, so that two changes at once do not undo each other. */
  const save = async (actor: Actor, id: string, next: (now: ScimGroupModel) => ScimGroupModel) => {
    const row = await find(actor.orgId, id);
    const before = idsOf(row);
    const now = { displayName: row.name, externalId: row.external_id, members: before };
    const wanted = next(now);
    if (wanted.displayName !== row.name) await teams.rename(actor, id, wanted.displayName);
    if (wanted.externalId !== row.external_id) await setExternalId(actor, id, wanted.externalId);
    let inside = before;
    if (wanted.members.join() !== before.join()) {
      const changed = await teams.setMembers(actor, id, (present) => next({ ...now, members: [...present] }).members);
      inside = changed.members.map((member) => member.id);
    }
    await giveRole(
      actor,
      wanted.displayName,
      inside,
      before.filter((one) => !inside.includes(one)),
    );
  };

  const readGroup = (body: ScimGroupWrite, now: ScimGroupModel | null): ScimGroupModel => ({
    displayName: body.displayName,
    externalId: body.externalId ?? null,
    members: [...new Set(body.members?.map(({ value }) => value) ?? now?.members ?? [])],
  });

  return {
    /** Throws `invalid-body` for another filter than equality of a name or an id. */
    async list(actor: Actor, query: ScimQuery, base: string): Promise<ScimPage<ScimGroup>> {
      requireStaff(actor);
      const { orgId } = actor;
      const filter = readFilter(query.filter, ['displayName', 'externalId', 'id']);
      return scimPage(query, filter, {
        total: () => store.countGroups(db.in(orgId), orgId, filter),
        rows: (offset, limit) => store.listGroups(db.in(orgId), orgId, filter, offset, limit),
        shown: (row) => toGroup(row, base, wantsMembers(query)),
      });
    },

    /** Throws `not-found`. */
    async get(
      actor: Actor,
      id: string,
      query: Pick<ScimQuery, 'excludedAttributes'>,
      base: string,
    ): Promise<ScimGroup> {
      requireStaff(actor);
      return toGroup(await find(actor.orgId, id), base, wantsMembers(query));
    },

    /** Throws `taken`, `invalid-body` for an unknown member. */
    async create(actor: Actor, body: ScimGroupWrite, base: string): Promise<ScimGroup> {
      requireStaff(actor);
      const ids = [...new Set(body.members?.map(({ value }) => value))];
      // Before anything is made, so that what is refused leaves no team behind.
      if ((await knownMembers(db.in(actor.orgId), actor.orgId, ids)).length < ids.length)
        throw new AppError('invalid-body', { errors: [{ pointer: '/members', message: 'There is no such member.' }] });
      const { id } = await teams.create(actor, body.displayName);
      await save(actor, id, (now) => readGroup(body, now));
      return toGroup(await find(actor.orgId, id), base);
    },

    /** What is the same changes nothing. Throws `not-found`, `taken`, `invalid-body` for an unknown member. */
    async replace(actor: Actor, id: string, body: ScimGroupWrite, base: string): Promise<ScimGroup> {
      requireStaff(actor);
      await save(actor, id, () => readGroup(body, null));
      return toGroup(await find(actor.orgId, id), base);
    },

    /** As `replace`. */
    async patch(actor: Actor, id: string, operations: ScimOperation[], base: string): Promise<ScimGroup> {
      requireStaff(actor);
      await save(actor, id, (now) => checked(ScimGroupModel, patchGroup(now, operations)));
      return toGroup(await find(actor.orgId, id), base);
    },

    /** Its members lose the role that it gave. Throws `not-found`. */
    async remove(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      const row = await find(actor.orgId, id);
      await giveRole(actor, row.name, [], idsOf(row));
      await teams.remove(actor, id);
    },
  };
}
