import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ExtractionFailure, type Reason } from './failure.ts';
import type { Extracted } from './format.ts';
import type { Limits } from './limits.ts';
import type { Job, Report } from './protocol.ts';
import { residentBytes } from './resident.ts';

const program = fileURLToPath(new URL('./extract.child.ts', import.meta.url));
/** Reading /proc costs nothing; elsewhere a program has to be run for it. */
const watchMs = process.platform === 'linux' ? 50 : 1000;

/** A document that ended like this was understood; nothing is left behind in the process. */
const verdicts = new Set<Reason>(['empty', 'unsupported', 'encrypted', 'scanned', 'not-what-it-says']);

export interface Reader {
  readonly pid: number | undefined;
  /** Fit for another document. */
  readonly isUsable: boolean;
  /** One document at a time. Throws ExtractionFailure. */
  read(file: { path: string; name: string }, signal: AbortSignal): Promise<Extracted>;
  /** Resolves when the process is gone. */
  end(): Promise<void>;
}

/** What V8 does when the heap is full: it aborts, which Windows shows as a code. */
const ranOut = (code: number | null, signal: NodeJS.Signals | null): boolean => signal === 'SIGABRT' || code === 134;

/** Starts a process that reads documents: with an empty environment, without leave to write, to start programs, or to grow. */
export function startReader(limits: Limits): Reader {
  const child = fork(program, [], {
    env: {},
    execArgv: [
      `--max-old-space-size=${limits.heapMegabytes}`,
      '--permission',
      '--allow-fs-read=*',
      '--allow-worker',
      '--disable-warning=SecurityWarning',
    ],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  });
  // Without a listener, what a broken channel reports would end this process.
  child.on('error', () => {});
  // A process without work must not keep a stopping server alive.
  child.unref();
  child.channel?.unref();
  let ended: Promise<void> | null = null;
  let isSound = true;
  let count = 0;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  const end = (): Promise<void> => {
    isSound = false;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
    // Who waits for its end waits for nothing else.
    child.ref();
    child.kill('SIGKILL');
    ended ??= gone;
    return ended;
  };

  const read = (file: { path: string; name: string }, signal: AbortSignal) =>
    new Promise<Extracted>((resolve, reject) => {
      const began = performance.now();
      let heard = began;
      const finish = () => {
        clearInterval(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        signal.removeEventListener('abort', onAbort);
        child.unref();
        child.channel?.unref();
      };
      const fail = (reason: Reason, detail: string | null = null) => {
        finish();
        if (!verdicts.has(reason)) void end();
        reject(new ExtractionFailure(reason, detail));
      };
      const watch = async () => {
        const now = performance.now();
        if (now - heard > limits.stallMs || now - began > limits.totalMs) fail('too-long');
        else if ((await residentBytes(child.pid ?? 0)) > limits.residentBytes) fail('out-of-memory');
      };
      const timer = setInterval(() => void watch(), watchMs);
      const onMessage = (report: Report) => {
        heard = performance.now();
        if (report.type === 'failed') fail(report.reason, report.detail);
        if (report.type !== 'done') return;
        finish();
        resolve(report.extracted);
      };
      const onExit = (code: number | null, by: NodeJS.Signals | null) => {
        if (ranOut(code, by)) fail('out-of-memory');
        // Whoever killed it may let it live the next time; a process that ends by itself has met its match.
        else fail(by === 'SIGKILL' || by === 'SIGTERM' ? 'stopped' : 'damaged', `the process ended: ${by ?? code}`);
      };
      const onAbort = () => fail('stopped');
      child.on('message', onMessage);
      child.once('exit', onExit);
      signal.addEventListener('abort', onAbort, { once: true });
      child.ref();
      child.channel?.ref();
      count += 1;
      child.send({ ...file, limits } satisfies Job, (error) => error && fail('stopped', error.message));
    });

  return {
    pid: child.pid,
    get isUsable() {
      return isSound && child.connected && count < limits.reuse;
    },
    read,
    end,
  };
}
