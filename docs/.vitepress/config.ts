import { defineConfig } from 'vitepress';

/** Search runs in the reader's browser over an index built with the pages; nothing is fetched from elsewhere. */
export default defineConfig({
  title: 'Rapport',
  description: 'AI personas under human supervision, self-hosted.',
  lang: 'en',
  cleanUrls: false,
  ignoreDeadLinks: false,
  metaChunk: true,
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'User', link: '/admin/', activeMatch: '^/user/' },
      { text: 'Administrator', link: '/admin/', activeMatch: '^/admin/' },
      { text: 'Developer', link: '/developer/api', activeMatch: '^/(developer|decisions)/' },
    ],
    sidebar: {
      '/admin/': [{ text: 'Administrator', items: [{ text: 'Administration', link: '/admin/' }] }],
      '/': [
        {
          text: 'Developer',
          items: [
            { text: 'The API', link: '/developer/api' },
            { text: 'Figures', link: '/benchmarks' },
            { text: 'What stands, what is open', link: '/roadmap' },
          ],
        },
        {
          text: 'Decisions',
          collapsed: true,
          items: [
            { text: 'SQL without an ORM', link: '/decisions/0001-sql-without-an-orm' },
            { text: 'Node runs TypeScript', link: '/decisions/0002-node-runs-typescript' },
            { text: 'Plain CSS', link: '/decisions/0003-plain-css' },
            { text: 'The API page has no script', link: '/decisions/0004-api-page-without-script' },
          ],
        },
      ],
    },
  },
});
