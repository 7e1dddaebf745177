import type { ProviderKind } from '@rapport/protocol/inference';
import type { Outgoing } from '../../../platform/net/outgoing.ts';
import { createAnthropicEngine } from './anthropic.ts';
import type { Engine } from './engine.ts';
import { createGgufEngine } from './gguf.ts';
import { createOllamaEngine } from './ollama.ts';
import { createOpenAiEngine } from './openai.ts';

export interface EngineSettings {
  kind: ProviderKind;
  baseUrl: string | null;
  /** For gguf the path of the file that answers; null: none does. */
  model: string | null;
  apiKey: string | null;
  /** The file of the library that runs models from files; null while it is not installed. */
  ggufLibrary(): string | null;
  outgoing: Outgoing;
}

/** The engine of a provider. `reference` is none: it does not generate. */
export function createEngine(settings: EngineSettings): Engine {
  const { kind, baseUrl, apiKey, model, ggufLibrary, outgoing } = settings;
  if (kind === 'gguf') return createGgufEngine({ path: model, library: ggufLibrary });
  if (!baseUrl || kind === 'reference') throw new Error(`a provider of kind ${kind} lacks its address`);
  if (kind === 'anthropic') return createAnthropicEngine({ baseUrl, apiKey, outgoing });
  return kind === 'ollama'
    ? createOllamaEngine({ baseUrl, outgoing })
    : createOpenAiEngine({ baseUrl, apiKey, outgoing });
}
