import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Stands in for node-llama-cpp where it is not installed, to test what is around it: it says the words of the file, one
 * every 5 ms. `!exit` ends its process in the middle, `!hang` never goes on, and a file that begins with `bad` is no model.
 */
export async function getLlama() {
  return {
    async loadModel({ modelPath }: { modelPath: string }) {
      const text = readFileSync(modelPath, 'utf8');
      if (text.startsWith('bad')) throw new Error('Invalid GGUF magic.');
      return {
        createContext: async () => ({ getSequence: () => text }),
        tokenize: (words: string) => words.split(' '),
      };
    },
  };
}

interface Options {
  maxTokens?: number;
  signal: AbortSignal;
  onTextChunk(text: string): void;
  onToken(tokens: unknown[]): void;
}

export class LlamaChatSession {
  readonly text: string;
  busy = false;

  constructor({ contextSequence }: { contextSequence: string }) {
    this.text = contextSequence;
  }

  setChatHistory() {}

  async promptWithMeta(prompt: string, { maxTokens = Infinity, signal, onTextChunk, onToken }: Options) {
    if (this.busy) throw new Error('two replies in one context');
    this.busy = true;
    try {
      for (const [count, word] of `${prompt} ${this.text}`.split(/(?<= )/).entries()) {
        if (signal.aborted) return { stopReason: 'abort' };
        if (count >= maxTokens) return { stopReason: 'maxTokens' };
        if (word.startsWith('!exit')) process.exit(3);
        if (word.startsWith('!hang')) await sleep(60_000);
        onToken([word]);
        onTextChunk(word);
        await sleep(5);
      }
      return { stopReason: 'eogToken' };
    } finally {
      this.busy = false;
    }
  }
}
