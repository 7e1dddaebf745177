import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, say, Stop } from './node24.mjs';
import { main } from './prepare.mjs';

/** Licences whose terms this project can keep. A package with another one is looked at by a person, and named below. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);
/** Looked at: used unchanged, and nothing of ours becomes theirs. */
const lookedAt = { 'MPL-2.0': 'while the project is built and tested; the files are used as they are' };

/** They state theirs in a file only. */
const inFile = {
  'node_modules/duck': 'BSD-2-Clause, in its LICENSE',
  'node_modules/dejavu-fonts-ttf': 'Bitstream Vera and public domain, in its LICENSE',
  'node_modules/png-js': 'MIT, in its LICENSE',
};

/** What a secret looks like. The names of tests' own are in `harmless`. */
const secrets = {
  'private key': /-----BEGIN (?:RSA |EC |OPENSSH |PGP )?PRIVATE KEY/,
  'AWS key': /\bAKIA[0-9A-Z]{16}\b/,
  'GitHub token': /\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_\w{60,}/,
  'Slack token': /\bxox[abprs]-[0-9A-Za-z-]{20,}/,
  'OpenAI key': /\bsk-(?:proj-)?[A-Za-z0-9_]{32,}\b/,
  'Anthropic key': /\bsk-ant-[A-Za-z0-9_-]{24,}/,
  'Google key': /\bAIza[0-9A-Za-z_-]{35}\b/,
  'npm token': /\bnpm_[A-Za-z0-9]{36}\b/,
  'JSON web token': /\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}/,
  'password in an address': /\b[a-z]+:\/\/[^\s/:@'"`${}]+:[^\s/:@'"`${}]{6,}@(?!localhost|127\.|host|example)/,
};
const harmless = /example|test|dummy|placeholder|xxxx|secret@|password@|user:/i;

const lock = () => JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));

const nameOf = (path, { name }) => name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Each package carries the hash of what it is, none names where it is fetched from, and each was asked for by an exact version. */
function checkLockfile(faults) {
  const { packages } = lock();
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '' || entry.link || path.startsWith('packages/')) continue;
    if (!/^sha512-/.test(entry.integrity ?? ''))
      faults.push(
        `lock file: ${path}@${entry.version} carries no hash (npm view ${nameOf(path, entry)}@${entry.version} dist.integrity)`,
      );
    if (entry.resolved) faults.push(`lock file: ${path} names where it is fetched from`);
  }
  for (const path of ['', ...Object.keys(packages).filter((one) => /^packages\/[^/]+$/.test(one))]) {
    const { dependencies, devDependencies, optionalDependencies } = packages[path];
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      if (!/^\d+\.\d+\.\d+/.test(version)) faults.push(`${path || 'package.json'}: ${name} is not pinned: ${version}`);
  }
}

/** `A OR B` is good with one of them, `A AND B` with both. */
const isGood = (expression) =>
  expression
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => allowed.has(one.trim()) || one.trim() in lookedAt));

function checkLicences(faults) {
  for (const [path, entry] of Object.entries(lock().packages)) {
    if (path === '' || entry.link || path.startsWith('packages/')) continue;
    if (path in inFile) continue;
    const licence = entry.license ?? ofPackage(path);
    if (!isGood(licence)) faults.push(`licence: ${path} is under ${licence}`);
  }
}

function ofPackage(path) {
  try {
    const { license, licenses } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
    return String(license?.type ?? license ?? licenses?.map(({ type }) => type).join(' OR ') ?? 'none');
  } catch {
    return 'none stated';
  }
}

function checkSecrets(faults) {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  for (const file of files.filter((one) => !/\.(?:png|ico|woff2?|gguf|pdf)$|^package-lock\.json$/.test(one))) {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    for (const [at, line] of lines.entries())
      for (const [what, pattern] of Object.entries(secrets))
        if (pattern.test(line) && !harmless.test(line)) faults.push(`secret: ${file}:${at + 1} looks like a ${what}`);
  }
}

/** CycloneDX, as `npm sbom` writes it: what a server that was installed from here is made of. */
function writeSbom() {
  const cli = process.env.npm_execpath;
  const text = cli
    ? execFileSync(
        process.env.RAPPORT_NODE ?? process.execPath,
        [cli, 'sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'],
        { cwd: root, encoding: 'utf8', maxBuffer: 64e6 },
      )
    : execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'], {
        cwd: root,
        encoding: 'utf8',
        maxBuffer: 64e6,
      });
  const { components } = JSON.parse(text);
  mkdirSync(join(root, 'coverage'), { recursive: true });
  writeFileSync(join(root, 'coverage', 'sbom.cdx.json'), text);
  return components.length;
}

export function checkSupply() {
  const faults = [];
  checkLockfile(faults);
  checkLicences(faults);
  checkSecrets(faults);
  const count = writeSbom();
  if (faults.length > 0) throw new Stop(faults.join('\n'));
  say(`Lock file, licences and secrets are in order; ${count} packages in coverage/sbom.cdx.json.`);
  return 0;
}

if (process.argv[1] === import.meta.filename) await main(() => checkSupply());
