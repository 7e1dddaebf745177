import type { Permission } from '@rapport/protocol/permissions';

/**
 * What each page needs: all of one of these sets. Whatever leads to a page is shown to those who may open it, and nobody
 * else is asked to try.
 */
export const pageNeeds = {
  '/': [['sessions.read']],
  '/sessions/new': [['sessions.supervise', 'personas.read']],
  '/sessions/$id': [['sessions.read', 'sessions.follow']],
  '/sessions/$id/insights': [['sessions.read', 'sessions.follow']],
  '/reports/$id': [['sessions.follow']],
  '/escalations': [['sessions.follow']],
  '/safety': [['sessions.read']],
  '/reviews': [['sessions.review', 'sessions.follow']],
  '/wall': [['sessions.read', 'sessions.follow']],
  '/personas': [['personas.read']],
  '/personas/$id': [['personas.read']],
  '/personas/$id/memories': [['personas.read', 'memory.read']],
  '/clients': [['clients.read']],
  '/clients/$id/memories': [['clients.read', 'memory.read']],
  '/clients/$id/insights': [['clients.read', 'sessions.read', 'sessions.follow']],
  '/clients/$id': [['clients.read']],
  '/threads': [['clients.read']],
  '/threads/$id': [['clients.read']],
  '/threads/$id/insights': [['clients.read', 'sessions.follow']],
  '/knowledge': [['knowledge.read']],
  '/knowledge/$id': [['knowledge.read']],
  '/knowledge/$id/evaluations': [['knowledge.read']],
  '/knowledge/$id/answers': [['knowledge.read']],
  '/knowledge/$id/test': [['knowledge.read']],
  '/knowledge/$id/documents/$documentId': [['knowledge.read']],
  '/insights': [['insights.read']],
  '/audit': [['audit.read']],
  '/break-glass': [['clients.read']],
  '/privacy': [['privacy.read'], ['privacy.manage'], ['research.read']],
  '/security': [['own-account']],
  '/mailbox': [['security.manage']],
  '/settings': [['organisation.read'], ['organisation.manage'], ['members.read'], ['providers.read'], ['api-keys.own']],
  '/settings/members': [['members.read']],
  '/settings/roles': [['members.read']],
  '/settings/teams': [['members.read']],
  '/settings/api-keys': [['api-keys.own']],
} as const satisfies Record<string, readonly (readonly Permission[])[]>;

export type PagePath = keyof typeof pageNeeds;

export const isPage = (path: string): path is PagePath => Object.hasOwn(pageNeeds, path);

export const mayOpen = (path: PagePath, may: (permission: Permission) => boolean): boolean =>
  pageNeeds[path].some((all) => all.every(may));
