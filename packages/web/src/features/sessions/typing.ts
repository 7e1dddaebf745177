/** How often the others are told again, and how long after the last letter nobody types any more. Milliseconds. */
const repeatMs = 3000;
const idleMs = 4000;
/** Longer than the pause between two frames: one of them may be lost, and the end may never be told. */
const believedMs = 2 * repeatMs + 1000;

export interface Typist {
  /** The text of the field has changed. */
  typed(text: string): void;
  /** The message is sent, or the page is left. */
  stop(): void;
}

/** Says that somebody types, seldom enough that it costs nothing, and when they have stopped. */
export function createTypist(tell: (on: boolean) => void): Typist {
  let toldAt: number | null = null;
  let idle: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(idle);
    if (toldAt === null) return;
    toldAt = null;
    tell(false);
  };
  return {
    stop,
    typed(text) {
      if (text.trim() === '') return stop();
      const now = Date.now();
      if (toldAt === null || now - toldAt >= repeatMs) {
        toldAt = now;
        tell(true);
      }
      clearTimeout(idle);
      idle = setTimeout(stop, idleMs);
    },
  };
}

export interface Listener {
  heard(on: boolean): void;
  stop(): void;
}

/** What is heard of somebody typing, believed only for a while. */
export function createListener(show: (on: boolean) => void): Listener {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(timer);
    show(false);
  };
  return {
    stop,
    heard(on) {
      if (!on) return stop();
      clearTimeout(timer);
      timer = setTimeout(stop, believedMs);
      show(true);
    },
  };
}
