import type { EventPage, RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { MessageList } from '@rapport/protocol/sessions';
import type { Api } from '@rapport/sdk/api';
import { createLive, LiveError, type RoomHandle, type RoomStatus } from '@rapport/sdk/live';
import { idbOutbox } from '@rapport/sdk/live/outbox.idb';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { applyDelta, applyEvent, emptyRoom, prepend, resetReply, type RoomState } from './roomState.ts';
import { createListener, createTypist } from './typing.ts';

const pageSize = 50;
const eventsAtOnce = 1000;
const openAgainMs = 3000;

/** A message written here that the server has not confirmed yet, or has refused. */
export interface Outgoing {
  key: number;
  text: string;
  refused: string | null;
  /** The newest event when it was written. */
  after: number;
  arrived: boolean;
}

export interface RoomOptions {
  api: Api;
  sessionId: string;
  roomId: string;
  token: () => string | null;
  /** On which side of the conversation this page stands. */
  me: 'client' | 'staff';
  /** Called for events of the session itself, e.g. a pause. */
  onSession(): void;
  /** Called when somebody has agreed to something or taken it back. */
  onConsent?(): void;
  /** Called with every event, once it is applied. */
  onEvent?(event: RoomEvent): void;
}

/** What the log holds above `after` and below `before`; nothing where it does not reach back so far any more. */
async function eventsBetween(api: Api, roomId: string, after: number, before: number): Promise<RoomEvent[]> {
  const found: RoomEvent[] = [];
  for (let at = after; at < before - 1;) {
    const limit = Math.min(before - 1 - at, eventsAtOnce);
    const page = await api.get<EventPage>(`/rooms/${roomId}/events`, { after: at, limit });
    if (page.reset || page.events.length === 0) break;
    found.push(...page.events.filter((event) => event.seq < before));
    at = page.next;
  }
  return found;
}

/**
 * A message may arrive before the answer that it was taken, and must not stand there twice meanwhile. Until that answer
 * only its text tells which one it is.
 */
const withArrived = (list: Outgoing[], { seq, data }: RoomEvent): Outgoing[] => {
  const first = list.find(
    (m) => !m.arrived && seq > m.after && m.text === data['text'] && data['author'] !== 'persona',
  );
  return first ? list.map((m) => (m === first ? { ...m, arrived: true } : m)) : list;
};

const otherSide = (me: 'client' | 'staff') => (me === 'client' ? 'staff' : 'client');

/** The conversation, live: the newest messages at once, older ones on request, tokens as they are made. */
export function useRoom({ api, sessionId, roomId, token, me, onSession, onConsent, onEvent: onAny }: RoomOptions) {
  const [state, setState] = useState<RoomState>(emptyRoom);
  const [status, setStatus] = useState<RoomStatus>('connecting');
  const [outgoing, setOutgoing] = useState<Outgoing[]>([]);
  const [ready, setReady] = useState(false);
  const [older, setOlder] = useState<number | null>(null);
  const [olderError, setOlderError] = useState<unknown>(null);
  const [typing, setTyping] = useState(false);
  const handle = useRef<RoomHandle | null>(null);
  const seen = useRef(0);
  const typist = useMemo(() => createTypist((on) => handle.current?.typing(on)), []);
  const told = useRef({ onSession, onConsent, onAny });
  told.current = { onSession, onConsent, onAny };

  useEffect(() => {
    let gone = false;
    let live: ReturnType<typeof createLive> | undefined;
    const other = createListener(setTyping);
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
      if (event.type === 'message.created') {
        if (event.data['author'] === otherSide(me)) other.stop();
        setOutgoing((list) => withArrived(list, event));
      }
      seen.current = Math.max(seen.current, event.seq);
      if (event.type.startsWith('session.') || event.type === 'client.joined') told.current.onSession();
      if (event.type === 'consent.changed') told.current.onConsent?.();
      told.current.onAny?.(event);
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
          if (next !== 'live') other.stop();
        },
        onTyping: ({ who, on }) => {
          if (who === otherSide(me)) other.heard(on);
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
      typist.stop();
      other.stop();
      handle.current = null;
      live?.close();
    };
  }, [api, sessionId, roomId, token, me, typist]);

  const send = useCallback(
    (text: string) => {
      const room = handle.current;
      if (!room) return;
      typist.stop();
      const key = Math.random();
      setOutgoing((list) => [...list, { key, text, refused: null, after: seen.current, arrived: false }]);
      room.publish(text).then(
        () => setOutgoing((list) => list.filter((m) => m.key !== key)),
        (error: unknown) => {
          const refused = error instanceof LiveError ? error.message : String(error);
          setOutgoing((list) => list.map((m) => (m.key === key ? { ...m, refused, arrived: false } : m)));
        },
      );
    },
    [typist],
  );

  const fetchOlder = useCallback(async () => {
    if (older === null) return;
    const page = await api.get<MessageList>(`/sessions/${sessionId}/messages`, { limit: pageSize, before: older });
    const first = page.next === null ? 1 : (page.items[0]?.seq ?? 1);
    const events = await eventsBetween(api, roomId, first - 1, older);
    setState((s) => prepend(s, page.items, events));
    setOlder(first > 1 ? first : null);
  }, [api, sessionId, roomId, older]);

  const loadOlder = useCallback(() => {
    setOlderError(null);
    fetchOlder().catch(setOlderError);
  }, [fetchOlder]);

  return {
    state,
    status,
    ready,
    outgoing: outgoing.filter(({ arrived }) => !arrived),
    send,
    typing,
    typed: typist.typed,
    older: older !== null,
    loadOlder,
    olderError,
  };
}
