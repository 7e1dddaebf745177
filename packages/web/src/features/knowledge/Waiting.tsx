import type { VersionEvaluation } from '@rapport/protocol/evaluations';
import type { Document, KnowledgeBaseDetail, WaitingVersion } from '@rapport/protocol/knowledge';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { useMay } from '../../lib/me.ts';
import { Failure, isolated } from '../../lib/ui.tsx';
import { documentKey, documentsPath, refreshBase } from './base.ts';
import { Results } from './EvaluationResults.tsx';
import { searchOf } from './Folders.tsx';

/** What is known of a version that waits, in a line. */
export function WaitingState({ waiting }: { waiting: WaitingVersion | null }) {
  const { t } = useTranslation();
  const { state = 'pending', evaluations = 1, questions = 0, gained = 0, lost = 0 } = waiting ?? {};
  const found = [
    gained > 0 && t('waiting.gained', { count: gained }),
    lost > 0 && t('waiting.lost', { count: lost }),
    gained + lost === 0 && t('waiting.unchanged', { count: questions }),
  ];
  const known = evaluations === 0 ? t('waiting.unasked') : found.filter(Boolean).join(', ');
  return (
    <p className="state" role="status">
      <span className={state === 'done' && lost === 0 ? 'badge on' : 'badge warn'}>{t('waiting.title')}</span>{' '}
      {state === 'done' ? known : t(`waiting.${state}`)}
    </p>
  );
}

/** Of all questions, how many gained, stayed as they were and lost. */
function Shares({ waiting: { questions, gained, lost } }: { waiting: WaitingVersion }) {
  const { t } = useTranslation();
  if (questions === 0) return null;
  return (
    <svg
      className="bars share"
      role="img"
      aria-label={t('waiting.chart', { gained, lost, same: questions - gained - lost })}
      viewBox={`0 0 ${questions} 1`}
      preserveAspectRatio="none"
    >
      <rect className="rest" width={questions} height={1} />
      <rect width={gained} height={1} />
      <rect className="lost" x={questions - lost} width={lost} height={1} />
    </svg>
  );
}

interface Props {
  baseId: string;
  document: Document;
}

/** Publish it, or keep the version before. */
export function Decide({ baseId, document: { id, title, version } }: Props) {
  const { t } = useTranslation();
  const mayManage = useMay()('knowledge.manage');
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const path = `${documentsPath(baseId)}/${id}/versions/${version}`;
  const onSettled = async () => {
    await refreshBase(queries, baseId);
    await queries.invalidateQueries({ queryKey: [`${documentsPath(baseId)}/${id}/versions`] });
  };
  const publish = useMutation({ mutationFn: () => api.post(`${path}/publish`), onSettled });
  const keep = useMutation({ mutationFn: () => api.delete(path), onSettled });
  if (!mayManage) return null;
  const busy = publish.isPending || keep.isPending;
  return (
    <>
      <Failure error={publish.error ?? keep.error} />
      <div className="row">
        <button
          type="button"
          className="primary"
          aria-label={`${t('waiting.publish')}: ${title}`}
          aria-disabled={busy}
          onClick={() => busy || publish.mutate()}
        >
          {t('waiting.publish')}
        </button>
        <button
          type="button"
          aria-label={`${t('waiting.keep')}: ${title}`}
          aria-disabled={busy}
          onClick={() => busy || setAsking(true)}
        >
          {t('waiting.keep')}
        </button>
      </div>
      <Confirm
        open={asking}
        title={t('waiting.keepTitle', { version })}
        text={t('waiting.keepText', { name: isolated(title) })}
        action={t('waiting.keep')}
        onConfirm={() => keep.mutate()}
        onClose={() => setAsking(false)}
      />
    </>
  );
}

/** What the evaluations found with it, question by question, for who decides. */
export function Waiting({ baseId, document }: Props) {
  const { t } = useTranslation();
  const { id, version, waiting } = document;
  const path = `${documentsPath(baseId)}/${id}/versions/${version}/evaluations`;
  const evaluations = useQuery({
    queryKey: [...documentKey(baseId, id), 'evaluations', version],
    queryFn: () => api.get<{ items: VersionEvaluation[] }>(path, { limit: 50 }),
  });
  return (
    <section className="card stack" aria-label={t('waiting.title')}>
      <WaitingState waiting={waiting} />
      <p className="soft small">
        {t('waiting.hint')}{' '}
        <Link
          to="/knowledge/$id/documents/$documentId"
          params={{ id: baseId, documentId: id }}
          search={{ version } as never}
        >
          {t('waiting.read', { version })}
        </Link>
      </p>
      {waiting?.state === 'done' && <Shares waiting={waiting} />}
      <Failure error={evaluations.error} />
      {evaluations.data?.items.map(
        ({ evaluationId, name, run }) =>
          run?.state === 'done' && (
            <div key={evaluationId}>
              <h2 dir="auto">{name}</h2>
              <Results run={run} unchanged={t('waiting.unchanged', { count: run.results.length })} />
            </div>
          ),
      )}
      <Decide baseId={baseId} document={document} />
    </section>
  );
}

/** How many documents of a base have a version that waits, and where they are. */
export function WaitingVersions({ base: { id, states } }: { base: KnowledgeBaseDetail }) {
  const { t } = useTranslation();
  const count = states.waiting ?? 0;
  if (count === 0) return null;
  const search = searchOf({ folder: '', tag: '', state: 'waiting' }) as never;
  return (
    <p className="note">
      {t('waiting.count', { count })}{' '}
      <Link to="/knowledge/$id" params={{ id }} search={search}>
        {t('waiting.show')}
      </Link>
    </p>
  );
}
