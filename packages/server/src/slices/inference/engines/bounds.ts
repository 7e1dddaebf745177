import { EngineError, type Engine, type EngineEnd, type EngineRequest } from './engine.ts';

/** No language, indented code or ruled table takes as many characters a token. */
const charactersPerToken = 16;
/** What a reply may have however few tokens were asked for: a bound against flooding, not the persona's limit. */
const least = 65_536;
/** A slow machine writes its longest reply well within it. */
const longestMs = 3_600_000;

export interface ReplyBounds {
  characters: number;
  /** Milliseconds from the call to the end of the reply, however lively it is. */
  wholeMs: number;
}

export const boundsOf = (request: EngineRequest): ReplyBounds => ({
  characters: Math.max(least, (request.maxTokens ?? 0) * charactersPerToken),
  wholeMs: longestMs,
});

const unknown = { inputTokens: null, outputTokens: null, cachedTokens: null };

/**
 * Streams from a provider that may keep to no limit. A reply that grows beyond `bounds.characters` is cut there and ends
 * like one that reached its tokens, the call with it; one that takes longer than `bounds.wholeMs` has stalled. Throws
 * EngineError.
 */
export async function streamWithin(
  engine: Engine,
  request: EngineRequest,
  onText: (text: string) => void,
  bounds: ReplyBounds = boundsOf(request),
): Promise<EngineEnd> {
  const ours = new AbortController();
  const timer = setTimeout(() => ours.abort(), bounds.wholeMs);
  let room = bounds.characters;
  let shown = false;
  const show = (text: string) => {
    if (ours.signal.aborted) return;
    const fits = text.slice(0, room);
    room -= text.length;
    shown = true;
    if (fits !== '') onText(fits);
    if (room < 0) ours.abort();
  };
  try {
    return await engine.stream({ ...request, signal: AbortSignal.any([request.signal, ours.signal]) }, show);
  } catch (error) {
    if (!ours.signal.aborted || request.signal.aborted) throw error;
    if (room < 0) return { finishReason: 'length', usage: unknown, model: request.model };
    const late = new EngineError('stalled', { cause: error });
    late.shown = shown;
    throw late;
  } finally {
    clearTimeout(timer);
  }
}
