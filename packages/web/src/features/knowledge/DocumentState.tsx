import type { DocumentState as State } from '@rapport/protocol/knowledge';
import { useTranslation } from 'react-i18next';
import type { ShownDocument } from './documentEvents.ts';
import { Decide, WaitingState } from './Waiting.tsx';

const steps = { queued: 0, extracting: 1, chunking: 2, indexing: 3 } as const satisfies Partial<Record<State, number>>;
const allSteps = 4;

/** How far a document has come, or why it comes no further. */
export function DocumentState({ baseId, document }: { baseId: string; document: ShownDocument }) {
  const { t } = useTranslation();
  const { state, title, fraction, failure, readyVersion, version } = document;
  if (state === 'ready') return null;
  if (state === 'waiting') {
    return (
      <>
        <WaitingState waiting={document.waiting} />
        <Decide baseId={baseId} document={document} />
      </>
    );
  }
  if (state === 'failed') {
    return (
      <p className="state bad">
        <span className="badge bad">{t('knowledge.state.failed')}</span> {failure?.message}
        {readyVersion !== null && readyVersion < version && ` ${t('knowledge.olderStands')}`}
      </p>
    );
  }
  return (
    <p className="state">
      <progress
        max={allSteps}
        value={steps[state] + (fraction ?? 0)}
        aria-label={`${t('knowledge.progress')}: ${title}`}
      />
      <span className="badge">{t(`knowledge.state.${state}`)}</span>
    </p>
  );
}
