import { join } from 'node:path';
import { root, run } from './node24.mjs';
import { buildWeb, main } from './prepare.mjs';

await main(async (node) => {
  await buildWeb();
  // Compiled code is kept between starts, which is most of what a start costs.
  const env = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'rapport-compile'), ...process.env };
  return run(node, [join(root, 'packages', 'server', 'src', 'main.ts'), ...process.argv.slice(2)], {
    env,
    cwd: process.cwd(),
    stdio: 'inherit',
  });
});
