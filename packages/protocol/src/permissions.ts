/** One entry of the catalogue. */
interface Entry {
  group: PermissionGroup;
  /** What it allows, as the role editor and the documentation say it. */
  text: string;
  /**
   * `everybody`: no sign-in. `signed-in`: whoever is signed in. `person`: a member signed in themselves, not through an API
   * key. `client`: the client's own side. None of these is given by a role of the team. Absent: roles give it.
   */
  implied?: 'everybody' | 'signed-in' | 'person' | 'client';
  /** Never among the scopes of an API key. */
  noKey?: true;
}

/** The groups in the order in which they are shown. */
export const permissionGroups = [
  'account',
  'organisation',
  'members',
  'knowledge',
  'personas',
  'clients',
  'sessions',
  'privacy',
  'oversight',
] as const;
export type PermissionGroup = (typeof permissionGroups)[number];

/**
 * Every permission a route may declare and what it allows. Routes, documentation and the role editor read this one list.
 */
export const permissions = {
  public: { group: 'account', text: 'Anybody, without signing in.', implied: 'everybody' },
  'signed-in': { group: 'account', text: 'Know who one is signed in as.', implied: 'signed-in' },
  'own-account': { group: 'account', text: 'Change one’s own password, sign-in and logins.', implied: 'person' },
  'own-record': { group: 'account', text: 'See what is stored about oneself, as a client.', implied: 'client' },

  'organisation.read': { group: 'organisation', text: 'See the organisation’s settings.' },
  'organisation.manage': { group: 'organisation', text: 'Change the organisation’s settings.' },
  'organisation.own': {
    group: 'organisation',
    text: 'Make and unmake owners; close the organisation.',
    noKey: true,
  },
  'providers.read': { group: 'organisation', text: 'See model providers and prices.' },
  'providers.manage': { group: 'organisation', text: 'Add, try and remove model providers; set prices.' },
  'security.manage': { group: 'organisation', text: 'Set how members sign in, limits, budgets and allowed addresses.' },
  'api-keys.own': { group: 'organisation', text: 'Make API keys that act for oneself.', noKey: true },
  'api-keys.manage': { group: 'organisation', text: 'See and revoke everybody’s API keys.', noKey: true },

  'members.read': { group: 'members', text: 'See members, teams and roles.' },
  'members.manage': { group: 'members', text: 'Invite, disable and remove members, and give them roles.' },
  'members.provision': {
    group: 'members',
    text: 'Keep members and teams as a directory has them (SCIM). Reaches whatever its holder may do, but for owners.',
  },
  'roles.manage': { group: 'members', text: 'Make and change custom roles.' },
  'teams.manage': { group: 'members', text: 'Make teams and choose who belongs to them.' },
  'caseload.manage': { group: 'members', text: 'Assign clients to members and teams.' },

  'knowledge.read': { group: 'knowledge', text: 'Read and search reference material that is open to oneself.' },
  'knowledge.read-all': { group: 'knowledge', text: 'Read all reference material, whoever it is kept to.' },
  'knowledge.manage': { group: 'knowledge', text: 'Create and change reference material.' },

  'personas.read': { group: 'personas', text: 'See personas and their versions.' },
  'personas.author': { group: 'personas', text: 'Create personas and change their drafts.' },
  'personas.publish': { group: 'personas', text: 'Publish a persona’s draft.' },

  'clients.read': { group: 'clients', text: 'See the clients assigned to oneself or one’s teams.' },
  'clients.read-all': { group: 'clients', text: 'See every client, whoever they are assigned to.' },
  'clients.manage': { group: 'clients', text: 'Create clients and change those one may see.' },
  'clients.break-glass': {
    group: 'clients',
    text: 'Open the record of a client who is not assigned to one, in an emergency, with a reason, for a while.',
    noKey: true,
  },

  'memory.read': { group: 'clients', text: 'Read what is remembered about clients one may see, and about personas.' },
  'memory.manage': { group: 'clients', text: 'Write, approve, correct and retire memories.' },

  'sessions.read': { group: 'sessions', text: 'See sessions, how they stand, and what made each reply.' },
  'sessions.follow': { group: 'sessions', text: 'Read what is said in a session one may see, live and afterwards.' },
  'sessions.take-part': { group: 'sessions', text: 'Write in a session one may see.' },
  'sessions.supervise': {
    group: 'sessions',
    text: 'Start sessions, invite clients, guide, pause, take over and end.',
  },
  'sessions.review': {
    group: 'sessions',
    text: 'Edit, release and reject what personas wrote, in sessions one may see.',
  },
  'safety.manage': { group: 'sessions', text: 'Set the texts, deadlines and contacts of the crisis path.' },
  'sessions.export': { group: 'sessions', text: 'Take a transcript away as a file.' },

  'consents.manage': { group: 'privacy', text: 'Record and withdraw consents of clients one may see.' },
  'privacy.read': {
    group: 'privacy',
    text: 'See consent texts, retention, erasures with their receipts, and the record of processing.',
  },
  'privacy.manage': {
    group: 'privacy',
    text: 'Export, erase and hold clients’ data; set retention and consent texts.',
  },
  'research.read': { group: 'privacy', text: 'See de-identified exports, and take away those that were signed off.' },
  'research.export': { group: 'privacy', text: 'Prepare and delete de-identified exports.' },
  'research.review': { group: 'privacy', text: 'Sign off de-identified exports.' },

  'audit.read': { group: 'oversight', text: 'Search the audit log.' },
  'audit.export': { group: 'oversight', text: 'Take the audit log away as a file.' },
  'insights.read': { group: 'oversight', text: 'See figures about sessions, without what was said.' },
} as const satisfies Record<string, Entry>;

