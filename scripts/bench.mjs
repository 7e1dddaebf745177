import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, Stop } from './node24.mjs';
import { buildWeb, hasWeb, main } from './prepare.mjs';

const folder = join(root, 'bench');
const names = () =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => file.replace('.bench.ts', ''));

await main(async (node) => {
  const [name = '', ...more] = process.argv.slice(2);
  const file = join(folder, `${name}.bench.ts`);
  if (!/^[\w-]+$/.test(name) || !existsSync(file)) {
    throw new Stop(
      `Usage: npm run bench -- <name> [--json], where <name> is one of: ${names().join(', ') || '(none yet)'}`,
    );
  }
  if (hasWeb()) await buildWeb();
  return run(node, [file, ...more], { stdio: 'inherit' });
});
