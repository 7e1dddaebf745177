import type { ClientSession } from '@rapport/protocol/sessions';
import { createApi, type Api } from '@rapport/sdk/api';
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { isId } from '../../lib/isId.ts';
import { TimeLeft } from '../../lib/TimeLeft.tsx';
import { Failure, Loading, useTitle } from '../../lib/ui.tsx';
import { Composer } from '../sessions/Composer.tsx';
import { Transcript } from '../sessions/Transcript.tsx';
import { useRoom } from '../sessions/useRoom.ts';
import { tokenOf } from './access.ts';
import { ConsentButton, ConsentStep, useConsents, type Consents } from './Consents.tsx';

export function ChatPage({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  const token = useCallback(() => tokenOf(sessionId), [sessionId]);
  const api = useMemo(() => createApi({ token }), [token]);
  const [session, setSession] = useState<ClientSession | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = useCallback(() => {
    // Without an access token, or an address, there is nothing to ask for.
    if (isId(sessionId) && tokenOf(sessionId) !== null)
      api.get<ClientSession>(`/sessions/${sessionId}/client-view`).then(setSession, setError);
  }, [api, sessionId]);
  useEffect(load, [load]);
  if (!isId(sessionId) || tokenOf(sessionId) === null || (error && !session)) {
    return (
      <Shut>
        <p>{t('chat.noAccess')}</p>
        <Failure error={error} />
      </Shut>
    );
  }
  return session ? <Asked api={api} session={session} token={token} onSession={load} /> : <Loading />;
}

function Shut({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  useTitle(t('chat.shut'));
  return (
    <main className="page narrow" id="content">
      <h1>{t('chat.shut')}</h1>
      {children}
    </main>
  );
}

/** What was not answered yet comes before the conversation. */
function Asked(props: ChatProps) {
  const consents = useConsents(props.api, props.session.id);
  const { items, answer } = consents;
  if (!items) return <Loading />;
  return items.some((one) => one.given === null) ? (
    <ConsentStep items={items} answer={answer} />
  ) : (
    <Chat {...props} consents={consents} />
  );
}

interface ChatProps {
  api: Api;
  session: ClientSession;
  token: () => string | null;
  onSession(): void;
}

function Chat({ api, session, token, onSession, consents }: ChatProps & { consents: Consents }) {
  const { t } = useTranslation();
  useTitle(session.personaName);
  const [error, setError] = useState<unknown>(null);
  const { refused, reload } = consents;
  // What was answered on another device, or on paper, holds here too.
  const room = useRoom({
    api,
    sessionId: session.id,
    roomId: session.roomId,
    token,
    me: 'client',
    onSession,
    onConsent: reload,
  });
  const [silent, unanswered] = [refused('recording'), refused('ai-processing')];
  const [busy, setBusy] = useState(false);
  const act = (path: string) => {
    if (busy) return;
    setError(null);
    setBusy(true);
    api
      .post(`/sessions/${session.id}${path}`)
      .catch(setError)
      .finally(() => setBusy(false));
  };
  // What was refused is no news any more once something has happened.
  const moment = `${room.status}/${session.status}/${session.humanWrites}/${room.state.cursor}`;
  useEffect(() => setError(null), [moment]);
  // Whoever may not see it any more does not go on seeing it.
  if (room.status === 'denied')
    return (
      <Shut>
        <p role="status">{t('status.denied')}</p>
      </Shut>
    );
  return (
    <main className="room single" id="content">
      <section className="talk">
        <Head session={session} consents={consents} onNeed={() => act('/person-request')} />
        <div className="disclosure">{disclosure(t, session, { silent, unanswered })}</div>
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
          canRegenerate={
            session.status === 'active' && !session.humanWrites && !session.personaOff && !silent && !unanswered
          }
          empty={silent ? '' : t('chat.empty')}
        />
        <Failure error={error ?? room.olderError} />
        <p className="status" role="status">
          {statusText(t, session, room, silent)}
        </p>
        {session.status !== 'ended' && !silent && (
          <Composer label={t('room.message')} disabled={!room.ready} onSend={room.send} onType={room.typed} />
        )}
      </section>
    </main>
  );
}

function Head(props: { session: ClientSession; consents: Consents; onNeed(): void }) {
  const { session, consents, onNeed } = props;
  const { items, answer } = consents;
  const { t } = useTranslation();
  return (
    <header>
      <h1 dir="auto">{session.personaName}</h1>
      <div className="row">
        <span className="soft small grow" dir="auto">
          {session.personaRole}
        </span>
        {items && items.length > 0 && <ConsentButton items={items} answer={answer} />}
        {session.status !== 'ended' && (
          <button type="button" className="small" onClick={onNeed}>
            {t('chat.need')}
          </button>
        )}
        {session.endsAt && <TimeLeft endsAt={session.endsAt} />}
        {session.questionnaireId && (
          <a className="button small" href={`/questionnaire/${session.id}/${session.questionnaireId}`}>
            {t('chat.fillIn')}
          </a>
        )}
        <a className="small" href={`/record/${session.id}`}>
          {t('chat.record')}
        </a>
      </div>
    </header>
  );
}

/** Who answers, or why nobody does. */
function disclosure(t: TFunction, session: ClientSession, refused: { silent: boolean; unanswered: boolean }): string {
  if (session.status === 'ended') return t('chat.was');
  if (refused.silent) return t('chat.noRecording');
  if (session.personaOff) return t('chat.off');
  if (session.personCalled) return t('chat.called');
  if (session.humanWrites) return t('chat.person');
  if (refused.unanswered) return t('chat.noAi');
  return session.status === 'paused' ? t('chat.pausedNow') : t('chat.disclosure');
}

function statusText(t: TFunction, session: ClientSession, room: ReturnType<typeof useRoom>, silent: boolean): string {
  if (session.status === 'ended') return t('chat.ended');
  if (room.status !== 'live') return t(`status.${room.status}`);
  if (room.typing && session.humanWrites) return t('chat.typing');
  return session.status === 'paused' && !silent ? t('chat.paused') : t(`status.${room.status}`);
}
