import { Worker } from 'node:worker_threads';
import type { Scanned } from './matrix.ts';
import type { ScanAnswer, ScanTask } from './scan.thread.ts';

interface Waiting {
  resolve(scanned: Scanned): void;
  reject(error: Error): void;
}

/** A thread that holds vectors and looks through them, begun with the first task. One that ended is begun anew, empty. */
export function createScanner(onLost: () => void) {
  let thread: Worker | undefined;
  let last = 0;
  const waiting = new Map<number, Waiting>();

  const lost = (of: Worker, error: Error) => {
    if (thread !== of) return;
    thread = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    onLost();
  };

  const begin = (): Worker => {
    const made = new Worker(new URL('./scan.thread.ts', import.meta.url));
    made.unref();
    made.on('message', ({ id, scanned }: ScanAnswer) => {
      waiting.get(id)?.resolve(scanned);
      waiting.delete(id);
    });
    made.on('error', (error: Error) => lost(made, error));
    made.on('exit', () => lost(made, new Error('the thread that holds vectors ended')));
    return made;
  };

  return {
    /** Tasks are done in the order in which they are given. */
    run(task: ScanTask): Promise<Scanned> {
      thread ??= begin();
      last += 1;
      const id = last;
      const answer = new Promise<Scanned>((resolve, reject) => waiting.set(id, { resolve, reject }));
      const given = task.do === 'add' ? task.blocks.map(({ vectors }) => vectors.buffer as ArrayBuffer) : [];
      thread.postMessage({ id, task }, given);
      return answer;
    },

    async stop(): Promise<void> {
      await thread?.terminate();
    },
  };
}
