import type { Logger } from '../../../platform/logger.ts';
import { ExtractionFailure } from './failure.ts';
import type { Extracted } from './format.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { startReader, type Reader } from './reader.ts';

export type { Extracted, Format } from './format.ts';
export type { Limits } from './limits.ts';
export { ExtractionFailure, type Reason } from './failure.ts';

export type Extractor = ReturnType<typeof createExtractor>;

/**
 * Text of documents from anywhere. Each is read in a process apart from the server, which a hostile one may bring down without
 * the server noticing more than a failure of that document.
 */
export function createExtractor({ log, limits: given = {} }: { log: Pick<Logger, 'warn'>; limits?: Partial<Limits> }) {
  const limits = { ...defaultLimits, ...given };
  const closing = new AbortController();
  const waiting: (() => void)[] = [];
  const readers = new Set<Reader>();
  const idle: { reader: Reader; timer: NodeJS.Timeout }[] = [];
  let running = 0;

  const drop = (reader: Reader): Promise<void> => {
    readers.delete(reader);
    return reader.end();
  };

  const take = (): Reader => {
    for (let kept = idle.pop(); kept; kept = idle.pop()) {
      clearTimeout(kept.timer);
      if (kept.reader.isUsable) return kept.reader;
      void drop(kept.reader);
    }
    const reader = startReader(limits);
    readers.add(reader);
    return reader;
  };

  const giveBack = async (reader: Reader): Promise<void> => {
    // The next begins when the memory of one that failed is free again.
    if (!reader.isUsable || closing.signal.aborted) return drop(reader);
    const kept = { reader, timer: setTimeout(() => release(kept), limits.idleMs) };
    kept.timer.unref();
    idle.push(kept);
  };

  const release = (kept: (typeof idle)[number]) => {
    const at = idle.indexOf(kept);
    if (at >= 0) idle.splice(at, 1);
    void drop(kept.reader);
  };

  /** Resolves when it is this document's turn. Throws ExtractionFailure `stopped`. */
  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', leave);
        running += 1;
        resolve();
      };
      const leave = () => {
        const at = waiting.indexOf(begin);
        if (at >= 0) waiting.splice(at, 1);
        reject(new ExtractionFailure('stopped'));
      };
      if (signal.aborted) leave();
      else if (running < limits.concurrency) begin();
      else {
        waiting.push(begin);
        signal.addEventListener('abort', leave, { once: true });
      }
    });

  return {
    /** Waits for its turn, which its time does not count. Throws ExtractionFailure. */
    async extract(file: { path: string; name: string }, signal?: AbortSignal): Promise<Extracted> {
      const stop = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
      await turn(stop);
      const reader = take();
      try {
        return await reader.read(file, stop);
      } catch (error) {
        if (error instanceof ExtractionFailure && error.detail !== null)
          log.warn({ reason: error.reason, err: new Error(error.detail) }, 'a document could not be read');
        throw error;
      } finally {
        await giveBack(reader);
        running -= 1;
        waiting.shift()?.();
      }
    },

    /** What is being read is stopped. Resolves when every process is gone. */
    async close(): Promise<void> {
      closing.abort();
      for (const { timer } of idle.splice(0)) clearTimeout(timer);
      await Promise.all([...readers].map(drop));
    },
  };
}
