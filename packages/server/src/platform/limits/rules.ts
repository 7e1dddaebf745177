const perMinute = {
  /** Pages, scripts, styles. */
  page: { address: 6000 },
  /** Readable without signing in. */
  open: { address: 1200 },
  /** Whatever somebody without a sign-in may send: passwords, invitations, the set-up. */
  credentials: { address: 60 },
  read: { address: 12_000, actor: 1200, organisation: 60_000 },
  write: { address: 6000, actor: 600, organisation: 30_000 },
  /** What makes a model answer. */
  reply: { address: 3000, actor: 120, organisation: 6000 },
  /** What costs the server much, or makes it call others. */
  heavy: { address: 600, actor: 60, organisation: 600 },
  /** Files and addresses to be read in the background. */
  upload: { address: 1200, actor: 240, organisation: 2400 },
  /** Opening a live socket, and its frames other than messages. */
  live: { address: 3000, actor: 1200, organisation: 120_000 },
} as const;

export type RateClass = keyof typeof perMinute;
export type RateScope = 'address' | 'actor' | 'organisation';
/** Requests a minute; a scope that is missing is not counted. */
export type RateRules = Record<RateClass, Partial<Record<RateScope, number>>>;

export const defaultRules: RateRules = perMinute;

/** `read.actor=600,credentials.address=10`. null: one of them is no such rule. */
export function parseRules(text: string): RateRules | null {
  const rules = structuredClone(perMinute) as RateRules;
  for (const one of text.split(',').filter((part) => part.trim() !== '')) {
    const [, name = '', scope = '', count] = /^\s*(\w+)\.(\w+)\s*=\s*(\d{1,9})\s*$/.exec(one) ?? [];
    const known = Object.hasOwn(rules, name) && ['address', 'actor', 'organisation'].includes(scope);
    if (!known || Number(count) < 1) return null;
    rules[name as RateClass][scope as RateScope] = Number(count);
  }
  return rules;
}
