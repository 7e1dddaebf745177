import { join } from 'node:path';
import { root, run } from './node24.mjs';
import { main } from './prepare.mjs';

await main((node) =>
  run(node, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run'], {
    env: { ...process.env, RAPPORT_MUTATE: 'yes' },
    stdio: 'inherit',
  }),
);
