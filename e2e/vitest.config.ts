import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    root: new URL('..', import.meta.url).pathname,
    pool: 'forks',
    // A browser, a server and a database are waited for more than they work.
    maxWorkers: 2,
    globalSetup: ['packages/server/src/test/globalSetup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
