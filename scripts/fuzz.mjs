import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, run, Stop } from './node24.mjs';
import { main } from './prepare.mjs';

const usage = 'Usage: npm run fuzz -- [--requests 20000] [--seed 1]';

const whole = (name, text) => {
  if (/^[1-9]\d{0,8}$/.test(text)) return text;
  throw new Stop(`--${name} takes a whole number. ${usage}`);
};

function optionsOf(args) {
  const options = { requests: { type: 'string', default: '20000' }, seed: { type: 'string' } };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Stop(`${error.message}\n${usage}`);
  }
}

await main((node) => {
  const { requests, seed } = optionsOf(process.argv.slice(2));
  const env = { ...process.env, RAPPORT_FUZZ_REQUESTS: whole('requests', requests) };
  // A new one each time finds more; a failing run names its own, so that it can be run again.
  env.RAPPORT_FUZZ_SEED = seed === undefined ? String(Date.now() % 1e9) : whole('seed', seed);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  return run(node, [vitest, 'run', 'packages/server/src/test/fuzz'], { env, stdio: 'inherit' });
});
