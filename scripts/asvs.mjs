/**
 * Writes docs/security/asvs.md from asvs.items.txt: which items of OWASP ASVS 5.0, levels 1 and 2, are met, by which test and
 * code, which do not apply, and what is missing for the others. `--check` only says what is wrong or stale;
 * `--against FILE` compares the ids and levels with OWASP's own list, a CSV with `req_id` and `L`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root, say } from './node24.mjs';

const source = 'scripts/asvs.items.txt';
const page = 'docs/security/asvs.md';

const chapters = [
  'Encoding and sanitization',
  'Validation and business logic',
  'Web front end',
  'API and web service',
  'File handling',
  'Authentication',
  'Session management',
  'Authorization',
  'Self-contained tokens',
  'OAuth and OIDC',
  'Cryptography',
  'Secure communication',
  'Configuration',
  'Data protection',
  'Secure coding and architecture',
  'Logging and error handling',
  'WebRTC',
];
/** How many items of levels 1 and 2 OWASP's list has, 5.0.0. */
const expected = { 1: 70, 2: 183 };
const statuses = ['met', 'not-applicable', 'open'];

const names = (text) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);

const items = readFileSync(join(root, source), 'utf8')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))
  .map((line) => {
    const [id = '', level = '', status = '', words = '', tests = '', code = ''] = line
      .split('|')
      .map((one) => one.trim());
    return { id, level, status, words, tests: names(tests), code: names(code) };
  });

/** What is wrong with an item, in words. */
function faultsOf({ id, status, words, tests, code }) {
  const faults = [];
  if (!/^V(\d+)\.\d+\.\d+$/.test(id) || !chapters[Number(id.slice(1).split('.')[0]) - 1])
    faults.push('no id of the list');
  if (!statuses.includes(status)) faults.push(`${status} is no status`);
  if (words === '') faults.push('says nothing');
  if (status === 'met' && (tests.length === 0 || code.length === 0))
    faults.push('is met without a test or without code');
  if (status !== 'met' && tests.length + code.length > 0) faults.push('names files though it is not met');
  for (const test of tests) if (!/\.test\.tsx?$/.test(test)) faults.push(`${test} is no test`);
  for (const file of [...tests, ...code]) if (!existsSync(join(root, file))) faults.push(`${file} does not exist`);
  return faults.map((fault) => `${id}: ${fault}`);
}

function faultsOfAll() {
  const faults = items.flatMap(faultsOf);
  const ids = items.map(({ id }) => id);
  for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at))) faults.push(`${id} stands twice`);
  for (const [level, count] of Object.entries(expected)) {
    const found = items.filter((one) => one.level === level).length;
    if (found !== count) faults.push(`level ${level} has ${found} items, not ${count}`);
  }
  const at = process.argv.indexOf('--against');
  return at === -1 ? faults : [...faults, ...compare(readFileSync(process.argv[at + 1], 'utf8'))];
}

/** The ids stand in front of quoted text and the level at the end, so a line need not be taken apart. */
function compare(csv) {
  const theirs = new Map(
    csv
      .split(/\r?\n(?=V\d)/)
      .slice(1)
      .map((row) => [/,(V\d+\.\d+\.\d+),/.exec(row)?.[1], /,(\d)\s*$/.exec(row)?.[1]])
      .filter(([, level]) => level === '1' || level === '2'),
  );
  const ours = new Map(items.map(({ id, level }) => [id, level]));
  return [
    ...[...theirs]
      .filter(([id, level]) => ours.get(id) !== level)
      .map(([id]) => `${id} is missing or of another level`),
    ...[...ours.keys()].filter((id) => !theirs.has(id)).map((id) => `${id} is not in the list`),
  ];
}

const count = (level, status) => items.filter((one) => one.level === level && one.status === status).length;
const short = (file) => file.replace(/^packages\/(server|web|protocol)\/src\//, (_all, name) => `${name}: `);
const cell = (text) => text.replaceAll('|', '\\|');
const shown = (files) => files.map((file) => `\`${short(file)}\``).join(' ');

function text() {
  const rows = ['1', '2'].map((level) => `| ${level} | ${statuses.map((one) => count(level, one)).join(' | ')} |`);
  const sum = statuses.map((one) => count('1', one) + count('2', one)).join(' | ');
  const parts = chapters.flatMap((title, at) => [
    `## V${at + 1} ${title}`,
    '',
    '| item | level | status | what is done, or missing | tests | code |',
    '|---|---|---|---|---|---|',
    ...items
      .filter(({ id }) => id.startsWith(`V${at + 1}.`))
      .map((i) => `| ${i.id} | ${i.level} | ${i.status} | ${cell(i.words)} | ${shown(i.tests)} | ${shown(i.code)} |`),
    '',
  ]);
  return [
    '# OWASP ASVS 5.0',
    '',
    `<!-- Written by scripts/asvs.mjs from ${source}: change it there, then run node scripts/asvs.mjs -->`,
    '',
    'Where Rapport stands with each item of levels 1 and 2 of the OWASP Application Security Verification Standard 5.0.0.',
    'This is the project’s own judgement; nobody else has looked. **Met** means that the named code does it, and that the named tests',
    'try the heart of it, not every part. What holds only by a library, or without a test, is **open**, and so is what a proxy has to do.',
    'The texts of the items are at [owasp.org](https://owasp.org/www-project-application-security-verification-standard/).',
    '',
    `| level | ${statuses.join(' | ')} |`,
    '|---|---|---|---|',
    ...rows,
    `| both | ${sum} |`,
    '',
    'Files: `server:`, `web:` and `protocol:` stand for `packages/…/src/`.',
    '',
    ...parts,
  ].join('\n');
}

const faults = faultsOfAll();
const file = join(root, page);
const fresh = await format(text(), { ...(await resolveConfig(file)), filepath: file });
if (faults.length > 0) {
  say(`${source}:\n${faults.join('\n')}`);
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) writeFileSync(file, fresh);
else if (!existsSync(file) || readFileSync(file, 'utf8') !== fresh) {
  say(`${page} is stale. Write it anew with: node scripts/asvs.mjs`);
  process.exitCode = 1;
}
