import type { Actor } from '../../platform/actor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { appendEvents, type EventDraft } from '../../platform/events/store.ts';
import type { Hub } from '../../platform/realtime/hub.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import { viewerOf } from '../clients/caseload.ts';
import { createTeamNews } from './news.ts';
import type { SessionRow } from './schema.ts';
import * as store from './store.ts';

export type SessionAccess = ReturnType<typeof createSessionAccess>;

/** A client's token opens its own session and nothing else; what a member may see, the store narrows by `viewerOf`. */
export const mayEnter = (actor: Actor, sessionId: string): boolean =>
  actor.kind === 'staff' || actor.sessionId === sessionId;

/** The door of a session and the pen of its log, for the services of this slice. */
export function createSessionAccess({ db, hub, wake }: { db: Database; hub: Hub; wake: Wake }) {
  const tellTeam = createTeamNews({ hub, wake });

  /** Appends and wakes the readers after the commit. Returns the seq of the first event. */
  const append = async (tx: Tx, orgId: string, roomId: string, events: EventDraft[]): Promise<number> => {
    const appended = await appendEvents(tx, orgId, roomId, events);
    tx.afterCommit(() => {
      hub.appended(roomId, appended);
      tellTeam(orgId, roomId, events);
    });
    return appended[0]?.seq ?? 0;
  };

  return {
    /** Throws `not-found`, also for a session this actor may not know of. */
    async enter(actor: Actor, id: string): Promise<SessionRow> {
      const row = mayEnter(actor, id)
        ? await store.findSession(db.in(actor.orgId), actor.orgId, id, viewerOf(actor))
        : undefined;
      if (!row) throw notFound();
      return row;
    },

    /** As `enter`, and nobody else changes the session until the commit. */
    async lock(tx: Tx, actor: Actor, id: string): Promise<SessionRow> {
      const row = mayEnter(actor, id) ? await store.lockSession(tx, actor.orgId, id, viewerOf(actor)) : undefined;
      if (!row) throw notFound();
      return row;
    },

    append,

    /** As `append`; of what concerns no session, the team's lists alone are told. */
    async tell(tx: Tx, orgId: string, roomId: string | null, events: EventDraft[]): Promise<void> {
      if (roomId === null) tx.afterCommit(() => tellTeam(orgId, orgId, events));
      else await append(tx, orgId, roomId, events);
    },
  };
}
