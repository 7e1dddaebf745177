import { z } from 'zod';
import { Id, Instant, Page, line, listOf, search, text } from './common.ts';
import { PermissionName } from './permissionName.ts';
import { builtInRoleNames } from './permissions.ts';

/** An address to sign in and be written to with; compared without regard to case. */
export const Email = z.string().trim().max(254).pipe(z.email());

/** The name of a built-in role, or the id of a custom one. */
export const RoleRef = z.union([z.enum(builtInRoleNames as [string, ...string[]]), Id]);
const Roles = z
  .array(RoleRef)
  .min(1)
  .max(20)
  .refine((roles) => new Set(roles).size === roles.length, 'A role stands here twice.');

export const MemberStatus = z.enum(['active', 'disabled']);

export const Member = z.object({
  id: Id,
  name: z.string(),
  email: z.string().nullable().describe('As the organisation knows it.'),
  confirmedEmail: z.string().nullable().describe('The address that they confirmed as theirs and sign in with.'),
  status: MemberStatus,
  roles: z.array(z.string()),
  teams: z.array(z.object({ id: Id, name: z.string() })),
  createdAt: Instant,
});
export type Member = z.infer<typeof Member>;
export const MemberList = listOf(Member);
export const MemberQuery = Page.extend({
  q: search.describe('Part of the name or the e-mail address.'),
});
export type MemberQuery = z.infer<typeof MemberQuery>;
export const MemberPatch = z.strictObject({
  name: line(120).optional(),
  email: Email.nullable().optional(),
  status: MemberStatus.optional(),
  roles: Roles.optional().describe('Replaces the roles. Nobody may give or take what they may not do themselves.'),
});
export type MemberPatch = z.input<typeof MemberPatch>;

export const MemberInvitationCreate = z.strictObject({
  email: Email.optional().describe('Where it is sent, if this server sends e-mail, and what they sign in with.'),
  name: line(120).optional(),
  roles: Roles,
  expiresInSeconds: z
    .number()
    .int()
    .min(60)
    .max(30 * 86_400)
    .default(7 * 86_400),
});
export type MemberInvitationCreate = z.input<typeof MemberInvitationCreate>;
export const MemberInvitation = z.object({
  id: Id,
  email: z.string().nullable(),
  name: z.string().nullable(),
  roles: z.array(z.string()),
  invitedBy: z.string().nullable().describe('Name of the member; null: whoever runs the server.'),
  expiresAt: Instant,
  acceptedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
  createdAt: Instant,
});
export type MemberInvitation = z.infer<typeof MemberInvitation>;
export const MemberInvitationList = listOf(MemberInvitation);
export const MemberInvitationCreated = z.object({
  id: Id,
  token: z.string(),
  url: z.string(),
  expiresAt: Instant,
  sent: z.boolean().describe('It went out by e-mail; else hand the link over yourself.'),
});
export type MemberInvitationCreated = z.infer<typeof MemberInvitationCreated>;

/** What the page of the link shows before anybody has signed in. */
export const MemberInvitationView = z.object({
  organisation: z.object({ name: z.string(), slug: z.string() }),
  name: z.string().nullable(),
  email: z.string().nullable(),
  expiresAt: Instant,
});
export type MemberInvitationView = z.infer<typeof MemberInvitationView>;
export const MemberInvitationAccept = z.strictObject({
  name: line(120),
  email: Email.optional().describe('Only where the invitation names none.'),
  password: z.string().min(12).max(200),
});
export type MemberInvitationAccept = z.input<typeof MemberInvitationAccept>;
/** What to sign in with now. */
export const MemberInvitationAccepted = z.object({ organisation: z.string(), name: z.string() });
export type MemberInvitationAccepted = z.infer<typeof MemberInvitationAccepted>;

const Permissions = z.array(PermissionName).max(100);

/** `id` of a built-in role is its name. */
export const Role = z.object({
  id: z.string(),
  name: z.string(),
  about: z.string(),
  builtIn: z.boolean(),
  permissions: z.array(z.string()),
  members: z.number().int().describe('How many members have it.'),
});
export type Role = z.infer<typeof Role>;
export const RoleList = listOf(Role);
export const RoleCreate = z.strictObject({
  name: line(60),
  about: text(500, 0).default(''),
  permissions: Permissions.describe('Only ones that a role may hold and that one has oneself.'),
});
export type RoleCreate = z.input<typeof RoleCreate>;
export const RolePatch = z.strictObject({
  name: line(60).optional(),
  about: text(500, 0).optional(),
  permissions: Permissions.optional(),
});
export type RolePatch = z.input<typeof RolePatch>;

const Named = z.object({ id: Id, name: z.string() });

export const Team = z.object({ id: Id, name: z.string(), members: z.array(Named), createdAt: Instant });
export type Team = z.infer<typeof Team>;
export const TeamList = listOf(Team);
export const TeamWrite = z.strictObject({ name: line(120) });
export const TeamMembers = z.strictObject({ memberIds: z.array(Id).max(1000) });

/** Who looks after a client. Without the permission to see all clients, one sees those assigned to oneself or one's teams. */
export const Assignments = z.object({ members: z.array(Named), teams: z.array(Named) });
export type Assignments = z.infer<typeof Assignments>;
export const AssignmentsPut = z.strictObject({
  memberIds: z.array(Id).max(200).default([]),
  teamIds: z.array(Id).max(200).default([]),
});
export type AssignmentsPut = z.input<typeof AssignmentsPut>;

export const ApiKey = z.object({
  id: Id,
  name: z.string(),
  hint: z.string().describe('How the key begins, to tell it from others.'),
  member: Named,
  scopes: z.array(z.string()),
  expiresAt: Instant.nullable(),
  lastUsedAt: Instant.nullable().describe('To the minute.'),
  createdAt: Instant,
});
export type ApiKey = z.infer<typeof ApiKey>;
export const ApiKeyList = listOf(ApiKey);
export const ApiKeyQuery = Page.extend({
  of: z.enum(['me', 'everybody']).default('me').describe('`everybody` needs the permission api-keys.manage.'),
});
export const ApiKeyCreate = z.strictObject({
  name: line(120),
  scopes: z
    .array(PermissionName)
    .min(1)
    .max(100)
    .describe('What it may do, at most what its maker may do at each use.'),
  expiresInDays: z.number().int().min(1).max(3650).nullable().default(365).describe('null: it does not expire.'),
});
export type ApiKeyCreate = z.input<typeof ApiKeyCreate>;
/** `key` is given this one time; the server keeps only its hash. */
export const ApiKeyCreated = ApiKey.extend({ key: z.string() });
export type ApiKeyCreated = z.infer<typeof ApiKeyCreated>;
