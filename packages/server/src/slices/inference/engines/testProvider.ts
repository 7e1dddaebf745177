import type { ProviderTest } from '@rapport/protocol/inference';
import { OutgoingRefused } from '../../../platform/net/outgoing.ts';
import { createEngine, type EngineSettings } from './create.ts';
import { EngineError, type Engine, type EngineFault } from './engine.ts';

const limitMs = 30_000;

const advice: Record<EngineFault, string> = {
  unauthorized: 'The provider refused the key. Check it, and that it may use this model.',
  'rate-limited': 'The provider answers “too many requests”. Wait a minute and try again.',
  unavailable: 'The provider answered with an error of its own. Try again later.',
  'refused-connection': 'Nothing answers at this address. Check it, and that the server is running.',
  'refused-address':
    'This address lies in a private network or on this machine. The operator can allow it with RAPPORT_ALLOW_PRIVATE.',
  redirected: 'The provider sends elsewhere (a redirect), which is not followed. Give the address it sends to.',
  'timeout-first-token': 'The provider did not begin to answer in 30 seconds.',
  stalled: 'The provider stopped in the middle of its answer.',
  cut: 'The provider broke off its answer. Check that the address ends in /v1 and speaks the OpenAI protocol.',
  malformed: 'What answers at this address does not speak this protocol. Check the address.',
  'bad-request': 'The provider did not accept the request. Check the name of the model.',
  'not-found': 'The provider does not know this address or model. Check both; the address usually ends in /v1.',
  'context-too-long': 'The model accepts only very short texts.',
  'not-installed': 'What runs models from a file is not installed on this server. Try again to install it.',
  'not-approved': 'The provider is not approved for what clients say.',
  aborted: 'The test took too long.',
};

/** A file has no address and no key: what its process said is the best there is. */
function adviceFor(settings: EngineSettings, { fault, cause }: EngineError): string {
  if (cause instanceof OutgoingRefused) return cause.message;
  if (settings.kind !== 'gguf' || fault !== 'unavailable') return advice[fault];
  const reason = cause instanceof Error ? cause.message.slice(0, 300) : 'its process ended.';
  return `This file could not be run as a model: ${reason}`;
}

/** One real, tiny call. Never throws for a provider that does not work. */
export function testProvider(settings: EngineSettings): Promise<ProviderTest> {
  return trying(settings, async (engine) => {
    const request = {
      model: settings.model ?? '',
      messages: [{ role: 'user' as const, content: 'Say OK.' }],
      maxTokens: 16,
      signal: AbortSignal.timeout(limitMs * 2),
      timeouts: { firstTokenMs: limitMs, betweenTokensMs: limitMs },
    };
    await engine.stream(request, () => {});
  });
}

/** One real, tiny call for a vector. Never throws for a provider that does not work. */
export const testEmbedding = (settings: EngineSettings, model: string): Promise<ProviderTest> =>
  trying(settings, async (engine) => {
    const signal = AbortSignal.timeout(limitMs * 2);
    await engine.embed?.({ model, texts: ['OK'], signal, timeoutMs: limitMs });
  });

/** One real, tiny call for an order. Never throws for a provider that does not work. */
export const testReranking = (settings: EngineSettings, model: string): Promise<ProviderTest> =>
  trying(settings, async (engine) => {
    const documents = ['The sky is blue.', 'Bread is made of flour.'];
    const signal = AbortSignal.timeout(limitMs * 2);
    await engine.rerank?.({ model, query: 'What is bread made of?', documents, signal, timeoutMs: limitMs });
  });

async function trying(settings: EngineSettings, call: (engine: Engine) => Promise<void>): Promise<ProviderTest> {
  const began = performance.now();
  const took = () => Math.round(performance.now() - began);
  const engine = createEngine(settings);
  try {
    await call(engine);
    return { ok: true, ms: took(), fault: null, message: null };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { ok: false, ms: took(), fault: error.fault, message: adviceFor(settings, error) };
  } finally {
    engine.close?.();
  }
}
