/**
 * Every permission a route may declare, who has it, and what it allows. Routes, documentation and the role pages read
 * this one list.
 */
export const permissions = {
  public: { roles: [], text: 'Anybody, without signing in.' },
  'organisation.manage': { roles: ['owner'], text: 'Change the organisation, its model providers and prices.' },
  'organisation.read': { roles: ['owner'], text: 'See the organisation’s providers and prices.' },
  'knowledge.manage': { roles: ['owner'], text: 'Create and change reference material.' },
  'personas.manage': { roles: ['owner'], text: 'Create, change and publish personas.' },
  'clients.manage': { roles: ['owner'], text: 'Create, see and change clients.' },
  'consents.manage': { roles: ['owner'], text: 'Record and withdraw consents of clients one may see.' },
  'privacy.read': {
    roles: ['owner'],
    text: 'See retention, holds, erasures, exports and the record of processing.',
  },
  'privacy.manage': {
    roles: ['owner'],
    text: 'Export, erase and hold clients’ data; set retention and consent texts.',
  },
  'research.export': { roles: ['owner'], text: 'Prepare de-identified exports.' },
  'research.review': { roles: ['owner'], text: 'Sign off de-identified exports.' },
  'sessions.supervise': { roles: ['owner'], text: 'Start, watch, guide, take over and end sessions.' },
  'sessions.take-part': { roles: ['owner', 'client'], text: 'Read and write in a session one belongs to.' },
} as const satisfies Record<string, { roles: readonly string[]; text: string }>;

export type Permission = keyof typeof permissions;
