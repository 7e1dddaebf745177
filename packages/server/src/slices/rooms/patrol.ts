// With the answer to its question below a second: so long may somebody stay of whom no news came.
const everyMs = 900;

/**
 * Looks at every live connection of this server at the same moments, so that whose they are is asked for all of them in one
 * question. It runs while there is somebody to look at.
 */
export function createPatrol() {
  const looks = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;
  return {
    /** Returns how to leave. */
    join(look: () => void): () => void {
      looks.add(look);
      timer ??= setInterval(() => {
        for (const each of looks) each();
      }, everyMs);
      return () => {
        looks.delete(look);
        if (looks.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}
