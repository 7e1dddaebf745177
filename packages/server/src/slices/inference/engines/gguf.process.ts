import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EngineError, type EngineFault } from './engine.ts';
import type { FromChild, ToChild } from './gguf.child.ts';

const child = fileURLToPath(new URL('./gguf.child.ts', import.meta.url));

/** The file of node-llama-cpp to load; null while it is not installed. */
export type LibraryFile = () => string | null;

export interface Exchange<T> {
  message: ToChild;
  signal: AbortSignal;
  /** Looks at an answer, and ends the exchange with what came of it. */
  take(answer: FromChild, end: (value: T) => void): void;
  /** Asked every so many milliseconds: the fault that ends the exchange and the process, or null. */
  late(): EngineFault | null;
  everyMs: number;
}

/** A model from a file in a child process: what breaks in native code ends the child, not the server. */
export function createGgufProcess(path: string, library: LibraryFile) {
  let worker: ChildProcess | null = null;
  /** When each message was sent that has no answer yet; one that nobody waits for any more is among them. */
  let sent = new Map<number, number>();

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
    const unanswered = new Map<number, number>();
    started.on('message', ({ id, type }: FromChild) => type !== 'text' && unanswered.delete(id));
    sent = unanswered;
    worker = started;
    return started;
  };

  return {
    /** One message and what is answered to it. Starts the process where there is none. Throws EngineError. */
    async exchange<T>(exchange: Exchange<T>): Promise<T> {
      if (exchange.signal.aborted) throw new EngineError('aborted');
      const to = start();
      sent.set(exchange.message.id, performance.now());
      return converse(to, exchange);
    },

    /** Whether a message has waited longer than so many milliseconds for its answer. */
    isStuck: (ms: number): boolean => [...sent.values()].some((at) => performance.now() - at > ms),

    kill: (): void => void worker?.kill('SIGKILL'),
  };
}

export type GgufProcess = ReturnType<typeof createGgufProcess>;

function converse<T>(worker: ChildProcess, { message, signal, take, late, everyMs }: Exchange<T>): Promise<T> {
  const { id } = message;
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearInterval(timer);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      signal.removeEventListener('abort', onAbort);
    };
    const end = (value: T) => {
      finish();
      resolve(value);
    };
    const fail = (fault: EngineFault, cause?: Error) => {
      finish();
      reject(new EngineError(fault, { cause }));
    };
    const timer = setInterval(() => {
      const fault = late();
      if (fault === null) return;
      worker.kill('SIGKILL');
      fail(fault);
    }, everyMs);
    const onMessage = (answer: FromChild) => {
      // A reply that was stopped goes on reporting for a moment.
      if (answer.id !== id) return;
      if (answer.type !== 'error') return take(answer, end);
      // The next one starts a new child.
      if (answer.fatal) worker.kill('SIGKILL');
      fail(/context size/i.test(answer.message) ? 'context-too-long' : 'unavailable', new Error(answer.message));
    };
    const onExit = () => fail('unavailable');
    const onAbort = () => {
      fail('aborted');
      worker.send({ type: 'stop', id } satisfies ToChild, () => {});
    };
    worker.on('message', onMessage);
    worker.once('exit', onExit);
    signal.addEventListener('abort', onAbort, { once: true });
    worker.send(message, (error) => error && fail('unavailable', error));
  });
}
