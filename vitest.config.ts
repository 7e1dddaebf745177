import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const globalSetup = 'packages/server/src/test/globalSetup.ts';

export default defineConfig({
  test: {
    // `npm run mutate` makes holes on purpose; it takes minutes and runs by itself.
    include: process.env['RAPPORT_MUTATE']
      ? ['packages/server/src/test/isolation/nets.mutation.ts']
      : ['packages/*/src/**/*.test.{ts,tsx}'],
    pool: 'forks',
    // One less is given by default, which on two cores is one at a time.
    maxWorkers: '100%',
    globalSetup: existsSync(globalSetup) ? [globalSetup] : [],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // The second that is given by default is not enough on a machine that is busy with something else.
    expect: { poll: { timeout: 10_000 } },
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.{ts,tsx}'],
      exclude: ['**/*.test.*', 'packages/server/src/test/**'],
      reporter: ['text-summary', 'html', 'json-summary'],
      reportsDirectory: 'coverage',
    },
  },
});
