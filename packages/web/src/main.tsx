import './styles.css';

// A client's device loads the conversation and nothing of the team's pages. A table, not a condition: what is imported in
// the branches of one condition is preloaded for all of them.
const pages: Record<string, () => Promise<{ mount(root: HTMLElement): void }>> = {
  chat: () => import('./client.tsx'),
  join: () => import('./join.tsx'),
  questionnaire: () => import('./questionnaire.tsx'),
  record: () => import('./record.tsx'),
};
const team = () => import('./staff.tsx');
const [, kind = ''] = location.pathname.split('/');
const load = Object.hasOwn(pages, kind) ? pages[kind] : undefined;
const theme = localStorage.getItem('rapport-theme');
if (theme) document.documentElement.dataset['theme'] = theme;
const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');
void (load ?? team)().then(({ mount }) => mount(root));
