/**
 * Writes the table of options from the server's own list between the markers of docs/admin/configuration.md; with `--check`
 * it only says whether the table is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root, say } from './node24.mjs';
import { envOptions } from '../packages/server/src/config/env.ts';

const name = 'docs/admin/configuration.md';
const file = join(root, name);
const between = /(<!-- options: [^\n]* -->\n).*?(<!-- \/options -->)/s;

const cell = (text) => text.replaceAll('|', '\\|').replace(/(?<=\bDefault )(\S+?)(?=\.$| in )/, '`$1`');
const rows = Object.entries(envOptions).map(([option, text]) => `| \`${option}\` | ${cell(text)} |`);
const table = ['', '| option | meaning |', '|---|---|', ...rows, '', ''].join('\n');

const before = readFileSync(file, 'utf8');
if (!between.test(before)) throw new Error(`${name} has lost its markers`);
const after = await format(
  before.replace(between, (_all, open, close) => open + table + close),
  { ...(await resolveConfig(file)), filepath: file },
);
if (before !== after && process.argv.includes('--check')) {
  say(`The table of options in ${name} is stale. Write it anew with: npm run docs:options`);
  process.exitCode = 1;
} else if (before !== after) writeFileSync(file, after);
