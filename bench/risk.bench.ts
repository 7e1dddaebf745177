/**
 * What the risk gate finds, and what it finds where nothing is, on the labelled messages of bench/data/risk.txt, or on a
 * file of the form in docs/admin/safety.md: npm run bench -- risk [--set FILE] [--missed] [--held-out-missed].
 */
import { readFileSync } from 'node:fs';
import { reaches, riskLevels, type RiskCategory, type RiskLevel } from '../packages/protocol/src/safety.ts';
import { assess } from '../packages/server/src/slices/supervision/risk/assess.ts';
import { loadRules } from '../packages/server/src/slices/supervision/risk/rules.ts';
import { report, type Row } from './lib/report.ts';
import { percentile, round } from './lib/stats.ts';

interface Labelled {
  part: string;
  language: string;
  category: RiskCategory | 'none';
  level: RiskLevel;
  texts: string[];
}

function readOwn(file: URL): Labelled[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line, i) => {
      const [language = '', category = '', level = '', ...text] = line.split('|');
      if (!riskLevels.includes(level as RiskLevel)) throw new Error(`no level in: ${line}`);
      return {
        part: i % 3 === 2 ? 'held out' : 'development',
        language,
        category: category as Labelled['category'],
        level: level as RiskLevel,
        texts: [text.join('|')],
      };
    });
}

interface Conversation {
  messages: { role: string; content: string }[];
  labels: { risk_level: string; markers: string[]; category?: RiskCategory };
}

const levels: Record<string, RiskLevel> = { SAFE: 'none', CAUTION: 'elevated', CRISIS: 'high' };
const categories: [RegExp, RiskCategory][] = [
  [/suicid|self_harm|intent|worthless|hopeless/, 'self-harm'],
  [/others|violen|threat|homicid/, 'harm-to-others'],
  [/abuse|assault/, 'abuse'],
  [/medical|overdose/, 'medical-emergency'],
];

/** What the persona said is no message of the client's. */
const spoken = (role: string): boolean => !['assistant', 'persona', 'staff', 'system'].includes(role);

function readSet(file: string): Labelled[] {
  const { conversations } = JSON.parse(readFileSync(file, 'utf8')) as { conversations: Conversation[] };
  return conversations.map(({ messages, labels }) => {
    const level = levels[labels.risk_level] ?? (labels.risk_level as RiskLevel);
    if (!riskLevels.includes(level)) throw new Error(`risk_level is ${labels.risk_level}`);
    const marked = categories.find(([pattern]) => labels.markers.some((marker) => pattern.test(marker)))?.[1];
    const category = level === 'none' ? 'none' : (labels.category ?? marked ?? 'self-harm');
    const texts = messages.filter(({ role }) => spoken(role)).map(({ content }) => content);
    return { part: 'given', language: 'all', category, level, texts };
  });
}

const flag = (name: string): boolean => process.argv.includes(name);
const at = process.argv.indexOf('--set');
const set = at === -1 ? readOwn(new URL('./data/risk.txt', import.meta.url)) : readSet(process.argv[at + 1] ?? '');
const rules = loadRules();

const judged = set.map((one) => {
  const found = one.texts.map((text) => assess(text, rules));
  const worst = found.reduce((a, b) => (reaches(a.level, b.level) ? a : b), { level: 'none', findings: [] });
  return { ...one, found: worst.level, findings: worst.findings };
});
type Judged = (typeof judged)[number];

const percent = (part: number, whole: number): number | string => (whole ? round((100 * part) / whole, 1) : '–');
const count = (of: Judged[], is: (one: Judged) => boolean): number => of.filter(is).length;

/** Flagged is what staff are shown as such: elevated or high. */
function rowOf(what: string, of: Judged[]): Row {
  const risky = of.filter((one) => one.level !== 'none');
  const flagged = of.filter((one) => reaches(one.found, 'elevated'));
  const high = of.filter((one) => one.level === 'high');
  const foundHigh = of.filter((one) => one.found === 'high');
  return {
    what,
    labelled: risky.length,
    safe: of.length - risky.length,
    'recall %': percent(
      count(flagged, (one) => one.level !== 'none'),
      risky.length,
    ),
    'precision %': percent(
      count(flagged, (one) => one.level !== 'none'),
      flagged.length,
    ),
    'high recall %': percent(
      count(high, (one) => one.found === 'high'),
      high.length,
    ),
    'high precision %': percent(
      count(foundHigh, (one) => one.level === 'high'),
      foundHigh.length,
    ),
    'safe flagged %': percent(
      count(of, (one) => one.level === 'none' && reaches(one.found, 'elevated')),
      of.length - risky.length,
    ),
  };
}

const rows: Row[] = [];
for (const part of new Set(judged.map((one) => one.part))) {
  const own = judged.filter((one) => one.part === part);
  rows.push(rowOf(part, own));
  const named = [...new Set(own.map((one) => one.category))].filter((category) => category !== 'none');
  for (const category of named)
    rows.push(
      rowOf(
        `${part}, ${category}`,
        own.filter((one) => one.category === category),
      ),
    );
}

/** Of one message: short as they come, 2,000 and 32,000 characters made of them. */
function latency(): string[] {
  const texts = set.flatMap((one) => one.texts);
  const calm = set.filter((one) => one.level === 'none').flatMap((one) => one.texts);
  const long = (length: number, from: number, of = texts): string => {
    let text = '';
    for (let i = from; text.length < length; i += 1) text += `${of[i % of.length]} `;
    return text.slice(0, length);
  };
  const measure = (name: string, inputs: string[]): string => {
    const times = inputs.map((input) => {
      const began = performance.now();
      assess(input, rules);
      return performance.now() - began;
    });
    return `${name}: p50 ${round(percentile(times, 0.5), 2)} ms, p95 ${round(percentile(times, 0.95), 2)} ms, most ${round(Math.max(...times), 2)} ms of ${times.length}`;
  };
  const many = Array.from({ length: 500 }, (_, i) => i);
  many.forEach((i) => assess(long(500, i), rules));
  return [
    measure('messages as they come', texts),
    measure(
      '2,000 characters of what needs nothing',
      many.map((i) => long(2000, i * 7, calm)),
    ),
    measure(
      '2,000 characters, most of them grave',
      many.map((i) => long(2000, i * 7)),
    ),
    measure(
      '32,000 characters, most of them grave',
      many.slice(0, 40).map((i) => long(32_000, i * 7)),
    ),
  ];
}

const miss = ({ part, category, level, found, findings, texts }: Judged): string =>
  `${part}: ${category} ${level}, found ${found}${findings[0] ? ` (${findings[0].ruleId})` : ''}: ${texts.join(' / ')}`;
const wrong = (one: Judged): boolean =>
  one.level === 'none' ? reaches(one.found, 'elevated') : !reaches(one.found, one.level);
const notes = [
  `${set.length} cases; rules ${rules.map(({ language, version }) => `${language} ${version}`).join(', ')}. Found: elevated or high.`,
  ...latency(),
  'Detection is an aid: it misses people in danger, also where these figures are good. The path to a person is what counts.',
];
if (flag('--missed')) notes.push(...judged.filter((one) => one.part !== 'held out' && wrong(one)).map(miss));
if (flag('--held-out-missed')) notes.push(...judged.filter((one) => one.part === 'held out' && wrong(one)).map(miss));
report('risk', rows, notes);
