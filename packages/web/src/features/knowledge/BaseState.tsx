import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { EvaluationState } from './EvaluationState.tsx';
import { useBase, useBaseRoom } from './base.ts';

/** How many documents of a base can be answered from, as they are read. */
export function BaseState({ baseId }: { baseId: string }) {
  const { t } = useTranslation();
  const base = useBase(baseId);
  useBaseRoom(base.data);
  if (!base.data) return null;
  const { waiting = 0, failed = 0 } = base.data.states;
  // While a new version waits, the one before it answers.
  const ready = (base.data.states.ready ?? 0) + waiting;
  const reading = base.data.documentCount - ready - failed;
  const parts = [
    t('knowledge.areReady', { count: ready }),
    reading > 0 && t('knowledge.areRead', { count: reading }),
    failed > 0 && t('knowledge.areFailed', { count: failed }),
    waiting > 0 && t('knowledge.areWaiting', { count: waiting }),
  ];
  return (
    <p className="soft small" role="status">
      {parts.filter(Boolean).join(' · ')} ·{' '}
      <Link to="/knowledge/$id" params={{ id: baseId }}>
        {t('knowledge.seeDocuments')}
      </Link>
      <EvaluationState baseId={baseId} />
    </p>
  );
}
