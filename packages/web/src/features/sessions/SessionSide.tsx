import type { Reply, Session } from '@rapport/protocol/sessions';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { Failure, Field } from '../../lib/ui.tsx';
import { SessionPolicy } from '../supervision/SessionPolicy.tsx';
import { ReplyGiven } from '../memory/ReplyGiven.tsx';
import { SessionQuestionnaires } from '../clients/SessionQuestionnaires.tsx';
import { Notes } from '../clients/Notes.tsx';
import { SessionPlan } from './SessionPlan.tsx';
import { SessionThread } from './SessionThread.tsx';
import { InviteDialog } from './InviteDialog.tsx';
import { useForget } from './useForget.ts';

interface Props {
  session: Session;
  /** Changes when a reply has ended. */
  finished: number;
  /** Changes whenever something has happened in the room: what was refused before is no news any more. */
  moment: string;
  /** Stands above the record of the replies. */
  children?: ReactNode;
}

/** Everything the facilitator decides. */
export function SessionSide({ session, finished, moment, children }: Props) {
  const { t } = useTranslation();
  const [inviting, setInviting] = useState(false);
  const may = useMay();
  const supervises = may('sessions.supervise');
  const ended = session.status === 'ended';
  return (
    <aside className="side" aria-label={t('room.controls')}>
      {supervises && ended && (
        <div>
          <button type="button" onClick={() => setInviting(true)}>
            {t('invite.existing')}
          </button>
        </div>
      )}
      {supervises && !ended && (
        <>
          <h2>{t('room.controls')}</h2>
          <Controls session={session} moment={moment} onInvite={() => setInviting(true)} />
          <SessionPolicy session={session} />
          <Guidance sessionId={session.id} moment={moment} />
        </>
      )}
      {children}
      {supervises && <SessionPlan session={session} />}
      {supervises && may('clients.read') && <SessionThread session={session} />}
      {supervises && may('clients.read') && <SessionQuestionnaires session={session} />}
      <Notes path={`/sessions/${session.id}/notes`} mayWrite={supervises && may('clients.manage')} />
      {may('sessions.export') && <Export sessionId={session.id} />}
      <p>
        <Link to="/sessions/$id/insights" params={{ id: session.id }}>
          {t('insight.open')}
        </Link>
      </p>
      <Replies session={session} finished={finished} />
      {supervises && (
        <InviteDialog sessionId={session.id} ended={ended} open={inviting} onClose={() => setInviting(false)} />
      )}
    </aside>
  );
}

function Export({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  return (
    <div>
      <h2>{t('room.export')}</h2>
      <div className="row">
        {(['markdown', 'json', 'pdf'] as const).map((format) => (
          <a key={format} className="button" download href={`/api/v1/sessions/${sessionId}/export?format=${format}`}>
            {t(`room.${format}`)}
          </a>
        ))}
      </div>
    </div>
  );
}

function Controls({ session, moment, onInvite }: Pick<Props, 'session' | 'moment'> & { onInvite(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [ending, setEnding] = useState(false);
  const act = useMutation({
    mutationFn: (what: string) => api.post<Session>(`/sessions/${session.id}/${what}`),
    onSuccess: (next) => queries.setQueryData(['session', session.id], next),
  });
  useForget(moment, act);
  const button = (what: 'pause' | 'resume' | 'takeover' | 'handback', primary = false) => (
    <button
      type="button"
      className={primary ? 'primary' : ''}
      // Not `disabled`: the button that was pressed would lose the focus.
      aria-disabled={act.isPending}
      onClick={() => act.isPending || act.mutate(what)}
    >
      {t(`room.${what}`)}
    </button>
  );
  return (
    <div className="stack">
      <div className="row">
        {session.status === 'paused' ? button('resume', true) : button('pause')}
        {session.rung === 'takeover' ? button('handback') : button('takeover')}
        <button type="button" onClick={onInvite}>
          {t('room.invite')}
        </button>
        <button type="button" className="danger" onClick={() => setEnding(true)}>
          {t('room.end')}
        </button>
      </div>
      <Failure error={act.error} />
      <Confirm
        open={ending}
        title={t('room.endTitle')}
        text={t('room.endText')}
        action={t('room.end')}
        onConfirm={() => act.mutate('end')}
        onClose={() => setEnding(false)}
      />
    </div>
  );
}

function Guidance({ sessionId, moment }: { sessionId: string; moment: string }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const guide = useMutation({
    mutationFn: () => api.post(`/sessions/${sessionId}/guidance`, { text }),
    onSuccess: () => setText(''),
  });
  useForget(moment, guide);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    guide.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('room.guidance')} hint={t('room.guidanceHint')}>
        {(ids) => (
          <textarea {...ids} required maxLength={4000} value={text} onChange={(e) => setText(e.target.value)} />
        )}
      </Field>
      <Failure error={guide.error} />
      <button disabled={guide.isPending || text.trim() === ''}>{t('room.guide')}</button>
    </form>
  );
}

const usd = (micro: number): string => (micro / 1e6).toFixed(4);

function Replies({ session, finished }: Pick<Props, 'session' | 'finished'>) {
  const { t } = useTranslation();
  const mayRead = useMay()('memory.read');
  const { id: sessionId, client } = session;
  const replies = useQuery({
    queryKey: ['replies', sessionId, finished],
    queryFn: () => api.get<{ items: Reply[] }>(`/sessions/${sessionId}/replies`, { limit: 5 }),
    placeholderData: (before) => before,
  });
  const items = replies.data?.items ?? [];
  return (
    <div>
      <h2>{t('room.replies')}</h2>
      {items.length === 0 && <p className="soft">{t('room.noReplies')}</p>}
      <ul className="list small">
        {items.map((reply) => (
          <li key={reply.id}>
            <strong>{reply.engine.model || reply.engine.label}</strong>{' '}
            <span className="badge">{t(`room.replyIs.${reply.status}`)}</span>
            <br />
            {reply.firstTokenMs !== null && t('room.firstToken', { ms: reply.firstTokenMs })}
            {reply.usage.inputTokens !== null && (
              <>
                <br />
                {t('room.tokens', {
                  input: reply.usage.inputTokens,
                  output: reply.usage.outputTokens,
                  cached: reply.usage.cachedTokens ?? 0,
                })}
              </>
            )}
            {reply.costMicroUsd !== null && ` · ${t('room.cost', { cost: usd(reply.costMicroUsd) })}`}
            {mayRead && <ReplyGiven sessionId={sessionId} clientId={client?.id ?? null} replyId={reply.id} />}
          </li>
        ))}
      </ul>
    </div>
  );
}
