import { z } from 'zod';
import { Id, Instant, line, text, listOf } from './common.ts';

export const providerKinds = ['openai', 'anthropic', 'ollama', 'gguf', 'reference'] as const;
export const ProviderKind = z.enum(providerKinds);
export type ProviderKind = z.infer<typeof ProviderKind>;

/** Whether what clients say may be sent to a provider that is not on this machine, and on what ground. */
export const ProcessingDecision = z.strictObject({
  approved: z.boolean(),
  note: text(1000, 0).default('').describe('The agreement on data processing: with whom, where it is kept.'),
  agreedOn: z.iso.date().nullable().default(null),
});
export type ProcessingDecision = z.input<typeof ProcessingDecision>;

/** `reference` needs no address: it quotes the persona's reference material and is not a model. */
export const ProviderCreate = z.strictObject({
  kind: ProviderKind,
  label: line(120).optional(),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .optional(),
  apiKey: line(500).optional(),
  model: line(300)
    .optional()
    .describe(
      'The default model; for gguf the path of the file. None: the provider answers nobody, and needs another model.',
    ),
  embeddingModel: line(300)
    .optional()
    .describe('Makes the vectors by which reference material is found; for gguf the path of the file.'),
  rerankModel: line(300)
    .optional()
    .describe('Puts what a search found into its final order; the provider needs `/rerank`.'),
  makeDefault: z.boolean().default(true),
  processing: ProcessingDecision.optional().describe('Not needed for what runs on this machine.'),
});
export type ProviderCreate = z.input<typeof ProviderCreate>;

export const Provider = z.object({
  id: Id,
  kind: ProviderKind,
  label: z.string(),
  baseUrl: z.string().nullable(),
  model: z.string().nullable(),
  embeddingModel: z.string().nullable().describe('Set at one provider of an organisation at most.'),
  rerankModel: z.string().nullable().describe('Set at one provider of an organisation at most.'),
  hasKey: z.boolean(),
  isDefault: z.boolean(),
  processing: z.object({
    status: z.enum(['local', 'approved', 'refused', 'unanswered']),
    note: z.string(),
    agreedOn: z.string().nullable(),
    decidedAt: Instant.nullable(),
  }),
  createdAt: Instant,
});
export type Provider = z.infer<typeof Provider>;
export const ProviderList = listOf(Provider);

export const EmbeddingChoice = z.strictObject({ model: line(300).nullable().describe('null: no embeddings from it.') });
export type EmbeddingChoice = z.infer<typeof EmbeddingChoice>;

export const RerankChoice = z.strictObject({ model: line(300).nullable().describe('null: no reranking by it.') });
export type RerankChoice = z.infer<typeof RerankChoice>;

/** Whether a provider must be approved before anything a client says is sent to it. */
export const ApprovalRule = z.strictObject({ required: z.boolean() });
export type ApprovalRule = z.infer<typeof ApprovalRule>;

/** The outcome of one real, tiny call with the given settings. */
export const ProviderTest = z.object({
  ok: z.boolean(),
  ms: z.number().int().describe('Milliseconds the call took.'),
  fault: z.string().nullable(),
  message: z.string().nullable(),
});
export type ProviderTest = z.infer<typeof ProviderTest>;

export const OllamaFound = z.object({ models: z.array(z.string()).nullable() });

/** What runs models from files; installed on the server when somebody first chooses such a model. */
export const GgufLibrary = z.object({
  state: z.enum(['missing', 'installing', 'installed', 'failed']),
  version: z.string(),
  percent: z.number().int().min(0).max(100).describe('About how much of it is done.'),
  downloadBytes: z.number().int().describe('About how much an installation fetches.'),
  message: z.string().nullable().describe('Why the last installation failed.'),
});
export type GgufLibrary = z.infer<typeof GgufLibrary>;

/** Micro-USD per million tokens. */
export const Price = z.strictObject({
  model: line(300),
  input: z.number().int().min(0).max(1e12),
  output: z.number().int().min(0).max(1e12),
  cached: z.number().int().min(0).max(1e12),
});
export type Price = z.infer<typeof Price>;
export const PriceList = listOf(Price);

export const Usage = z.object({
  inputTokens: z.number().int().nullable(),
  outputTokens: z.number().int().nullable(),
  cachedTokens: z.number().int().nullable(),
});
export type Usage = z.infer<typeof Usage>;

export const replyStatuses = ['running', 'completed', 'stopped', 'interrupted', 'failed'] as const;
export const ReplyStatus = z.enum(replyStatuses);
export type ReplyStatus = z.infer<typeof ReplyStatus>;

export const EngineName = z.object({ id: z.string(), label: z.string(), model: z.string() });
export type EngineName = z.infer<typeof EngineName>;
