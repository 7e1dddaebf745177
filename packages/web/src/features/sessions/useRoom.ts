import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { MessageList } from '@rapport/protocol/sessions';
import type { Api } from '@rapport/sdk/api';
import { createLive, LiveError, type RoomHandle, type RoomStatus } from '@rapport/sdk/live';
import { idbOutbox } from '@rapport/sdk/live/outbox.idb';
import { useCallback, useEffect, useRef, useState } from 'react';
import { applyDelta, applyEvent, emptyRoom, prepend, resetReply, type RoomState } from './roomState.ts';

const pageSize = 50;
const openAgainMs = 3000;

/** A message written here that the server has not confirmed yet, or has refused. */
export interface Outgoing {
  key: number;
  text: string;
  refused: string | null;
}

export interface RoomOptions {
  api: Api;
  sessionId: string;
  roomId: string;
  token: () => string | null;
  /** Called for events of the session itself, e.g. a pause. */
  onSession(): void;
}

/** The conversation, live: the newest messages at once, older ones on request, tokens as they are made. */
export function useRoom({ api, sessionId, roomId, token, onSession }: RoomOptions) {
  const [state, setState] = useState<RoomState>(emptyRoom);
  const [status, setStatus] = useState<RoomStatus>('connecting');
  const [outgoing, setOutgoing] = useState<Outgoing[]>([]);
  const [ready, setReady] = useState(false);
  const [older, setOlder] = useState<number | null>(null);
  const handle = useRef<RoomHandle | null>(null);
  const onSessionRef = useRef(onSession);
  onSessionRef.current = onSession;

  useEffect(() => {
    let gone = false;
    let live: ReturnType<typeof createLive> | undefined;
    // Tokens come faster than a screen shows them: they are applied once a frame.
    let waiting: TextDelta[] = [];
    let frame = 0;
    const flush = () => {
      frame = 0;
      const deltas = waiting;
      waiting = [];
      if (!gone && deltas.length > 0) setState((s) => deltas.reduce(applyDelta, s));
    };
    const onEvent = (event: RoomEvent) => {
      flush();
      setState((s) => applyEvent(s, event));
      if (event.type.startsWith('session.') || event.type === 'client.joined') onSessionRef.current();
    };
    let again: ReturnType<typeof setTimeout> | undefined;
    const open = async () => {
      const { items } = await api.get<MessageList>(`/sessions/${sessionId}/messages`, { limit: pageSize });
      if (gone) return;
      const first = items.length === pageSize ? (items[0]?.seq ?? 1) : 1;
      setState({ ...emptyRoom, cursor: first - 1 });
      setOlder(first > 1 ? first : null);
      live = createLive({ token, storage: idbOutbox(`${sessionId}-${token() ? 'client' : 'staff'}`) });
      handle.current = live.room(roomId, {
        after: first - 1,
        onEvent,
        onDelta(delta) {
          waiting.push(delta);
          frame ||= requestAnimationFrame(flush);
        },
        onReset: () => {
          live?.close();
          if (!gone) openWithPatience();
        },
        onReplyReset(replyId) {
          waiting = waiting.filter((delta) => delta.replyId !== replyId);
          setState((s) => resetReply(s, replyId));
        },
        onStatus: (next) => {
          if (!gone) setStatus(next);
        },
      });
      setReady(true);
    };
    const openWithPatience = () => {
      open().catch(() => {
        if (gone) return;
        setStatus('retrying');
        again = setTimeout(openWithPatience, openAgainMs);
      });
    };
    openWithPatience();
    return () => {
      gone = true;
      clearTimeout(again);
      cancelAnimationFrame(frame);
      handle.current = null;
      live?.close();
    };
  }, [api, sessionId, roomId, token]);

  const send = useCallback((text: string) => {
    const room = handle.current;
    if (!room) return;
    const key = Math.random();
    setOutgoing((list) => [...list, { key, text, refused: null }]);
    room.publish(text).then(
      () => setOutgoing((list) => list.filter((m) => m.key !== key)),
      (error: unknown) => {
        const refused = error instanceof LiveError ? error.message : String(error);
        setOutgoing((list) => list.map((m) => (m.key === key ? { ...m, refused } : m)));
      },
    );
  }, []);

  const loadOlder = useCallback(async () => {
    if (older === null) return;
    const page = await api.get<MessageList>(`/sessions/${sessionId}/messages`, { limit: pageSize, before: older });
    setState((s) => prepend(s, page.items));
    setOlder(page.next === null ? null : (page.items[0]?.seq ?? null));
  }, [api, sessionId, older]);

  return { state, status, ready, outgoing, send, older: older !== null, loadOlder };
}
