import type { OwnSignIn } from '@rapport/protocol/signIn';
import { ApiError } from '@rapport/sdk/api';
import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, Outlet, useLocation, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Organisations } from './features/identity/Organisations.tsx';
import { BreakGlassAlert } from './features/privacy/BreakGlassAlert.tsx';
import { EscalationAlert } from './features/supervision/EscalationAlert.tsx';
import { isPage, mayOpen } from './lib/access.ts';
import { api } from './lib/api.ts';
import { useMay, useMe } from './lib/me.ts';
import { NotAllowed } from './lib/Page.tsx';
import { useTeamNews } from './features/supervision/useTeamNews.ts';
import { Waiting } from './features/supervision/Waiting.tsx';
import { Failure, Loading } from './lib/ui.tsx';

const work = [
  ['/', 'nav.sessions'],
  ['/escalations', 'nav.escalations'],
  ['/reviews', 'nav.reviews'],
  ['/wall', 'nav.wall'],
  ['/personas', 'nav.personas'],
  ['/clients', 'nav.clients'],
  ['/threads', 'nav.threads'],
  ['/knowledge', 'nav.knowledge'],
] as const;
const house = [
  ['/insights', 'nav.insights'],
  ['/audit', 'nav.audit'],
  ['/privacy', 'nav.privacy'],
  ['/security', 'nav.security'],
  ['/settings', 'nav.settings'],
] as const;
const links = [...work, ...house];
const ofHouse = new Set<string>(house.map(([to]) => to));

function toggleTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const now = document.documentElement.dataset['theme'] ?? (dark ? 'dark' : 'light');
  const next = now === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset['theme'] = next;
  localStorage.setItem('rapport-theme', next);
}

// The whole page anew: nothing of the one who signed out may stay in memory.
const signOut = () => void api.post('/sign-out').then(() => location.assign('/sign-in'));

/** The menu, and below it the page of the address, or `children` in its place. */
export function Layout({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
  const own = useQuery({
    queryKey: ['own-sign-in'],
    queryFn: () => api.get<OwnSignIn>('/me/sign-in'),
    staleTime: 60_000,
  });
  const me = useMe();
  const may = useMay();
  useTeamNews(may('sessions.follow') ? (me.data?.organisation?.id ?? null) : null);
  const shown = links.filter(([to]) => mayOpen(to, may));
  const page = useRouterState({ select: (state) => String(state.matches.at(-1)?.fullPath ?? '') });
  // The path alone: a re-render at each change of the location would lead to the sign-in again and again.
  const pathname = useLocation({ select: (location) => location.pathname });
  const menu = useRef<HTMLElement>(null);
  const ready = Boolean(me.data);
  // On a phone the menu is wider than the screen.
  useEffect(() => {
    menu.current?.querySelector('.active')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [pathname, ready]);
  if (me.error instanceof ApiError && me.error.status === 401) return <Navigate to="/sign-in" />;
  // Nothing else would answer before the second factor is set up.
  if (own.data?.secondFactorMissing && pathname !== '/security') return <Navigate to="/security" />;
  // Not everybody's first page is that of the sessions.
  if (pathname === '/' && shown[0] && shown[0][0] !== '/') return <Navigate to={shown[0][0]} />;
  return (
    <>
      <a className="skip" href="#content">
        {t('app.skip')}
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src="/icon.svg" alt="" />
          {t('app.name')}
        </Link>
        <nav aria-label={t('app.menu')} ref={menu}>
          {shown.map(([to, label]) => (
            <Link
              key={to}
              to={to}
              activeOptions={{ exact: to === '/' }}
              className={ofHouse.has(to) ? 'house' : ''}
              // The addresses of sessions do not begin with that of their list.
              {...(to === '/' && pathname.startsWith('/sessions/')
                ? { 'aria-current': 'true' as const, className: 'active' }
                : {})}
            >
              {t(label)}
              {to === '/reviews' && <Waiting />}
            </Link>
          ))}
        </nav>
        <Organisations here={me.data?.organisation?.name ?? ''} signedIn={own.data?.signedIn ?? false} />
        {own.data?.signedIn && (
          <button type="button" className="quiet" onClick={signOut}>
            {t('signIn.out')}
          </button>
        )}
        <button type="button" className="quiet theme" onClick={toggleTheme}>
          <span aria-hidden="true">◐</span> <span>{t('app.theme')}</span>
        </button>
      </header>
      {may('sessions.follow') && <EscalationAlert />}
      {may('clients.read') && <BreakGlassAlert />}
      {/* Both are asked at once; whoever lacks a second factor must not be shown a page first that can only refuse. */}
      {me.isPending || own.isPending ? (
        <Loading />
      ) : me.error ? (
        <Failure error={me.error} />
      ) : isPage(page) && !mayOpen(page, may) ? (
        <NotAllowed />
      ) : (
        (children ?? <Outlet />)
      )}
    </>
  );
}
