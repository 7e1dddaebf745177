import type { ProcessingDecision, ProviderCreate } from '@rapport/protocol/inference';
import type { z } from 'zod';
import { AppError } from '../../platform/errors.ts';

export type ProviderBody = z.output<typeof ProviderCreate>;

const defaultUrls: Partial<Record<ProviderBody['kind'], string>> = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com',
  ollama: 'http://127.0.0.1:11434',
};

const kindLabels: Record<ProviderBody['kind'], string> = {
  openai: 'OpenAI-compatible',
  anthropic: 'Anthropic',
  ollama: 'Ollama',
  gguf: 'GGUF file',
  reference: 'Reference engine',
};

export interface Wanted {
  kind: ProviderBody['kind'];
  label: string;
  baseUrl: string | null;
  model: string | null;
  embeddingModel: string | null;
  rerankModel: string | null;
  apiKey: string | null;
  processing: z.output<typeof ProcessingDecision> | null;
}

export const invalid = (pointer: string, message: string) =>
  new AppError('invalid-body', { detail: `${pointer}: ${message}`, errors: [{ pointer, message }] });

const embedding: ProviderBody['kind'][] = ['openai', 'ollama', 'gguf'];
export const canEmbed = (kind: ProviderBody['kind']): boolean => embedding.includes(kind);
export const noEmbedding = 'Embeddings come from OpenAI-compatible providers, from Ollama and from GGUF files.';
export const canRerank = (kind: ProviderBody['kind']): boolean => kind === 'openai';
export const noReranking = 'Reranking is done by providers at an OpenAI-compatible address that have /rerank.';

/** A provider may do nothing but make embeddings or rerank. */
const answersNobody = ({ embeddingModel, rerankModel }: ProviderBody): boolean =>
  embeddingModel !== undefined || rerankModel !== undefined;

/** Fills in what the kind implies. Throws `invalid-body`. */
export function wantedOf(body: ProviderBody): Wanted {
  const baseUrl =
    body.kind === 'gguf' || body.kind === 'reference' ? null : (body.baseUrl ?? defaultUrls[body.kind] ?? null);
  const url = baseUrl === null ? null : new URL(baseUrl);
  // The address is shown to everybody who manages providers; a key inside it would be shown with it.
  if (url && (url.username || url.password))
    throw invalid('/baseUrl', 'Put the key into its own field, not into the address.');
  if (body.kind !== 'reference' && body.model === undefined && !answersNobody(body)) {
    throw invalid('/model', body.kind === 'gguf' ? 'Give the path of the file.' : 'Name the model to use.');
  }
  if (body.embeddingModel !== undefined && !canEmbed(body.kind)) throw invalid('/embeddingModel', noEmbedding);
  if (body.rerankModel !== undefined && !canRerank(body.kind)) throw invalid('/rerankModel', noReranking);
  return {
    kind: body.kind,
    label: body.label ?? (url ? `${kindLabels[body.kind]} (${url.host})` : kindLabels[body.kind]),
    baseUrl,
    model: body.kind === 'reference' ? null : (body.model ?? null),
    embeddingModel: body.embeddingModel ?? null,
    rerankModel: body.rerankModel ?? null,
    apiKey: body.apiKey ?? null,
    processing: body.processing ?? null,
  };
}
