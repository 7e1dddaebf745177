import { z } from 'zod';
import { Email } from './members.ts';
import { line } from './common.ts';

// RFC 7643 and 7644. A directory sends attributes that nobody here asked for, and the RFC has them ignored: these bodies are
// the only ones that are not strict.

const urn = 'urn:ietf:params:scim';
export const scimSchemas = {
  user: `${urn}:schemas:core:2.0:User`,
  group: `${urn}:schemas:core:2.0:Group`,
  config: `${urn}:schemas:core:2.0:ServiceProviderConfig`,
  resourceType: `${urn}:schemas:core:2.0:ResourceType`,
  schema: `${urn}:schemas:core:2.0:Schema`,
  list: `${urn}:api:messages:2.0:ListResponse`,
  patch: `${urn}:api:messages:2.0:PatchOp`,
  error: `${urn}:api:messages:2.0:Error`,
} as const;

/** Entra ID writes truth values as words. */
export const ScimBoolean = z.union([
  z.boolean(),
  z
    .string()
    .regex(/^(true|false)$/i)
    .transform((word) => word.toLowerCase() === 'true'),
]);

const word = z.string().max(500).nullish();
const schemas = z.array(z.string().max(200)).max(20).optional();

export const ScimUserWrite = z.looseObject({
  schemas,
  userName: line(254),
  externalId: line(254).nullish(),
  displayName: word,
  name: z.looseObject({ formatted: word, givenName: word, familyName: word }).nullish(),
  emails: z
    .array(z.looseObject({ value: word, primary: ScimBoolean.nullish() }))
    .max(20)
    .nullish(),
  active: ScimBoolean.nullish(),
  roles: z
    .array(z.looseObject({ value: line(60) }))
    .max(20)
    .nullish(),
});
export type ScimUserWrite = z.output<typeof ScimUserWrite>;

/** What is kept of a user, however it was said. */
export const ScimUserModel = z.object({
  userName: line(254),
  externalId: line(254).nullable(),
  name: line(120),
  email: Email.nullable(),
  active: z.boolean(),
  roles: z.array(line(60)).max(20).nullable().describe('null: as they are.'),
});
export type ScimUserModel = z.infer<typeof ScimUserModel>;

const MemberRef = z.looseObject({ value: z.uuid() });
export const ScimGroupWrite = z.looseObject({
  schemas,
  displayName: line(120),
  externalId: line(254).nullish(),
  members: z.array(MemberRef).max(1000).nullish(),
});
export type ScimGroupWrite = z.output<typeof ScimGroupWrite>;

export const ScimGroupModel = z.object({
  displayName: line(120),
  externalId: line(254).nullable(),
  members: z.array(z.uuid()).max(1000),
});
export type ScimGroupModel = z.infer<typeof ScimGroupModel>;

export const ScimOperation = z.looseObject({
  op: z
    .string()
    .regex(/^(add|replace|remove)$/i)
    .transform((op) => op.toLowerCase() as 'add' | 'replace' | 'remove'),
  path: z.string().max(300).nullish(),
  value: z.unknown().optional(),
});
export type ScimOperation = z.output<typeof ScimOperation>;
export const ScimPatch = z.looseObject({ schemas, Operations: z.array(ScimOperation).min(1).max(1000) });

export const ScimQuery = z.object({
  filter: z
    .string()
    .max(600)
    .optional()
    .describe('`userName eq "…"`, `externalId eq "…"`, `displayName eq "…"` or `id eq "…"`.'),
  startIndex: z.coerce.number().int().default(1),
  count: z.coerce.number().int().default(100),
  excludedAttributes: z.string().max(500).optional(),
});
export type ScimQuery = z.output<typeof ScimQuery>;

const Meta = z.object({ resourceType: z.string(), created: z.string().optional(), location: z.string() });
const Ref = z.object({
  value: z.string(),
  display: z.string().optional(),
  type: z.string().optional(),
  primary: z.boolean().optional(),
});

export const ScimUser = z.object({
  schemas: z.array(z.string()),
  id: z.string(),
  externalId: z.string().optional(),
  userName: z.string(),
  displayName: z.string(),
  name: z.object({ formatted: z.string() }),
  emails: z.array(Ref),
  active: z.boolean(),
  roles: z.array(Ref),
  groups: z.array(Ref),
  meta: Meta,
});
export type ScimUser = z.infer<typeof ScimUser>;

export const ScimGroup = z.object({
  schemas: z.array(z.string()),
  id: z.string(),
  externalId: z.string().optional(),
  displayName: z.string(),
  members: z.array(Ref).optional(),
  meta: Meta,
});
export type ScimGroup = z.infer<typeof ScimGroup>;

export const scimListOf = <T extends z.ZodType>(item: T) =>
  z.object({
    schemas: z.array(z.string()),
    totalResults: z.number().int(),
    startIndex: z.number().int(),
    itemsPerPage: z.number().int(),
    Resources: z.array(item),
  });

/** Discovery documents: constants in the RFC's own form. */
export const ScimDocument = z.looseObject({ schemas: z.array(z.string()) });
