import './styles.css';

// A client's device loads the conversation and nothing of the team's pages.
const [, kind = ''] = location.pathname.split('/');
const load = () => {
  if (kind === 'chat' || kind === 'join') return import('./client.tsx');
  return kind === 'record' ? import('./record.tsx') : import('./staff.tsx');
};
const theme = localStorage.getItem('rapport-theme');
if (theme) document.documentElement.dataset['theme'] = theme;
const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');
void load().then(({ mount }) => mount(root));