export type Permission = keyof typeof permissions;

const entries = Object.entries(permissions) as [Permission, Entry][];

/** What a role of the team may hold. */
export const grantablePermissions: readonly Permission[] = entries.filter(([, e]) => !e.implied).map(([name]) => name);

/** What an API key may be given. */
export const keyPermissions: readonly Permission[] = entries
  .filter(([, e]) => !e.implied && !e.noKey)
  .map(([name]) => name);

export const isPermission = (name: string): name is Permission => Object.hasOwn(permissions, name);

const supervisor: readonly Permission[] = [
  'organisation.read',
  'members.read',
  'caseload.manage',
  'knowledge.read',
  'personas.read',
  'personas.author',
  'personas.publish',
  'clients.read',
  'clients.read-all',
  'clients.manage',
  'memory.read',
  'memory.manage',
  'sessions.read',
  'sessions.follow',
  'sessions.take-part',
  'sessions.supervise',
  'sessions.review',
  'safety.manage',
  'sessions.export',
  'consents.manage',
  'privacy.read',
  'research.read',
  'research.review',
  'audit.read',
  'insights.read',
];

const facilitator: readonly Permission[] = [
  'members.read',
  'knowledge.read',
  'personas.read',
  'clients.read',
  'clients.manage',
  'clients.break-glass',
  'memory.read',
  'memory.manage',
  'sessions.read',
  'sessions.follow',
  'sessions.take-part',
  'sessions.supervise',
  'sessions.review',
  'sessions.export',
  'consents.manage',
];

/** The roles every organisation has. They cannot be changed; further ones are made from the same catalogue. */
export const builtInRoles = {
  owner: { text: 'Everything. There is always at least one.', permissions: grantablePermissions },
  administrator: {
    text: 'Everything but what only owners do.',
    permissions: grantablePermissions.filter((name) => name !== 'organisation.own'),
  },
  supervisor: { text: 'Sees every client and session, assigns clients, publishes personas.', permissions: supervisor },
  facilitator: { text: 'Runs sessions with the clients assigned to them.', permissions: facilitator },
  author: {
    text: 'Writes personas and reference material; sees no client.',
    permissions: ['knowledge.read', 'knowledge.manage', 'personas.read', 'personas.author'],
  },
  analyst: {
    text: 'Sees figures and prepares de-identified exports; sees no client.',
    permissions: ['knowledge.read', 'personas.read', 'insights.read', 'research.read', 'research.export'],
  },
} as const satisfies Record<string, { text: string; permissions: readonly Permission[] }>;

export type BuiltInRole = keyof typeof builtInRoles;
export const builtInRoleNames = Object.keys(builtInRoles) as BuiltInRole[];

/** The client's own side: their session and their record, nothing else. It is nobody's of the team. */
export const clientPermissions: ReadonlySet<Permission> = new Set<Permission>([
  'signed-in',
  'own-record',
  'sessions.follow',
  'sessions.take-part',
]);
