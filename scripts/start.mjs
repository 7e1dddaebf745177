import { join } from 'node:path';
import { root, run } from './node24.mjs';
import { buildWeb, main } from './prepare.mjs';

await main(async (node) => {
  await buildWeb();
  return run(node, [join(root, 'packages', 'server', 'src', 'main.ts'), ...process.argv.slice(2)], {
    cwd: process.cwd(),
    stdio: 'inherit',
  });
});
