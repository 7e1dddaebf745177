import type { EmbeddingReport, KnowledgeBaseDetail, RerankReport } from '@rapport/protocol/knowledge';
import { useTranslation } from 'react-i18next';

/** How many passages of a base can be found by their meaning. */
export function EmbeddingState({ of }: { of: KnowledgeBaseDetail['embeddings'] }) {
  const { t } = useTranslation();
  if (!of || of.of === 0) return null;
  const { model, approved, made, of: count, failure } = of;
  return (
    <p className="soft small" role="status">
      {approved ? t('embeddings.made', { made, count, model }) : t('embeddings.refused', { model })}{' '}
      {approved &&
        failure !== null &&
        made < count &&
        (failure === 'budget-spent' ? t('embeddings.spent') : t('embeddings.failing', { failure }))}
    </p>
  );
}

/** What embeddings did for a search, or why they did nothing. */
export function EmbeddingsUsed({ report }: { report: EmbeddingReport }) {
  const { t } = useTranslation();
  const { used, reason, model, weight, search } = report;
  if (!used && reason === null) return null;
  const percent = Math.round((weight ?? 0) * 100);
  return (
    <p className="soft small">
      {reason === null ? t('embeddings.used', { model, percent }) : t(`embeddings.why.${reason}`)}{' '}
      {search === 'index' && t('embeddings.index')}
    </p>
  );
}

/** What the reranker did for a search, or why the order before it stands. Nothing is said where there is none. */
export function RerankingUsed({ report }: { report: RerankReport }) {
  const { t } = useTranslation();
  const { used, reason, model, candidates } = report;
  if (!used && (reason === null || reason === 'not-set-up')) return null;
  return (
    <p className="soft small">
      {reason === null ? t('reranking.used', { model, count: candidates }) : t(`reranking.why.${reason}`, { model })}
    </p>
  );
}
