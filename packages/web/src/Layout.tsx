import type { Me } from '@rapport/protocol/setup';
import type { OwnSignIn } from '@rapport/protocol/signIn';
import { ApiError } from '@rapport/sdk/api';
import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, Outlet, useLocation } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from './lib/api.ts';
import { Failure, Loading } from './lib/ui.tsx';

const links = [
  ['/', 'nav.sessions'],
  ['/personas', 'nav.personas'],
  ['/clients', 'nav.clients'],
  ['/knowledge', 'nav.knowledge'],
  ['/security', 'nav.security'],
  ['/settings', 'nav.settings'],
] as const;

function toggleTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const now = document.documentElement.dataset['theme'] ?? (dark ? 'dark' : 'light');
  const next = now === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset['theme'] = next;
  localStorage.setItem('rapport-theme', next);
}

// The whole page anew: nothing of the one who signed out may stay in memory.
const signOut = () => void api.post('/sign-out').then(() => location.assign('/sign-in'));

export function Layout() {
  const { t } = useTranslation();
  const me = useQuery({ queryKey: ['me'], queryFn: () => api.get<Me>('/me'), staleTime: 60_000 });
  const own = useQuery({
    queryKey: ['own-sign-in'],
    queryFn: () => api.get<OwnSignIn>('/me/sign-in'),
    staleTime: 60_000,
  });
  const at = useLocation({ select: ({ pathname }) => pathname });
  if (me.error instanceof ApiError && me.error.status === 401) return <Navigate to="/sign-in" />;
  // Nothing else would answer before the second factor is set up.
  if (own.data?.secondFactorMissing && at !== '/security') return <Navigate to="/security" />;
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
        <nav aria-label={t('app.menu')}>
          {links.map(([to, label]) => (
            <Link key={to} to={to} activeOptions={{ exact: to === '/' }}>
              {t(label)}
            </Link>
          ))}
        </nav>
        <span className="soft small">{me.data?.organisation?.name}</span>
        {own.data?.signedIn && (
          <button type="button" className="quiet" onClick={signOut}>
            {t('signIn.out')}
          </button>
        )}
        <button type="button" className="quiet" onClick={toggleTheme}>
          {t('app.theme')}
        </button>
      </header>
      {me.isPending ? <Loading /> : me.error ? <Failure error={me.error} /> : <Outlet />}
    </>
  );
}
