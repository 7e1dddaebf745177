/** The import rules of DESIGN.md. A slice may call those before it in this list. */
const slices = [
  'identity',
  'privacy',
  'inference',
  'knowledge',
  'memory',
  'personas',
  'clients',
  'health',
  'supervision',
  'content',
  'agents',
  'sessions',
  'rooms',
  'demo',
];

const server = 'packages/server/src';
const slice = (names) => `^${server}/slices/(?:${names.join('|')})/`;
const isTest = '\\.test\\.tsx?$';
/** `store.ts`, and `notes.store.ts` where a file was split by noun. */
const role = (...names) => `^${server}/slices/.+[/.](?:${names.join('|')})[.]ts$`;
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const order = slices.slice(0, -1).map((name, at) =>
  forbid(
    `order-${name}`,
    `${name} may call only the slices before it; invert what would point forward (a registration or an event).`,
    { path: slice([name]), pathNot: isTest },
    // Tables may refer to any slice's tables.
    { path: slice([...slices.slice(at + 1), 'insights']), pathNot: role('schema') },
  ),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    forbid('no-cycles', 'A cycle has no order in which it can be understood.', {}, { circular: true }),
    forbid('unresolvable', 'It cannot be found.', {}, { couldNotResolve: true }),
    ...order,
    forbid(
      'unknown-slice',
      'Give a new slice its place in the order of .dependency-cruiser.cjs.',
      {},
      {
        path: `^${server}/slices/(?!(?:${[...slices, 'insights', 'ops'].join('|')})/)`,
      },
    ),
    forbid(
      'insights-alone',
      'insights reads the event log only.',
      { path: slice(['insights']), pathNot: isTest },
      { path: slice([...slices, 'ops']) },
    ),
    forbid(
      'ops-alone',
      'ops uses platform only.',
      { path: slice(['ops']), pathNot: isTest },
      { path: slice([...slices, 'insights']) },
    ),
    forbid(
      'nobody-calls-ops',
      'ops is nobody’s ground.',
      { path: slice([...slices, 'insights']), pathNot: isTest },
      { path: slice(['ops']) },
    ),
    forbid(
      'platform-no-slices',
      'platform has no domain word in it.',
      { path: `^${server}/platform/` },
      { path: `^${server}/(?:slices|app|routes|services|run|main)` },
    ),
    forbid(
      'config-alone',
      'config is read by everybody and knows nobody’s rules.',
      { path: `^${server}/config/` },
      { path: `^${server}/(?:slices|app|routes|services|run|main)` },
    ),
    forbid(
      'store-no-rules',
      'store.ts is SQL: no http, no service, no routes.',
      { path: role('store'), pathNot: isTest },
      {
        path: [
          `^${server}/platform/http/`,
          role('service', 'routes', 'jobs'),
          '/node_modules/(?:fastify|@fastify|fastify-type-provider-zod)/',
        ],
      },
    ),
    forbid(
      'store-own-slice',
      'A store reads its own tables; another slice is asked through its service.',
      { path: `^${server}/slices/([^/]+)/.*store[.]ts$` },
      {
        path: `^${server}/slices/`,
        pathNot: [`^${server}/slices/$1/`, role('schema')],
      },
    ),
    forbid(
      'service-no-http',
      'service.ts holds rules: no http, no jobs, no routes.',
      { path: role('service'), pathNot: isTest },
      {
        path: [
          `^${server}/platform/(?:http|jobs)/`,
          role('routes', 'jobs'),
          '/node_modules/(?:fastify|@fastify|fastify-type-provider-zod)/',
        ],
      },
    ),
    forbid(
      'other-stores',
      'The door of a slice is its service: its stores, routes and jobs are its own.',
      { path: `^${server}/slices/([^/]+)/`, pathNot: isTest },
      {
        path: role('store', 'routes', 'jobs'),
        pathNot: `^${server}/slices/$1/`,
      },
    ),
    forbid(
      'routes-no-store',
      'A route goes through its service.',
      { path: role('routes', 'jobs'), pathNot: isTest },
      { path: role('store') },
    ),
    forbid(
      'routes-own-service',
      'routes.ts and jobs.ts use their own slice.',
      { path: `^${server}/slices/([^/]+)/.*(?:routes|jobs)[.]ts$` },
      {
        path: `^${server}/slices/`,
        pathNot: [`^${server}/slices/$1/`],
      },
    ),
    forbid(
      'no-test-code',
      'Shipped code does not import tests.',
      { path: '^packages/[^/]+/src/', pathNot: [isTest, `^${server}/test/`] },
      {
        path: [isTest, `^${server}/test/`],
      },
    ),
    forbid(
      'protocol-only-zod',
      'protocol has no I/O and needs only zod.',
      { path: '^packages/protocol/src/', pathNot: isTest },
      {
        pathNot: ['^packages/protocol/src/', '/?node_modules/zod/'],
      },
    ),
    forbid(
      'sdk-only-protocol',
      'sdk is framework-free and runs in a browser.',
      { path: '^packages/sdk/src/', pathNot: isTest },
      {
        pathNot: ['^packages/sdk/src/', '^packages/protocol/src/'],
      },
    ),
    forbid(
      'web-only-protocol-and-sdk',
      'web knows the server only through its protocol.',
      { path: '^packages/web/src/', pathNot: isTest },
      {
        path: '^packages/(?!web/|protocol/|sdk/)',
      },
    ),
    forbid(
      'web-no-node',
      'The browser has no Node modules.',
      { path: '^packages/(?:web|sdk|protocol)/src/', pathNot: isTest },
      { dependencyTypes: ['core'] },
    ),
    forbid(
      'server-no-clients',
      'The server needs neither the web app nor the cli.',
      { path: `^${server}/`, pathNot: [isTest, `^${server}/test/`] },
      {
        path: '^packages/(?:web|sdk|cli)/',
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['(^|/)dist/', '^packages/[^/]+/coverage/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'packages/server/tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json', '.css'],
    },
  },
};
