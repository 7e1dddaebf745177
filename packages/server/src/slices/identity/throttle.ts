import type { Limiter } from '../../platform/limits/limiter.ts';

const attemptsPerMinute = 5;

export type SignInThrottle = ReturnType<typeof createSignInThrottle>;

export const uncounted: Pick<Limiter, 'countNow' | 'giveBack'> = { countNow: async () => {}, giveBack: () => {} };

/** Failed sign-ins under one name within a minute, on all servers of the database together. */
export function createSignInThrottle(limiter: Pick<Limiter, 'countNow' | 'giveBack'>) {
  const keyOf = (name: string) => `sign-in/${name}`;
  return {
    /** Counts an attempt before it is checked, so that many at once do not slip through. Throws `rate-limited`. */
    begin: (name: string): Promise<void> =>
      limiter.countNow({ key: keyOf(name), limit: attemptsPerMinute }, 'Too many failed attempts under this name.'),

    /** It was no failure. */
    succeeded: (name: string): void => limiter.giveBack(keyOf(name)),
  };
}
