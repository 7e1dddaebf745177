import type { Price } from '@rapport/protocol/inference';

const usd = (input: number, output: number, cached: number) => ({
  input: input * 1_000_000,
  output: output * 1_000_000,
  cached: cached * 1_000_000,
});

/**
 * Micro-USD per million tokens, from the providers' public price pages as of mid-2025. A person can put others in their
 * place; a model that stands nowhere has no cost rather than a guessed one.
 */
export const defaultPrices: Price[] = [
  { model: 'gpt-4o', ...usd(2.5, 10, 1.25) },
  { model: 'gpt-4o-mini', ...usd(0.15, 0.6, 0.075) },
  { model: 'gpt-4.1', ...usd(2, 8, 0.5) },
  { model: 'gpt-4.1-mini', ...usd(0.4, 1.6, 0.1) },
  { model: 'claude-sonnet-4-20250514', ...usd(3, 15, 0.3) },
  { model: 'claude-3-5-haiku-20241022', ...usd(0.8, 4, 0.08) },
];
