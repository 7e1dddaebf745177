import type { EventActor } from '@rapport/protocol/events';
import type { Tx } from '../../platform/db/db.ts';
import { appendEvents, type EventDraft } from '../../platform/events/store.ts';
import type { Hub } from '../../platform/realtime/hub.ts';

/** Documents are read by the server itself, whoever added them. */
export const server: EventActor = { kind: 'system', id: null, name: null };

/** What a search finds is another after these. */
const changes = new Set(['document.ready', 'document.changed', 'document.deleted']);
type Changed = (tx: Tx, orgId: string, roomId: string, what: 'search' | { waiting: string }) => Promise<void>;

/** The document of which a version begins to wait, which says nothing of those that wait of others. */
const waitsOf = ({ data }: EventDraft): string[] =>
  'state' in data && 'documentId' in data && data.state === 'waiting' ? [data.documentId] : [];

export type BaseLog = ReturnType<typeof createBaseLog>;

/** The pen of the rooms of knowledge bases. */
export const createBaseLog = ({ hub, changed }: { hub: Hub; changed: Changed }) => ({
  /** Appends, and wakes the readers after the commit. */
  async append(tx: Tx, orgId: string, roomId: string, events: EventDraft[]): Promise<void> {
    if (events.some(({ type }) => changes.has(type))) await changed(tx, orgId, roomId, 'search');
    else for (const waiting of events.flatMap(waitsOf)) await changed(tx, orgId, roomId, { waiting });
    const appended = await appendEvents(tx, orgId, roomId, events);
    tx.afterCommit(() => hub.appended(roomId, appended));
  },
});
