import { scimSchemas } from '@rapport/protocol/scim';

const attribute = (name: string, more: object = {}) => ({
  name,
  type: 'string',
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...more,
});

const listed = (name: string, parts: object[], more: object = {}) =>
  attribute(name, { type: 'complex', multiValued: true, subAttributes: parts, ...more });

const value = attribute('value');
const externalId = attribute('externalId', { caseExact: true });

const resourceTypes = [
  { id: 'User', name: 'User', endpoint: '/Users', schema: scimSchemas.user },
  { id: 'Group', name: 'Group', endpoint: '/Groups', schema: scimSchemas.group },
];

const schemas = [
  {
    id: scimSchemas.user,
    name: 'User',
    description: 'A member of the organisation',
    attributes: [
      attribute('userName', { required: true, uniqueness: 'server' }),
      externalId,
      attribute('displayName'),
      attribute('name', { type: 'complex', subAttributes: [attribute('formatted')] }),
      listed('emails', [value, attribute('primary', { type: 'boolean' })]),
      attribute('active', { type: 'boolean' }),
      listed('roles', [value]),
      listed('groups', [value, attribute('display')], { mutability: 'readOnly' }),
    ],
  },
  {
    id: scimSchemas.group,
    name: 'Group',
    description: 'A team of the organisation',
    attributes: [
      attribute('displayName', { required: true, uniqueness: 'server' }),
      externalId,
      listed('members', [value, attribute('display', { mutability: 'readOnly' })]),
    ],
  },
];

const list = (Resources: { schemas: string[] }[]) => ({
  schemas: [scimSchemas.list],
  totalResults: Resources.length,
  startIndex: 1,
  itemsPerPage: Resources.length,
  Resources,
});

/** What this server's SCIM can do: RFC 7643, 5 to 7. */
export const discovery = {
  config: () => ({
    schemas: [scimSchemas.config],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: 200 },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: false },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'API key',
        description: 'A key with the scope members.provision',
        primary: true,
      },
    ],
  }),

  resourceTypes: (base: string) =>
    list(
      resourceTypes.map((type) => ({
        schemas: [scimSchemas.resourceType],
        ...type,
        meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${type.id}` },
      })),
    ),

  schemas: (base: string) =>
    list(
      schemas.map((schema) => ({
        schemas: [scimSchemas.schema],
        ...schema,
        meta: { resourceType: 'Schema', location: `${base}/Schemas/${schema.id}` },
      })),
    ),
};
