import { z } from 'zod';
import { Id, line } from './common.ts';
import { PermissionName } from './permissionName.ts';
import { ProviderCreate } from './inference.ts';

/** What the first page needs to know, asked without signing in. */
export const SetupState = z.object({
  needed: z.boolean(),
  localMode: z.boolean().describe('Bound to loopback: requests from this machine act as the owner.'),
  providerPreset: z.boolean(),
  severalOrganisations: z.boolean().describe('Then signing in names the organisation too.'),
});
export type SetupState = z.infer<typeof SetupState>;

export const Setup = z.strictObject({
  ownerName: line(120),
  organisation: line(120),
  password: z.string().min(12).max(200).optional(),
  provider: ProviderCreate.nullable().default(null).describe('null: no model yet, the reference engine answers.'),
});
export type Setup = z.input<typeof Setup>;

export const Me = z.object({
  kind: z.enum(['staff', 'client']),
  userId: Id.nullable(),
  name: z.string(),
  organisation: z.object({ id: Id, name: z.string(), slug: z.string(), allowTitles: z.boolean() }).nullable(),
  roles: z.array(z.string()).describe('Names of built-in roles and ids of custom ones; `client` for a client.'),
  permissions: z.array(PermissionName),
});
export type Me = z.infer<typeof Me>;

export const SignIn = z.strictObject({
  name: line(254).describe('The name or the e-mail address.'),
  password: z.string().max(200),
  organisation: line(60).optional().describe('Its short name (slug). Needed where there are several.'),
});
export const OrganisationPatch = z.strictObject({ name: line(120).optional(), allowTitles: z.boolean().optional() });
export const OwnerPassword = z.strictObject({
  password: z.string().min(12).max(200),
  current: z.string().max(200).optional(),
});

export const DemoCreated = z.object({ personaIds: z.array(Id), clientId: Id });
