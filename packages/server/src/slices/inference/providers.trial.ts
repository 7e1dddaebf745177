import { access, constants } from 'node:fs/promises';
import type { ProviderTest } from '@rapport/protocol/inference';
import { AppError } from '../../platform/errors.ts';
import type { Outgoing } from '../../platform/net/outgoing.ts';
import type { EngineSettings } from './engines/create.ts';
import { InstallFailed, type LibraryOfGguf } from './engines/gguf.library.ts';
import { testEmbedding, testProvider, testReranking } from './engines/testProvider.ts';
import type { Wanted } from './providers.wanted.ts';

/** What a model of a provider is for. */
export type Use = 'replies' | 'embeddings' | 'reranking';

const calls = { replies: testProvider, embeddings: testEmbedding, reranking: testReranking };
const prefixes: Record<Use, string> = { replies: '', embeddings: 'Embeddings: ', reranking: 'Reranking: ' };

const refused = (fault: string, message: string): ProviderTest => ({ ok: false, ms: 0, fault, message });

/** Looks for the file first: nobody waits for the library only to learn of a slip of the pen. */
async function prepareGguf(path: string, library: LibraryOfGguf): Promise<ProviderTest | null> {
  const readable = await access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!readable) return refused('not-found', 'There is no readable file at this path.');
  return library.ensure().then(
    () => null,
    (error: unknown) => {
      if (error instanceof InstallFailed) return refused('not-installed', error.message);
      throw error;
    },
  );
}

function requireOk({ ok, message }: ProviderTest): void {
  if (!ok) throw new AppError('provider-failed', { detail: message ?? 'The provider did not answer.' });
}

type Address = Pick<EngineSettings, 'kind' | 'baseUrl' | 'apiKey'>;

/** One real, tiny call for each use, before which a GGUF file may need its library; the reference engine needs none. */
export function createTrial(library: LibraryOfGguf, outgoing: Outgoing) {
  const tryUse = async ({ kind, baseUrl, apiKey }: Address, use: Use, model: string): Promise<ProviderTest> => {
    const trouble = kind === 'gguf' ? await prepareGguf(model, library) : null;
    const settings = { kind, baseUrl, apiKey, model, outgoing, ggufLibrary: library.find };
    const result = trouble ?? (await calls[use](settings, model));
    return result.message === null ? result : { ...result, message: prefixes[use] + result.message };
  };

  const tryOut = async (wanted: Wanted): Promise<ProviderTest> => {
    const uses: [Use, string | null][] = [
      ['replies', wanted.model],
      ['embeddings', wanted.embeddingModel],
      ['reranking', wanted.rerankModel],
    ];
    let ms = 0;
    for (const [use, model] of uses) {
      if (model === null) continue;
      const result = await tryUse(wanted, use, model);
      ms += result.ms;
      if (!result.ok) return { ...result, ms };
    }
    return { ok: true, ms, fault: null, message: null };
  };

  return {
    tryOut,

    /** Throws `provider-failed`. */
    requireWorking: async (wanted: Wanted): Promise<void> => requireOk(await tryOut(wanted)),

    /** Throws `provider-failed`. */
    requireUse: async (of: Address, use: Use, model: string): Promise<void> => requireOk(await tryUse(of, use, model)),
  };
}

export type Trial = ReturnType<typeof createTrial>;
