import { join } from 'node:path';
import { root, run } from './node24.mjs';
import { main } from './prepare.mjs';

await main((node) =>
  run(node, [join(root, 'packages/cli/src/main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' }),
);
