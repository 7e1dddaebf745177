import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defaultTimeouts, EngineError, type Engine, type EngineEnd, type EngineRequest } from './engine.ts';
import type { FromChild, ToChild } from './gguf.child.ts';

const library = 'node-llama-cpp';
const child = fileURLToPath(new URL('./gguf.child.ts', import.meta.url));

/** Large and of use to few: installed by those who choose a GGUF file. */
export class NotInstalled extends Error {
  constructor() {
    super(`Models from a file need ${library}. Install it in Rapport’s folder: npm install --no-save ${library}@3.22.1`);
    this.name = 'NotInstalled';
  }
}

function requireLibrary(): void {
  try {
    createRequire(import.meta.url).resolve(library);
  } catch {
    throw new NotInstalled();
  }
}

/** A model from a GGUF file in a child process: what breaks in native code ends the child, not the server. */
export function createGgufEngine({ path }: { path: string }): Engine {
  let process_: ChildProcess | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  const start = (): ChildProcess => {
    if (process_?.connected) return process_;
    requireLibrary();
    const started = fork(child, [path], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    started.once('exit', () => {
      if (process_ === started) process_ = null;
    });
    // The child must not keep a stopping server alive.
    started.unref();
    started.channel?.unref();
    process_ = started;
    return started;
  };

  /** One model, one reply at a time: the others wait their turn. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work);
    turn = next.catch(() => {});
    return next;
  };

  return { stream: (request, onText) => inTurn(() => converse(start(), request, onText)) };
}

function converse(worker: ChildProcess, request: EngineRequest, onText: (text: string) => void): Promise<EngineEnd> {
  const { firstTokenMs, betweenTokensMs } = request.timeouts ?? defaultTimeouts;
  return new Promise((resolve, reject) => {
    const fail = (error: EngineError, kill: boolean) => {
      finish();
      if (kill) worker.kill('SIGKILL');
      reject(error);
    };
    let timer = setTimeout(() => fail(new EngineError('timeout-first-token'), true), firstTokenMs);
    const onMessage = (message: FromChild) => {
      clearTimeout(timer);
      if (message.type === 'text') {
        timer = setTimeout(() => fail(new EngineError('stalled'), true), betweenTokensMs);
        onText(message.text);
      } else if (message.type === 'end') {
        finish();
        resolve({ finishReason: message.finishReason, usage: message.usage });
      } else fail(new EngineError('unavailable', { cause: new Error(message.message) }), false);
    };
    const onExit = () => fail(new EngineError('unavailable'), false);
    const onAbort = () => {
      worker.send({ type: 'stop' } satisfies ToChild);
      fail(new EngineError('aborted'), false);
    };
    const finish = () => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      request.signal.removeEventListener('abort', onAbort);
    };
    worker.on('message', onMessage);
    worker.once('exit', onExit);
    request.signal.addEventListener('abort', onAbort, { once: true });
    const { messages, maxTokens, temperature } = request;
    worker.send({ type: 'generate', messages, maxTokens, temperature } satisfies ToChild);
  });
}
