/**
 * Writes what the documentation lists from where the code keeps it, between the markers of the pages: the options of the
 * environment, and the permissions with the roles that have them. With `--check` it only says which table is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root, say } from './node24.mjs';
import { builtInRoles, permissions } from '../packages/protocol/src/permissions.ts';
import { envOptions } from '../packages/server/src/config/env.ts';

const cell = (text) => text.replaceAll('|', '\\|').replace(/(?<=\bDefault )(\S+?)(?=\.$| in )/, '`$1`');

const options = [
  '| option | meaning |',
  '|---|---|',
  ...Object.entries(envOptions).map(([option, text]) => `| \`${option}\` | ${cell(text)} |`),
];

const roles = Object.entries(builtInRoles);
const whoHas = (name) => roles.filter(([, role]) => role.permissions.includes(name)).map(([role]) => role);
const catalogue = [
  '| role | what it is for |',
  '|---|---|',
  ...roles.map(([name, { text }]) => `| ${name} | ${text} |`),
  '',
  '| permission | allows | roles |',
  '|---|---|---|',
  ...Object.entries(permissions)
    .filter(([, { implied }]) => !implied)
    .map(([name, { text }]) => `| \`${name}\` | ${text} | ${whoHas(name).join(', ')} |`),
];

async function bring(name, marker, lines) {
  const file = join(root, name);
  const between = new RegExp(`(<!-- ${marker}: [^\n]* -->\n).*?(<!-- \/${marker} -->)`, 's');
  const before = readFileSync(file, 'utf8');
  if (!between.test(before)) throw new Error(`${name} has lost its markers`);
  const table = ['', ...lines, '', ''].join('\n');
  const after = await format(
    before.replace(between, (_all, open, close) => open + table + close),
    { ...(await resolveConfig(file)), filepath: file },
  );
  if (before === after) return;
  if (!process.argv.includes('--check')) return writeFileSync(file, after);
  say(`The list of ${marker} in ${name} is stale. Write it anew with: npm run docs:options`);
  process.exitCode = 1;
}

await bring('docs/admin/configuration.md', 'options', options);
await bring('docs/admin/members.md', 'permissions', catalogue);
