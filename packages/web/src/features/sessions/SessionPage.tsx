import type { Session } from '@rapport/protocol/sessions';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Loading, useTitle } from '../../lib/ui.tsx';
import { Composer } from './Composer.tsx';
import { SessionSide } from './SessionSide.tsx';
import { Transcript } from './Transcript.tsx';
import { useRoom } from './useRoom.ts';

const noToken = () => null;

export function SessionPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const session = useQuery({ queryKey: ['session', id], queryFn: () => api.get<Session>(`/sessions/${id}`) });
  if (session.isPending) return <Loading />;
  if (session.error) {
    return (
      <main className="page narrow" id="content">
        <Failure error={session.error} />
      </main>
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
  const room = useRoom({ api, sessionId: session.id, roomId: session.roomId, token: noToken, me: 'staff', onSession });
  const regenerate = useMutation({ mutationFn: () => api.post(`/sessions/${session.id}/regenerate`) });
  const stop = useMutation({
    mutationFn: (replyId: string) => api.post(`/sessions/${session.id}/replies/${replyId}/stop`),
  });
  const clientName = session.client?.name ?? t('room.clientName');
  const asStaff = session.rung !== 'auto';
  const canWrite = session.status !== 'ended' && (asStaff || !session.clientJoined);
  return (
    <main className="room" id="content">
      <section className="talk" aria-label={t('room.transcript')}>
        <header>
          <div className="row">
            <h1 className="grow">{session.title}</h1>
            <span className={`badge ${session.status === 'active' ? 'on' : 'warn'}`}>
              {t(`sessions.${session.status}`)}
            </span>
            <span className="badge">{t(`rung.${session.rung}`)}</span>
          </div>
          <p className="status" role="status">
            {t(`status.${room.status}`)}
          </p>
        </header>
        <Transcript
          state={room.state}
          outgoing={room.outgoing}
          personaName={session.persona.name}
          clientName={clientName}
          me="staff"
          older={room.older}
          onOlder={room.loadOlder}
          onStop={(replyId) => stop.mutate(replyId)}
          onRegenerate={() => regenerate.mutate()}
          empty={t('chat.empty')}
        />
        <Failure error={regenerate.error ?? stop.error ?? room.olderError} />
        <p className="status typing" role="status">
          {room.typing && t('room.typing', { name: clientName })}
        </p>
        {canWrite ? (
          <Composer
            label={asStaff ? t('room.write') : t('room.rehearse')}
            disabled={!room.ready}
            onSend={room.send}
            onType={session.rung === 'takeover' ? room.typed : undefined}
          />
        ) : (
          session.status !== 'ended' && <p className="status">{t('room.takeOverToWrite')}</p>
        )}
      </section>
      <SessionSide session={session} finished={room.state.running === null ? room.state.cursor : -1} />
    </main>
  );
}
