import type { CuratedAnswer } from '@rapport/protocol/curated';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { isId } from '../../lib/isId.ts';
import { Markdown } from '../../lib/Markdown.tsx';
import { useMay } from '../../lib/me.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Failure, Field, fieldError, formatDate, isMissing, isolated, Loading } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { basePath, useBase } from './base.ts';

const answersPath = (baseId: string): string => `${basePath(baseId)}/curated-answers`;

/** What people approved as the answer to a question. */
export function CuratedPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { t } = useTranslation();
  const base = useBase(id);
  const mayManage = useMay()('knowledge.manage');
  if (!isId(id) || isMissing(base.error)) return <NotFound />;
  if (base.isPending) return <Loading />;
  return (
    <Page title={t('curated.title')} hint={t('curated.hint')}>
      <Failure error={base.error} />
      <p>
        <Link to="/knowledge/$id" params={{ id }}>
          <bdi>{base.data?.name}</bdi>
        </Link>
      </p>
      {mayManage && <NewAnswer baseId={id} />}
      <Answers baseId={id} mayManage={mayManage} />
    </Page>
  );
}

function NewAnswer({ baseId }: { baseId: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [question, setQuestion] = useState('');
  const [answer, setAnswer] = useState('');
  const approve = useMutation({
    mutationFn: () => api.post<CuratedAnswer>(answersPath(baseId), { question, answer }),
    onSuccess: () => {
      setQuestion('');
      setAnswer('');
      return queries.invalidateQueries({ queryKey: [answersPath(baseId)] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!approve.isPending) approve.mutate();
  };
  return (
    <details>
      <summary>{t('curated.new')}</summary>
      <form className="stack" onSubmit={submit}>
        <Field label={t('curated.question')} error={fieldError(approve.error, '/question')}>
          {(ids) => (
            <input
              {...ids}
              required
              maxLength={500}
              dir="auto"
              value={question}
              onChange={(e) => setQuestion(e.target.value)}
            />
          )}
        </Field>
        <Field label={t('curated.answer')} error={fieldError(approve.error, '/answer')}>
          {(ids) => (
            <textarea
              {...ids}
              required
              maxLength={8000}
              dir="auto"
              className="growing"
              value={answer}
              onChange={(e) => setAnswer(e.target.value)}
            />
          )}
        </Field>
        <Failure error={approve.error} marked={Boolean(fieldError(approve.error, '/question'))} />
        <div className="row">
          <button className="primary" aria-disabled={approve.isPending}>
            {t('curated.approve')}
          </button>
        </div>
      </form>
    </details>
  );
}

function Answers({ baseId, mayManage }: { baseId: string; mayManage: boolean }) {
  const { t } = useTranslation();
  const [revoked, setRevoked] = useState(false);
  const answers = usePages<CuratedAnswer>(answersPath(baseId), { revoked: String(revoked) });
  return (
    <>
      <label className="check">
        <input type="checkbox" checked={revoked} onChange={(e) => setRevoked(e.target.checked)} />
        <span>{t('curated.showRevoked')}</span>
      </label>
      <Failure error={answers.error} />
      {answers.isPending && <Loading />}
      {answers.isSuccess && answers.items.length === 0 && <p className="soft">{t('curated.empty')}</p>}
      <ul className="list">
        {answers.items.map((answer) => (
          <li key={answer.id} className="card">
            <Answer baseId={baseId} answer={answer} mayManage={mayManage} />
          </li>
        ))}
      </ul>
      {answers.hasNextPage && (
        <button type="button" onClick={() => void answers.fetchNextPage()}>
          {t('common.more')}
        </button>
      )}
    </>
  );
}

function Answer({ baseId, answer, mayManage }: { baseId: string; answer: CuratedAnswer; mayManage: boolean }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => api.delete(`${answersPath(baseId)}/${answer.id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: [answersPath(baseId)] }),
  });
  const { approvedBy, approvedAt, revoked, origin } = answer;
  return (
    <>
      <h2 dir="auto">{answer.question}</h2>
      <div className="text" dir="auto">
        <Markdown text={answer.answer} />
      </div>
      <p className="small soft">
        {t('curated.approvedBy', { name: isolated(approvedBy.name), date: formatDate(approvedAt) })}
        {origin === 'reply' && ` · ${t('curated.fromReply')}`}
        {revoked && ` · ${t('curated.revokedBy', { name: isolated(revoked.name), date: formatDate(revoked.at) })}`}
      </p>
      <Failure error={revoke.error} />
      {mayManage && !revoked && (
        <button type="button" className="danger" onClick={() => setAsking(true)}>
          {t('curated.revoke')}
        </button>
      )}
      <Confirm
        open={asking}
        title={t('curated.revokeTitle')}
        text={t('curated.revokeText')}
        action={t('curated.revoke')}
        onConfirm={() => revoke.mutate()}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
