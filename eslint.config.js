import tseslint from 'typescript-eslint';

const typed = ['packages/*/src/**/*.{ts,tsx}', 'bench/**/*.ts'];

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      '**/node_modules/',
      '.node/',
      '.rapport/',
      'coverage/',
      'docs/.vitepress/cache/',
      'docs/.vitepress/dist/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: typed,
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-control-regex': 'error',
      'prefer-const': 'error',
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only config/env.ts reads the environment; take the option from config.',
        },
      ],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
    },
  },
  {
    files: ['e2e/**/*.ts', 'vitest.config.ts'],
    extends: [tseslint.configs.base],
    rules: { '@typescript-eslint/no-explicit-any': 'error', 'max-lines': ['error', { max: 400 }] },
  },
  {
    // A test file is a list of cases: its describe block is not a function to be read as a whole.
    files: ['**/*.test.{ts,tsx}', 'packages/server/src/test/**', 'e2e/**'],
    rules: {
      'max-lines-per-function': 'off',
      'no-restricted-properties': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    // The benches belong to the server's project, which their own folder does not tell.
    files: ['bench/**/*.ts'],
    languageOptions: {
      parserOptions: {
        projectService: false,
        project: 'packages/server/tsconfig.json',
        tsconfigRootDir: import.meta.dirname,
      },
    },
  },
  { files: ['packages/server/src/config/env.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['bench/**', 'packages/cli/**'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['scripts/**/*.mjs', '*.{js,cjs}'],
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
      'max-lines': ['error', { max: 400 }],
    },
  },
);
