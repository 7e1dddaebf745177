import type { Price, ProviderKind } from '@rapport/protocol/inference';

export interface ProviderRow {
  id: string;
  kind: ProviderKind;
  label: string;
  base_url: string | null;
  model: string | null;
  /** Sealed, never the key itself. */
  api_key: Buffer | null;
  /** What makes the vectors of the organisation, where this provider does. */
  embedding_model: string | null;
  /** What puts the passages that a search found into their final order, where this provider does. */
  rerank_model: string | null;
  is_default: boolean;
  approval: 'unanswered' | 'approved' | 'refused';
  agreement_note: string;
  agreed_on: string | null;
  decided_at: string | null;
  /** Of the organisation. */
  require_approval: boolean;
  created_at: string;
  /** Changes with every change of the row. */
  version: string;
}

export type PriceRow = Price;
