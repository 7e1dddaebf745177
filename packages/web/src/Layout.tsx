import type { Me, SetupState } from '@rapport/protocol/setup';
import { ApiError } from '@rapport/sdk/api';
import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, Outlet } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { BreakGlassAlert } from './features/privacy/BreakGlassAlert.tsx';
import { api } from './lib/api.ts';
import { Failure, Loading } from './lib/ui.tsx';

const links = [
  ['/', 'nav.sessions'],
  ['/personas', 'nav.personas'],
  ['/clients', 'nav.clients'],
  ['/knowledge', 'nav.knowledge'],
  ['/audit', 'nav.audit'],
  ['/privacy', 'nav.privacy'],
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
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => api.get<SetupState>('/setup'), staleTime: Infinity });
  const me = useQuery({ queryKey: ['me'], queryFn: () => api.get<Me>('/me'), staleTime: 60_000 });
  if (me.error instanceof ApiError && me.error.status === 401) return <Navigate to="/sign-in" />;
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
        {setup.data && !setup.data.localMode && (
          <button type="button" className="quiet" onClick={signOut}>
            {t('signIn.out')}
          </button>
        )}
        <button type="button" className="quiet" onClick={toggleTheme}>
          {t('app.theme')}
        </button>
      </header>
      <BreakGlassAlert />
      {me.isPending ? <Loading /> : me.error ? <Failure error={me.error} /> : <Outlet />}
    </>
  );
}
