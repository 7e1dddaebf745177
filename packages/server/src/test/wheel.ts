const slotMs = 2;

export interface Wheel {
  /** Calls `work` after `ms` milliseconds, up to 2 ms later. */
  after(ms: number, work: () => void): void;
  stop(): void;
}

/** One timer for all who wait: a timer each, for hundreds of streams, costs more than what they send. */
export function createWheel(): Wheel {
  const slots = new Map<number, (() => void)[]>();
  let timer: NodeJS.Timeout | undefined;
  let done = 0;

  const slotOf = (at: number) => Math.ceil(at / slotMs);
  const turn = () => {
    for (const now = Math.floor(performance.now() / slotMs); done < now;) {
      done += 1;
      const due = slots.get(done);
      if (!due) continue;
      slots.delete(done);
      for (const work of due) work();
    }
    if (slots.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  return {
    after(ms, work) {
      if (!timer) {
        done = Math.floor(performance.now() / slotMs);
        timer = setInterval(turn, slotMs);
      }
      const slot = Math.max(done + 1, slotOf(performance.now() + ms));
      const due = slots.get(slot);
      if (due) due.push(work);
      else slots.set(slot, [work]);
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
      slots.clear();
    },
  };
}
