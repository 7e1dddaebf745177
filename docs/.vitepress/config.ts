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
      { text: 'User', link: '/user/', activeMatch: '^/user/' },
      { text: 'Administrator', link: '/admin/', activeMatch: '^/admin/' },
      { text: 'Developer', link: '/developer/', activeMatch: '^/(developer|security|decisions|benchmarks|roadmap)' },
    ],
    sidebar: {
      '/user/': [
        {
          text: 'User',
          items: [
            { text: 'First steps', link: '/user/first-steps' },
            { text: 'Signing in', link: '/user/signing-in' },
            { text: 'The session’s page', link: '/user/session' },
            { text: 'Personas', link: '/user/personas' },
            { text: 'Knowledge', link: '/user/knowledge' },
            { text: 'Inviting a client', link: '/user/inviting' },
            { text: 'What the client sees', link: '/user/client-view' },
            { text: 'Transcripts', link: '/user/transcripts' },
          ],
        },
      ],
      '/admin/': [
        {
          text: 'Administrator',
          items: [
            { text: 'Install and start', link: '/admin/' },
            { text: 'Configuration', link: '/admin/configuration' },
            { text: 'Members, roles and teams', link: '/admin/members' },
            { text: 'Models', link: '/admin/models' },
            { text: 'Signing in', link: '/admin/sign-in' },
            { text: 'Directories (SCIM)', link: '/admin/scim' },
            { text: 'Keys', link: '/admin/keys' },
            { text: 'Audit log', link: '/admin/audit' },
            { text: 'Consent', link: '/admin/consent' },
            { text: 'Retention', link: '/admin/retention' },
            { text: 'De-identified exports', link: '/admin/de-identification' },
            { text: 'Limits and budgets', link: '/admin/limits' },
            { text: 'What the server calls', link: '/admin/outgoing' },
            { text: 'Backup', link: '/admin/backup' },
            { text: 'Erasure and export', link: '/admin/erasure-and-export' },
            { text: 'Several servers', link: '/admin/servers' },
            { text: 'Troubleshooting', link: '/admin/troubleshooting' },
          ],
        },
      ],
      '/': [
        {
          text: 'Developer',
          items: [
            { text: 'The API', link: '/developer/api' },
            { text: 'Live rooms', link: '/developer/live' },
            { text: 'Architecture', link: '/developer/architecture' },
            { text: 'Reading documents', link: '/developer/documents' },
            { text: 'Tests and benchmarks', link: '/developer/tests' },
            { text: 'Proofs', link: '/developer/proofs' },
            { text: 'OWASP ASVS', link: '/security/asvs' },
            { text: 'OWASP LLM Top 10', link: '/security/llm-top10' },
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
            { text: 'Markdown without HTML', link: '/decisions/0005-markdown-without-html' },
            { text: 'Row-level security', link: '/decisions/0006-row-level-security' },
            { text: 'Content encryption', link: '/decisions/0007-content-encryption' },
            { text: 'Erasure and backup', link: '/decisions/0009-erasure-and-backup' },
            { text: 'De-identification', link: '/decisions/0010-de-identification' },
            { text: 'Outgoing requests', link: '/decisions/0011-outgoing-requests' },
            { text: 'Rate limits', link: '/decisions/0012-rate-limits' },
            { text: 'Audit log', link: '/decisions/0013-audit-log' },
            { text: 'Logins on better-auth', link: '/decisions/0014-logins-on-better-auth' },
            { text: 'Documents in a child process', link: '/decisions/0016-documents-in-a-child-process' },
          ],
        },
      ],
    },
  },
});
