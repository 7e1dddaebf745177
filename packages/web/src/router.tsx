import type { SetupState } from '@rapport/protocol/setup';
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { Layout } from './Layout.tsx';
import type { PagePath } from './lib/access.ts';
import { NotFound } from './lib/Page.tsx';

import { api } from './lib/api.ts';
import { queries } from './lib/queries.ts';

const root = createRootRoute({
  notFoundComponent: () => (
    <Layout>
      <NotFound />
    </Layout>
  ),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('./features/setup/SetupPage.tsx'), 'SetupPage'),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('./features/signIn/SignInPage.tsx'), 'SignInPage'),
});

const joinTeam = createRoute({
  getParentRoute: () => root,
  path: '/join-team/$token',
  component: lazyRouteComponent(() => import('./features/identity/JoinTeamPage.tsx'), 'JoinTeamPage'),
});

/** Everything behind the set-up and the sign-in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Layout,
  beforeLoad: async () => {
    const state = await queries.ensureQueryData({ queryKey: ['setup'], queryFn: () => api.get<SetupState>('/setup') });
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- the router's own way of leading elsewhere
    if (state.needed) throw redirect({ href: '/setup' });
  },
});

/** A page that nobody said who may open does not compile. */
const page = <const P extends PagePath>(path: P, load: Parameters<typeof lazyRouteComponent>[0], name: string) =>
  createRoute({ getParentRoute: () => inside, path, component: lazyRouteComponent(load, name) });

const pages = [
  page('/', () => import('./features/sessions/SessionsPage.tsx'), 'SessionsPage'),
  page('/sessions/new', () => import('./features/sessions/NewSessionPage.tsx'), 'NewSessionPage'),
  page('/sessions/$id', () => import('./features/sessions/SessionPage.tsx'), 'SessionPage'),
  page('/sessions/$id/insights', () => import('./features/insights/InsightPage.tsx'), 'InsightPage'),
  page('/reports/$id', () => import('./features/insights/ReportPage.tsx'), 'ReportPage'),
  page('/escalations', () => import('./features/supervision/EscalationsPage.tsx'), 'EscalationsPage'),
  page('/safety', () => import('./features/supervision/SafetyPage.tsx'), 'SafetyPage'),
  page('/reviews', () => import('./features/supervision/ReviewsPage.tsx'), 'ReviewsPage'),
  page('/wall', () => import('./features/supervision/WallPage.tsx'), 'WallPage'),
  page('/personas', () => import('./features/personas/PersonasPage.tsx'), 'PersonasPage'),
  page('/personas/$id', () => import('./features/personas/PersonaPage.tsx'), 'PersonaPage'),
  page('/personas/$id/memories', () => import('./features/memory/MemoriesPage.tsx'), 'PersonaMemoriesPage'),
  page('/clients', () => import('./features/clients/ClientsPage.tsx'), 'ClientsPage'),
  page('/clients/$id/memories', () => import('./features/memory/MemoriesPage.tsx'), 'MemoriesPage'),
  page('/clients/$id/insights', () => import('./features/insights/ClientInsightPage.tsx'), 'ClientInsightPage'),
  page('/clients/$id', () => import('./features/clients/ClientPage.tsx'), 'ClientPage'),
  page('/threads', () => import('./features/clients/ThreadsPage.tsx'), 'ThreadsPage'),
  page('/threads/$id/insights', () => import('./features/insights/ThreadInsightPage.tsx'), 'ThreadInsightPage'),
  page('/threads/$id', () => import('./features/clients/ThreadPage.tsx'), 'ThreadPage'),
  page('/knowledge', () => import('./features/knowledge/KnowledgePage.tsx'), 'KnowledgePage'),
  page('/knowledge/$id', () => import('./features/knowledge/KnowledgeBasePage.tsx'), 'KnowledgeBasePage'),
  page('/knowledge/$id/evaluations', () => import('./features/knowledge/EvaluationsPage.tsx'), 'EvaluationsPage'),
  page('/knowledge/$id/answers', () => import('./features/knowledge/CuratedPage.tsx'), 'CuratedPage'),
  page('/knowledge/$id/test', () => import('./features/knowledge/RetrievalPage.tsx'), 'RetrievalPage'),
  page('/knowledge/$id/documents/$documentId', () => import('./features/knowledge/DocumentPage.tsx'), 'DocumentPage'),
  page('/insights', () => import('./features/insights/FiguresPage.tsx'), 'FiguresPage'),
  page('/audit', () => import('./features/privacy/AuditPage.tsx'), 'AuditPage'),
  page('/break-glass', () => import('./features/privacy/BreakGlassPage.tsx'), 'BreakGlassPage'),
  page('/privacy', () => import('./features/privacy/PrivacyPage.tsx'), 'PrivacyPage'),
  page('/security', () => import('./features/signIn/SecurityPage.tsx'), 'SecurityPage'),
  page('/mailbox', () => import('./features/signIn/MailboxPage.tsx'), 'MailboxPage'),
  page('/settings/members', () => import('./features/identity/MembersPage.tsx'), 'MembersPage'),
  page('/settings/roles', () => import('./features/identity/RolesPage.tsx'), 'RolesPage'),
  page('/settings/teams', () => import('./features/identity/TeamsPage.tsx'), 'TeamsPage'),
  page('/settings/api-keys', () => import('./features/identity/ApiKeysPage.tsx'), 'ApiKeysPage'),
  page('/settings', () => import('./features/identity/SettingsPage.tsx'), 'SettingsPage'),
];

export const router = createRouter({
  routeTree: root.addChildren([setup, signIn, joinTeam, inside.addChildren(pages)]),
});
