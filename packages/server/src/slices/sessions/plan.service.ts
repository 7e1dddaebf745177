import type { RatingPut, SessionPlan, TimerPut } from '@rapport/protocol/plan';
import type { AuditAct } from '@rapport/protocol/auditActs';
import { asEventActor, requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { AppError } from '../../platform/errors.ts';
import { draft, type EventDraft } from '../../platform/events/store.ts';
import type { Mail } from '../../platform/mail/mail.ts';
import type { GoalService } from '../clients/goals.service.ts';
import type { NoteService } from '../clients/notes.service.ts';
import type { ThreadService } from '../clients/threads.service.ts';
import type { MemberService } from '../identity/members.service.ts';
import type { SessionAccess } from './access.ts';
import * as plans from './plan.store.ts';
import type { SessionRow } from './schema.ts';

export type PlanService = ReturnType<typeof createPlanService>;

interface Parts {
  db: Database;
  audit: Audit;
  access: SessionAccess;
  goals: GoalService;
  threads: Pick<ThreadService, 'keep'>;
  notes: NoteService;
  members: Pick<MemberService, 'permissionsOf'>;
  log: Logger;
  mail: Mail;
  publicUrl: string | null;
}

/** Says neither whose session it is nor what was written about it: mail is read by others. */
const letter = (toNew: boolean, id: string, publicUrl: string | null) => ({
  subject: toNew ? 'A session was handed to you' : 'A session of yours was handed to a colleague',
  text: `${toNew ? 'A colleague has handed you a session.' : 'A session that you ran is with a colleague now.'} Open it${publicUrl ? `: ${publicUrl}/sessions/${id}` : ' in Rapport'}.`,
  goodForMinutes: 24 * 60,
});

/** What the team plans for a session and says about it afterwards, and who of them runs it. */
export function createPlanService(parts: Parts) {
  const { db, log, audit, access, goals, threads, notes, members, mail, publicUrl } = parts;
  const planOf = async (
    orgId: string,
    { id, client_id: clientId, goal_ids: goalIds }: SessionRow,
  ): Promise<SessionPlan> => {
    const scope = db.in(orgId);
    const row = await plans.findPlan(scope, orgId, id);
    const { timer_minutes: minutes, timer_ends_at: endsAt, timer_closes: closes } = row;
    return {
      timer: minutes !== null && endsAt !== null ? { minutes, endsAt, closes } : null,
      goals: clientId ? await goals.chosen(scope, orgId, clientId, goalIds) : [],
      rating: await plans.openRating(scope, orgId, id, row.rating),
      facilitator: { id: row.facilitator_id, name: row.facilitator_name },
    };
  };

  const change = async (
    actor: Actor,
    id: string,
    act: AuditAct & `session.${string}`,
    work: (tx: Tx, row: SessionRow, staff: StaffActor) => Promise<EventDraft>,
  ): Promise<SessionPlan> => {
    requireStaff(actor);
    await db.in(actor.orgId).tx(async (tx) => {
      const row = await access.lock(tx, actor, id);
      const event = await work(tx, row, actor);
      audit.record(tx, actor, act, { session: id, client: row.client_id });
      await access.append(tx, actor.orgId, row.room_id, [event]);
    });
    return planOf(actor.orgId, await access.enter(actor, id));
  };
  const requireOpen = (row: SessionRow): void => {
    if (row.status === 'ended') throw new AppError('session-ended');
  };
  const invalid = (pointer: string, message: string): never => {
    throw new AppError('invalid-body', { errors: [{ pointer, message }] });
  };

  return {
    /** Throws `not-found`. */
    async get(actor: Actor, id: string): Promise<SessionPlan> {
      requireStaff(actor);
      return planOf(actor.orgId, await access.enter(actor, id));
    },

    /** Both sides see the time that is left. Throws `not-found`, `session-ended`. */
    setTimer: (actor: Actor, id: string, body: TimerPut) =>
      change(actor, id, 'session.planned', async (tx, row) => {
        requireOpen(row);
        const endsAt = await plans.setTimer(tx, actor.orgId, id, body);
        return draft('session.timer', 'all', asEventActor(actor), { endsAt });
      }),

    /** Of the client's own. Throws `not-found`, `session-ended`, `invalid-body`. */
    setGoals: (actor: Actor, id: string, goalIds: string[]) =>
      change(actor, id, 'session.planned', async (tx, row) => {
        requireOpen(row);
        const wanted = [...new Set(goalIds)];
        const known = row.client_id ? await goals.chosen(tx, actor.orgId, row.client_id, wanted) : [];
        if (known.length < wanted.length) invalid('/goalIds', 'There is no such goal of this client.');
        await plans.setGoals(tx, actor.orgId, id, wanted);
        return draft('session.goals', 'staff', asEventActor(actor), { goalIds: wanted });
      }),

    /** Of the client's own, also after the end; null: none. Throws `not-found`, `invalid-body`. */
    setThread: (actor: Actor, id: string, threadId: string | null) =>
      change(actor, id, 'session.threaded', async (tx, row) => {
        if (threadId !== null) await threads.keep(tx, actor.orgId, row.client_id, threadId);
        await plans.setThread(tx, actor.orgId, id, threadId);
        return draft('session.thread', 'staff', asEventActor(actor), { threadId });
      }),

    /** Also after the end, and anew. Throws `not-found`. */
    rate: (actor: Actor, id: string, rating: RatingPut) =>
      change(actor, id, 'session.rated', async (tx, row) => {
        await plans.setRating(tx, actor.orgId, row, rating);
        const { effectiveness, engagement, progress } = rating;
        return draft('session.rated', 'staff', asEventActor(actor), { effectiveness, engagement, progress });
      }),

    /**
     * To somebody who may see the session and run it; the note is one that the team shares. Throws `not-found`,
     * `session-ended`, `invalid-body` for whom it cannot be handed to.
     */
    async transfer(actor: Actor, id: string, to: { userId: string; note: string }): Promise<SessionPlan> {
      requireStaff(actor);
      const { orgId } = actor;
      const { userId, note } = to;
      const before = await planOf(orgId, await access.enter(actor, id));
      const colleague = await members.permissionsOf(orgId, userId);
      return change(actor, id, 'session.transferred', async (tx, row, staff) => {
        requireOpen(row);
        const sees =
          colleague?.permissions.has('clients.read-all') || (await plans.looksAfter(tx, orgId, userId, row.client_id));
        if (!colleague?.permissions.has('sessions.supervise') || !sees)
          return invalid('/userId', 'This colleague may not see or run this session.');
        await plans.setFacilitator(tx, orgId, id, userId);
        const of = { clientId: row.client_id, session: { id, roomId: row.room_id } };
        if (note) await notes.attach(tx, staff, of, note);
        const earlier = [before.facilitator.id].filter((one) => one !== userId);
        tx.afterCommit(() => tell(orgId, id, userId, earlier));
        const data = { fromId: before.facilitator.id, toId: userId, to: colleague.name };
        return draft('session.transferred', 'staff', asEventActor(actor), data);
      });
    },
  };

  async function write(orgId: string, id: string, to: string[], isNow: boolean): Promise<void> {
    for (const address of await plans.addressesOf(db.in(orgId), orgId, to))
      mail.post({ to: address, ...letter(isNow, id, publicUrl) });
  }

  /** Also without a letter the session is theirs: its page says so. */
  function tell(orgId: string, id: string, userId: string, earlier: string[]): void {
    Promise.all([write(orgId, id, [userId], true), write(orgId, id, earlier, false)]).catch(({ message }: Error) =>
      log.warn({ err: message }, 'nobody was written to about a transfer'),
    );
  }
}
