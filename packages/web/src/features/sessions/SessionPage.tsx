import { heldRungs } from '@rapport/protocol/ladder';
import type { Session } from '@rapport/protocol/sessions';
import type { Rung } from '@rapport/protocol/supervision';
import type { RoomStatus } from '@rapport/sdk/live';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useCallback, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { isId } from '../../lib/isId.ts';
import { useMay } from '../../lib/me.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Failure, isMissing, isolated, Loading, useTitle } from '../../lib/ui.tsx';
import { Source } from '../knowledge/Source.tsx';
import { useFlagged } from '../supervision/Flagged.tsx';
import { Composer } from './Composer.tsx';
import { KnowledgeSide } from './KnowledgeSide.tsx';
import { SessionSide } from './SessionSide.tsx';
import type { Entry } from './roomState.ts';
import { Transcript } from './Transcript.tsx';
import { Claims } from '../supervision/Claims.tsx';
import { DraftCard } from '../supervision/DraftCard.tsx';
import { noteView } from '../supervision/Note.tsx';
import { useReviewNews } from '../supervision/useReviewNews.ts';
import { useForget } from './useForget.ts';
import { useRoom } from './useRoom.ts';
import { useSessionBase } from './useSessionBase.ts';

const noToken = () => null;
const claimsOf = ({ text, claims }: Extract<Entry, { kind: 'message' }>) => <Claims text={text} claims={claims} />;
const personaWrites: ReadonlySet<Rung> = new Set<Rung>(['auto', ...heldRungs]);

export function SessionPage() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const session = useQuery({
    queryKey: ['session', id],
    queryFn: () => api.get<Session>(`/sessions/${id}`),
    enabled: isId(id),
  });
  if (!isId(id) || isMissing(session.error)) return <NotFound />;
  if (session.isPending) return <Loading />;
  if (session.error) {
    return (
      <Page title={t('sessions.title')} narrow>
        <Failure error={session.error} />
      </Page>
    );
  }
  return <Room key={id} session={session.data} />;
}

function Room({ session }: { session: Session }) {
  const { t } = useTranslation();
  useTitle(session.title);
  const queries = useQueryClient();
  const onSession = useCallback(
    () => void queries.invalidateQueries({ queryKey: ['session', session.id] }),
    [queries, session.id],
  );
  const onEvent = useReviewNews();
  const { id: sessionId, roomId } = session;
  const room = useRoom({ api, sessionId, roomId, token: noToken, me: 'staff', onSession, onEvent });
  const base = useSessionBase(session);
  const regenerate = useMutation({ mutationFn: () => api.post(`/sessions/${session.id}/regenerate`) });
  const stop = useMutation({
    mutationFn: (replyId: string) => api.post(`/sessions/${session.id}/replies/${replyId}/stop`),
  });
  const denied = room.status === 'denied';
  const clientName = session.client?.name ?? session.alias ?? t('room.clientName');
  const moment = `${room.status}/${session.status}/${session.rung}/${room.state.cursor}`;
  useForget(moment, regenerate, stop);
  const ended = session.status === 'ended';
  const marked = useFlagged(session.id, room.state.cursor);
  const takesPart = useMay()('sessions.take-part');
  const { running } = room.state;
  // Whoever may not see it any more does not go on seeing it.
  if (denied) {
    return (
      <Page title={t('chat.shut')} narrow>
        <p role="status">{t('status.denied')}</p>
      </Page>
    );
  }
  return (
    <main className="room" id="content">
      <section className="talk" aria-label={t('room.transcript')}>
        <Head session={session} status={room.status} />
        <Transcript
          state={room.state}
          outgoing={room.outgoing}
          personaName={session.persona.name}
          clientName={clientName}
          me="staff"
          older={room.older}
          onOlder={room.loadOlder}
          onStop={takesPart ? (replyId) => stop.mutate(replyId) : undefined}
          onRegenerate={() => regenerate.isPending || regenerate.mutate()}
          canRegenerate={takesPart && session.status === 'active' && personaWrites.has(session.rung)}
          empty={t('chat.empty')}
          marked={marked}
          note={noteView}
          checked={claimsOf}
          source={base && ((citation) => <Source baseId={base.id} citation={citation} />)}
        />
        {running?.held && <DraftCard key={running.replyId} id={running.replyId} live={running.text} />}
        <Failure error={regenerate.error ?? stop.error ?? room.olderError} />
        <p className="status typing" role="status">
          {room.typing && t('room.typing', { name: isolated(clientName) })}
        </p>
        {takesPart && !ended && <Writing session={session} room={room} />}
      </section>
      <SessionSide session={session} finished={room.state.running === null ? room.state.cursor : -1} moment={moment}>
        {base && <KnowledgeSide base={base} entries={room.state.entries} />}
      </SessionSide>
    </main>
  );
}

/** Nobody writes in the client's place once they are there. */
function Writing({ session, room }: { session: Session; room: ReturnType<typeof useRoom> }) {
  const { t } = useTranslation();
  const persona = personaWrites.has(session.rung);
  // Under `draft-only` the persona writes for the team alone, and people speak to the client.
  const asStaff = !persona || (session.rung === 'draft-only' && session.clientJoined);
  if (!asStaff && session.clientJoined) return <p className="status">{t('room.takeOverToWrite')}</p>;
  return (
    <Composer
      label={asStaff ? t('room.write') : t('room.rehearse')}
      disabled={!room.ready}
      onSend={room.send}
      onType={session.rung === 'takeover' ? room.typed : undefined}
    />
  );
}

function Head({ session, status }: { session: Session; status: RoomStatus }) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  const ended = session.status === 'ended';
  useEffect(() => {
    // What ended the session is gone with everything that could be pressed.
    if (ended && document.activeElement === document.body) heading.current?.focus();
  }, [ended]);
  return (
    <header>
      <div className="row">
        <h1 className="grow" dir="auto" ref={heading} tabIndex={-1}>
          {session.title}
        </h1>
        <span className={`badge ${session.status === 'active' ? 'on' : 'warn'}`}>
          {t(`sessions.${session.status}`)}
        </span>
        {session.status === 'active' && <span className="badge">{t(`rung.${session.rung}`)}</span>}
      </div>
      <p className="status" role="status">
        {t(`status.${status}`)}
      </p>
    </header>
  );
}
