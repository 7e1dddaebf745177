export interface Rounds {
  start(): void;
  /** A round now, unless one runs. */
  look(): void;
  /** Waits for the round that runs. */
  stop(): Promise<void>;
}

/** Does the same thing again and again, never twice at once; a round that fails is followed by the next. */
export function createRounds(everyMs: number, round: () => Promise<void>, failed: (error: Error) => void): Rounds {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const look = () => {
    running ??= round()
      .catch(failed)
      .finally(() => (running = undefined));
  };
  return {
    look,
    start() {
      timer = setInterval(look, everyMs);
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
