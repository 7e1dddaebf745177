import { EngineError, type Engine } from './engines/engine.ts';
import type { ProviderRow } from './schema.ts';

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** It runs on this machine, so what is said stays here: nobody else processes it. */
export const runsHere = (row: Pick<ProviderRow, 'kind' | 'base_url'>): boolean =>
  row.kind === 'reference' || row.kind === 'gguf' || loopback.test(new URL(row.base_url ?? 'http://unknown').hostname);

/** How a provider stands to what clients say. */
export const processingStatus = (row: ProviderRow): 'local' | 'approved' | 'refused' | 'unanswered' =>
  runsHere(row) ? 'local' : row.approval;

/** Whether what a client says may be sent to it. A refusal holds also where no approval is required. */
export function mayProcess(row: ProviderRow): boolean {
  const status = processingStatus(row);
  return status === 'local' || status === 'approved' || (status === 'unanswered' && !row.require_approval);
}

/** Stands where the engine of a provider would that may not be given anything: no byte leaves through it. */
export const refusal: Engine = {
  stream: () => Promise.reject(new EngineError('not-approved')),
  embed: () => Promise.reject(new EngineError('not-approved')),
  rerank: () => Promise.reject(new EngineError('not-approved')),
};
