import { join } from 'node:path';
import { root, run, Stop } from './node24.mjs';
import { main } from './prepare.mjs';

await main((node) => {
  const [command = 'build', ...more] = process.argv.slice(2);
  if (command !== 'build' && command !== 'dev') throw new Stop('Usage: npm run docs, or npm run docs:dev');
  const vitepress = join(root, 'node_modules', 'vitepress', 'bin', 'vitepress.js');
  return run(node, [vitepress, command, 'docs', ...more], { stdio: 'inherit' });
});
