import type { ClientSession } from '@rapport/protocol/sessions';
import { createApi, type Api } from '@rapport/sdk/api';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, Loading, useTitle } from '../../lib/ui.tsx';
import { Composer } from '../sessions/Composer.tsx';
import { Transcript } from '../sessions/Transcript.tsx';
import { useRoom } from '../sessions/useRoom.ts';
import { tokenOf } from './access.ts';

export function ChatPage({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  const token = useCallback(() => tokenOf(sessionId), [sessionId]);
  const api = useMemo(() => createApi({ token }), [token]);
  const [session, setSession] = useState<ClientSession | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = useCallback(() => {
    api.get<ClientSession>(`/sessions/${sessionId}/client-view`).then(setSession, setError);
  }, [api, sessionId]);
  useEffect(load, [load]);
  if (tokenOf(sessionId) === null || (error && !session)) {
    return (
      <main className="page narrow" id="content">
        <h1>{t('app.name')}</h1>
        <p>{t('chat.noAccess')}</p>
        <Failure error={error} />
      </main>
    );
  }
  return session ? <Chat api={api} session={session} token={token} onSession={load} /> : <Loading />;
}

interface ChatProps {
  api: Api;
  session: ClientSession;
  token: () => string | null;
  onSession(): void;
}

function Chat({ api, session, token, onSession }: ChatProps) {
  const { t } = useTranslation();
  useTitle(session.personaName);
  const [error, setError] = useState<unknown>(null);
  const room = useRoom({ api, sessionId: session.id, roomId: session.roomId, token, me: 'client', onSession });
  const act = (path: string) => {
    setError(null);
    api.post(`/sessions/${session.id}${path}`).catch(setError);
  };
  const statusText = () => {
    if (session.status === 'ended') return t('chat.ended');
    if (room.typing && session.humanWrites) return t('chat.typing');
    return session.status === 'paused' ? t('chat.paused') : t(`status.${room.status}`);
  };
  return (
    <main className="room single" id="content">
      <section className="talk">
        <header>
          <h1>{session.personaName}</h1>
          <span className="soft small">{session.personaRole}</span>
          <a className="small" href={`/record/${session.id}`}>
            {t('chat.record')}
          </a>
        </header>
        <div className="disclosure">
          {session.personaOff ? t('chat.off') : session.humanWrites ? t('chat.person') : t('chat.disclosure')}
        </div>
        <Transcript
          state={room.state}
          outgoing={room.outgoing}
          personaName={session.personaName}
          clientName={t('room.you')}
          me="client"
          older={room.older}
          onOlder={room.loadOlder}
          onStop={(replyId) => act(`/replies/${replyId}/stop`)}
          onRegenerate={() => act('/regenerate')}
          empty={t('chat.empty')}
        />
        <Failure error={error ?? room.olderError} />
        <p className="status" role="status">
          {statusText()}
        </p>
        {session.status !== 'ended' && (
          <Composer
            label={t('room.message')}
            disabled={room.status === 'denied' || !room.ready}
            onSend={room.send}
            onType={room.typed}
          />
        )}
      </section>
    </main>
  );
}
