import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Stands in for node-llama-cpp where it is not installed, to test what is around it: it says the words of the file, one
 * every 5 ms. `!exit` ends its process in the middle, `!hang` never goes on, and a file that begins with `bad` is no model.
 * The vector of a text is how often each word of the file stands in it, with a last number that is never 0. One of more than
 * 100 words is too long.
 */
export async function getLlama() {
  return {
    async loadModel({ modelPath }: { modelPath: string }) {
      const text = readFileSync(modelPath, 'utf8');
      if (text.startsWith('bad')) throw new Error('Invalid GGUF magic.');
      return {
        createEmbeddingContext: async () => ({ getEmbeddingFor: (asked: string) => vectorOf(text, asked) }),
        createContext: async () => ({ getSequence: () => text }),
        tokenize: (words: string) => words.split(' '),
      };
    },
  };
}

async function vectorOf(file: string, asked: string): Promise<{ vector: readonly number[] }> {
  if (asked.includes('!exit')) process.exit(3);
  if (asked.includes('!hang')) await sleep(60_000);
  const words = asked.toLowerCase().split(/\W+/);
  if (words.length > 100) throw new Error('Input is longer than the usable context size.');
  const counts = file.split(' ').map((word) => words.filter((one) => one === word).length);
  return { vector: [...counts, 0.2] };
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
