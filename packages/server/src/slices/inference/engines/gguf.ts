import { fork, type ChildProcess } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  defaultTimeouts,
  EngineError,
  type Engine,
  type EngineEnd,
  type EngineFault,
  type EngineRequest,
} from './engine.ts';
import type { FromChild, ToChild } from './gguf.child.ts';

const child = fileURLToPath(new URL('./gguf.child.ts', import.meta.url));

export interface GgufSettings {
  path: string;
  /** The file of node-llama-cpp to load; null while it is not installed. */
  library(): string | null;
}

/** A model from a GGUF file in a child process: what breaks in native code ends the child, not the server. */
export function createGgufEngine({ path, library }: GgufSettings): Engine {
  let worker: ChildProcess | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  let count = 0;

  const start = (): ChildProcess => {
    if (worker?.connected && !worker.killed) return worker;
    const from = library();
    if (from === null) throw new EngineError('not-installed');
    const started = fork(child, [path, from], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    // Without a listener, what a broken channel reports would end this process.
    started.on('error', () => {});
    // The child must not keep a stopping server alive.
    started.unref();
    started.channel?.unref();
    worker = started;
    return started;
  };

  /** One model, one reply at a time: the others wait their turn. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work);
    turn = next.catch(() => {});
    return next;
  };

  const generate = async (request: EngineRequest, onText: (text: string) => void): Promise<EngineEnd> => {
    if (request.signal.aborted) throw new EngineError('aborted');
    count += 1;
    return { ...(await converse(start(), count, request, onText)), model: basename(path) };
  };

  return {
    patient: true,
    stream: (request, onText) =>
      new Promise((resolve, reject) => {
        let shown = false;
        const show = (text: string) => {
          shown = true;
          onText(text);
        };
        // Who stops a reply that waits for its turn does not wait too.
        const onAbort = () => reject(Object.assign(new EngineError('aborted'), { shown }));
        request.signal.addEventListener('abort', onAbort, { once: true });
        inTurn(() => generate(request, show))
          .then(resolve, reject)
          .finally(() => request.signal.removeEventListener('abort', onAbort));
      }),
    // A reply that runs is finished first.
    close: () => void inTurn(async () => worker?.kill('SIGKILL')),
  };
}

function converse(worker: ChildProcess, id: number, request: EngineRequest, onText: (text: string) => void) {
  const { firstTokenMs, betweenTokensMs } = request.timeouts ?? defaultTimeouts;
  return new Promise<Omit<EngineEnd, 'model'>>((resolve, reject) => {
    let shown = false;
    let lastAt = performance.now();
    const finish = () => {
      clearInterval(timer);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      request.signal.removeEventListener('abort', onAbort);
    };
    const fail = (fault: EngineFault, cause?: Error) => {
      finish();
      const error = new EngineError(fault, { cause });
      error.shown = shown;
      reject(error);
    };
    const tell = (message: ToChild) => worker.send(message, (error) => error && fail('unavailable', error));
    const timer = setInterval(
      () => {
        if (performance.now() - lastAt < (shown ? betweenTokensMs : firstTokenMs)) return;
        worker.kill('SIGKILL');
        fail(shown ? 'stalled' : 'timeout-first-token');
      },
      Math.max(10, Math.min(firstTokenMs, betweenTokensMs) / 8),
    );
    const onMessage = (message: FromChild) => {
      // A reply that was stopped goes on reporting for a moment.
      if (message.id !== id) return;
      if (message.type === 'text') {
        shown = true;
        lastAt = performance.now();
        onText(message.text);
      } else if (message.type === 'end') {
        finish();
        resolve({ finishReason: message.finishReason, usage: message.usage });
      } else {
        // The next reply starts a new child.
        if (message.fatal) worker.kill('SIGKILL');
        fail(/context size/i.test(message.message) ? 'context-too-long' : 'unavailable', new Error(message.message));
      }
    };
    const onExit = () => fail('unavailable');
    const onAbort = () => {
      fail('aborted');
      worker.send({ type: 'stop', id } satisfies ToChild, () => {});
    };
    worker.on('message', onMessage);
    worker.once('exit', onExit);
    request.signal.addEventListener('abort', onAbort, { once: true });
    const { messages, maxTokens, temperature, stop } = request;
    tell({ type: 'generate', id, messages, maxTokens, temperature, stop });
  });
}
