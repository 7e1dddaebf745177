import './styles.css';

// A client's device loads the conversation and nothing of the team's pages.
const isClient = /^\/(chat|join)\//.test(location.pathname);
const theme = localStorage.getItem('rapport-theme');
if (theme) document.documentElement.dataset['theme'] = theme;
const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');
if (isClient) void import('./client.tsx').then(({ mount }) => mount(root));
else void import('./staff.tsx').then(({ mount }) => mount(root));
