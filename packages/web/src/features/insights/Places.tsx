import type { EventPage, RoomEvent } from '@rapport/protocol/events';
import type { Session } from '@rapport/protocol/sessions';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, formatDate, Loading } from '../../lib/ui.tsx';

/** The events of a session that a number is made of, in their order. */
async function readPlaces(sessionId: string, seqs: number[]): Promise<RoomEvent[]> {
  const { roomId } = await api.get<Session>(`/sessions/${sessionId}`);
  const wanted = new Set(seqs);
  const found: RoomEvent[] = [];
  const last = Math.max(...seqs);
  let after = Math.min(...seqs) - 1;
  while (after < last) {
    const { events, next } = await api.get<EventPage>(`/rooms/${roomId}/events`, { after, limit: 500 });
    found.push(...events.filter(({ seq }) => wanted.has(seq)));
    if (next <= after) break;
    after = next;
  }
  return found;
}

/** Where in the log of a session a number comes from, read when somebody wants to know. */
export function Places({ sessionId, seqs, what }: { sessionId: string; seqs: number[]; what: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const places = useQuery({
    queryKey: ['places', sessionId, ...seqs],
    queryFn: () => readPlaces(sessionId, seqs),
    enabled: open,
    staleTime: Infinity,
  });
  if (seqs.length === 0) return null;
  return (
    <details className="small" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('insight.places', { what, count: seqs.length })}</summary>
      {open && <Failure error={places.error} />}
      {open && places.isPending && <Loading />}
      <ul className="list">{open && places.data?.map((event) => <Place key={event.seq} event={event} />)}</ul>
    </details>
  );
}

function Place({ event }: { event: RoomEvent }) {
  const { t } = useTranslation();
  const { text } = event.data;
  return (
    <li>
      <span className="soft">
        {t('insight.place', { seq: event.seq, type: event.type, date: formatDate(event.at) })}
      </span>
      {typeof text === 'string' && (
        <p className="said" dir="auto">
          {text}
        </p>
      )}
    </li>
  );
}
