import tseslint from 'typescript-eslint';

/**
 * A factory is as long as the functions it returns, so what counts is a function's own lines: those of the functions
 * inside it are theirs.
 */
const ownLines = {
  create(context) {
    const open = [];
    const enter = (node) => open.push({ node, inner: 0 });
    const leave = () => {
      const { node, inner } = open.pop();
      const lines = node.loc.end.line - node.loc.start.line + 1;
      if (open.length > 0) open.at(-1).inner += lines;
      if (lines - inner > 60)
        context.report({ node, message: `${lines - inner} lines of its own; split it (60 at most).` });
    };
    const kinds = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];
    return Object.fromEntries(
      kinds.flatMap((kind) => [
        [kind, enter],
        [`${kind}:exit`, leave],
      ]),
    );
  },
};
const house = { rules: { 'own-lines': ownLines } };

const typed = ['packages/*/src/**/*.{ts,tsx}', 'bench/**/*.ts'];

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      '**/node_modules/',
      '.node/',
      '.cache/',
      '.rapport/',
      'coverage/',
      'docs/.vitepress/cache/',
      'docs/.vitepress/dist/',
    ],
  },
  { plugins: { house } },
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
      'house/own-lines': 'error',
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
      'house/own-lines': 'off',
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
  {
    // Requests of the server's own go through the allow-list.
    files: ['packages/server/src/**/*.ts'],
    ignores: ['packages/server/src/platform/{net,db}/**', '**/*.test.ts', 'packages/server/src/test/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Take outgoing.fetch of platform/net/outgoing.ts.' },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'undici', allowTypeImports: true, message: 'Take platform/net/outgoing.ts.' },
            ...['node:http', 'node:https', 'node:net', 'node:tls', 'node:dns'].map((name) => ({
              name,
              allowTypeImports: true,
              message: 'What connects to others goes through platform/net/outgoing.ts.',
            })),
          ],
        },
      ],
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
