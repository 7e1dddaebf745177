import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';

const windowMs = 60_000;
const attemptsPerWindow = 5;
const namesKept = 10_000;

/** Failed sign-ins per name within a minute, in this process's memory. */
export function createSignInThrottle(clock: Clock) {
  const attempts = new Map<string, number[]>();

  return {
    /** Counts an attempt before it is checked, so that many at once do not slip through. Throws `rate-limited`. */
    begin(key: string): void {
      const now = clock.now();
      const recent = (attempts.get(key) ?? []).filter((at) => now - at < windowMs);
      const oldest = recent[0];
      if (oldest !== undefined && recent.length >= attemptsPerWindow) {
        throw new AppError('rate-limited', {
          detail: 'Too many failed attempts under this name. Wait a minute.',
          retryAfterSeconds: Math.max(1, Math.ceil((oldest + windowMs - now) / 1000)),
        });
      }
      attempts.delete(key);
      attempts.set(key, [...recent, now]);
      if (attempts.size > namesKept) attempts.delete(attempts.keys().next().value ?? '');
    },
    succeeded(key: string): void {
      attempts.delete(key);
    },
  };
}
