import type { Assignments, AssignmentsPut } from '@rapport/protocol/members';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import * as store from './assignments.store.ts';
import type { ClientService } from './service.ts';

export type AssignmentService = ReturnType<typeof createAssignmentService>;

/** For other services: who looks after a client, as members or through a team. */
export const { assigneesOf } = store;

interface Parts {
  db: Database;
  audit: Audit;
  clients: ClientService;
  /** Called after a commit that changes what somebody may see. */
  onChanged(orgId: string): void;
}

/** Who looks after which client. */
export function createAssignmentService({ db, audit, clients, onChanged }: Parts) {
  return {
    /** Throws `not-found`. */
    async get(actor: Actor, clientId: string): Promise<Assignments> {
      await clients.get(actor, clientId);
      return store.listAssignments(db.in(actor.orgId), actor.orgId, clientId);
    },

    /** Replaces them, at once also for who is connected. Throws `not-found`, `invalid-body` for who does not exist. */
    async put(actor: Actor, clientId: string, body: z.output<typeof AssignmentsPut>): Promise<Assignments> {
      requireStaff(actor);
      await clients.get(actor, clientId);
      const { orgId, userId } = actor;
      const holders = { memberIds: [...new Set(body.memberIds)], teamIds: [...new Set(body.teamIds)] };
      const subjects = { client: clientId, user: holders.memberIds, team: holders.teamIds };
      return audit.acting(actor, 'caseload.changed', subjects, async (tx) => {
        const known = await store.countHolders(tx, orgId, holders);
        const wrong = [
          ...(known.members < holders.memberIds.length ? ['/memberIds'] : []),
          ...(known.teams < holders.teamIds.length ? ['/teamIds'] : []),
        ];
        if (wrong.length > 0)
          throw new AppError('invalid-body', {
            errors: wrong.map((pointer) => ({ pointer, message: 'There is no such one in the organisation.' })),
          });
        await store.setAssignments(tx, orgId, clientId, holders, userId);
        tx.afterCommit(() => onChanged(orgId));
        return store.listAssignments(tx, orgId, clientId);
      });
    },
  };
}
