import { basename } from 'node:path';
import { vectorsOf } from './embedding.ts';
import {
  defaultTimeouts,
  EngineError,
  type Embedded,
  type EmbedRequest,
  type Engine,
  type EngineEnd,
  type EngineRequest,
} from './engine.ts';
import { createGgufProcess, type GgufProcess, type LibraryFile } from './gguf.process.ts';

export interface GgufSettings {
  /** Null: it answers nobody, and makes embeddings only. */
  path: string | null;
  library: LibraryFile;
  /** How long one text may take to become a vector, with loading the model. */
  oneTextMs?: number;
}

/** Models from GGUF files, each in a process of its own: one that answers, and one that makes embeddings. */
export function createGgufEngine({ path, library, oneTextMs = 45_000 }: GgufSettings): Engine {
  const answering = path === null ? null : createGgufProcess(path, library);
  let embedding: { path: string; process: GgufProcess } | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  let count = 0;

  /** One model, one reply at a time: the others wait their turn. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work);
    turn = next.catch(() => {});
    return next;
  };

  const generate = async (request: EngineRequest, onText: (text: string) => void): Promise<EngineEnd> => {
    if (request.signal.aborted) throw new EngineError('aborted');
    if (answering === null) throw new EngineError('not-found');
    count += 1;
    return { ...(await converse(answering, count, request, onText)), model: basename(path ?? '') };
  };

  /** Apart from the process that answers, even where the file is the same: a search does not wait for a reply. */
  const processFor = (file: string): GgufProcess => {
    if (embedding?.path === file) return embedding.process;
    embedding?.process.kill();
    embedding = { path: file, process: createGgufProcess(file, library) };
    return embedding.process;
  };

  const embedOne = (file: string, text: string, signal: AbortSignal): Promise<readonly number[]> => {
    const process = processFor(file);
    // What hangs in native code is not seen by those who wait for a moment only.
    if (process.isStuck(oneTextMs)) process.kill();
    const began = performance.now();
    count += 1;
    return process.exchange<readonly number[]>({
      message: { type: 'embed', id: count, text },
      signal,
      take: (answer, end) => answer.type === 'vector' && end(answer.vector),
      late: () => (performance.now() - began > oneTextMs ? 'stalled' : null),
      everyMs: oneTextMs / 8,
    });
  };

  /** One after the other, so that the vector of a question waits for one text of a document at most. */
  const embedAll = async ({ model, texts, ...asked }: EmbedRequest): Promise<Embedded> => {
    const late = AbortSignal.timeout(asked.timeoutMs);
    const signal = AbortSignal.any([asked.signal, late]);
    const vectors: (readonly number[])[] = [];
    for (const text of texts) {
      const vector = await embedOne(model, text, signal).catch((error: unknown) => {
        const overdue = late.aborted && !asked.signal.aborted;
        throw overdue ? new EngineError('timeout-first-token', { cause: error }) : error;
      });
      vectors.push(vector);
    }
    return { vectors: vectorsOf(vectors, texts.length), tokens: null };
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
          .then(resolve, (error: unknown) => reject(Object.assign(error as EngineError, { shown })))
          .finally(() => request.signal.removeEventListener('abort', onAbort));
      }),
    embed: (request) => embedAll(request),
    // A reply that runs is finished first.
    close: () => {
      void inTurn(async () => answering?.kill());
      embedding?.process.kill();
    },
  };
}

function converse(process: GgufProcess, id: number, request: EngineRequest, onText: (text: string) => void) {
  const { firstTokenMs, betweenTokensMs } = request.timeouts ?? defaultTimeouts;
  const { messages, maxTokens, temperature, stop } = request;
  let shown = false;
  let lastAt = performance.now();
  return process.exchange<Omit<EngineEnd, 'model'>>({
    message: { type: 'generate', id, messages, maxTokens, temperature, stop },
    signal: request.signal,
    take(answer, end) {
      if (answer.type === 'end') return end({ finishReason: answer.finishReason, usage: answer.usage });
      if (answer.type !== 'text') return;
      shown = true;
      lastAt = performance.now();
      onText(answer.text);
    },
    late() {
      if (performance.now() - lastAt < (shown ? betweenTokensMs : firstTokenMs)) return null;
      return shown ? 'stalled' : 'timeout-first-token';
    },
    everyMs: Math.max(10, Math.min(firstTokenMs, betweenTokensMs) / 8),
  });
}
