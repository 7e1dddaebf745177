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
  'sessions.supervise': { roles: ['owner'], text: 'Start, watch, guide, take over and end sessions.' },
  'sessions.take-part': { roles: ['owner', 'client'], text: 'Read and write in a session one belongs to.' },
  'privacy.export': { roles: ['owner'], text: 'Download everything that is stored about a client.' },
  'privacy.erase': { roles: ['owner'], text: 'Erase clients, decide on their requests and see the receipts.' },
  'privacy.hold': { roles: ['owner'], text: 'Place and lift legal holds.' },
  'privacy.import': { roles: ['owner'], text: 'Bring a client in from an export of another organisation.' },
  'privacy.own': { roles: ['client'], text: 'See, download and ask to erase what is stored about oneself.' },
} as const satisfies Record<string, { roles: readonly string[]; text: string }>;

export type Permission = keyof typeof permissions;
