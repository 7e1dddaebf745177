import { readdirSync, readFileSync } from 'node:fs';
import { Pack, type PackRule, type PacksInForce } from '@rapport/protocol/packs';
import { strictest } from '@rapport/protocol/supervision';

const nothing: PacksInForce = { leastRung: 'auto', emotionInference: true, remindMinutes: null, takeBreak: false };

function withRule(sum: PacksInForce, rule: PackRule): PacksInForce {
  switch (rule.rule) {
    case 'least-rung':
      return { ...sum, leastRung: strictest(sum.leastRung, rule.rung) };
    case 'no-emotion-inference':
      return { ...sum, emotionInference: false };
    case 'remind':
      return {
        ...sum,
        remindMinutes: Math.min(rule.minutes, sum.remindMinutes ?? rule.minutes),
        takeBreak: sum.takeBreak || rule.takeBreak,
      };
    // What the server does for everybody, whether a pack asks for it or not.
    case 'disclose-at-start':
    case 'mark-ai-text':
    case 'tell-emotion-inference':
      return sum;
  }
}

/** The strictest of each rule of these packs. */
export const together = (packs: readonly Pick<Pack, 'rules'>[]): PacksInForce =>
  packs.flatMap(({ rules }) => rules).reduce(withRule, nothing);

/** By year, then number. */
const age = (version: string): [number, number] => version.split('.').map(Number) as [number, number];
export const isNewer = (version: string, than: string): boolean => {
  const [[year, number], [oldYear, oldNumber]] = [age(version), age(than)];
  return year === oldYear ? number > oldNumber : year > oldYear;
};

/** Checks one file. Throws a ZodError, or an Error where a pack says the same rule twice. */
export function parsePack(source: unknown): Pack {
  const pack = Pack.parse(source);
  const rules = pack.rules.map(({ rule }) => rule);
  if (new Set(rules).size < rules.length) throw new Error(`the pack ${pack.id} has the same rule twice`);
  return pack;
}

const folder = new URL('./packs/', import.meta.url);

/** The packs that Rapport comes with, by id. Throws for a file that is none, which keeps the server from starting. */
export function loadPacks(): ReadonlyMap<string, Pack> {
  const packs = new Map<string, Pack>();
  for (const file of readdirSync(folder).sort()) {
    const pack = parsePack(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
    if (`${pack.id}.json` !== file) throw new Error(`the pack in ${file} has the id ${pack.id}`);
    packs.set(pack.id, pack);
  }
  return packs;
}
