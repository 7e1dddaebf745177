import { strictest, type SupervisionPolicy } from '@rapport/protocol/supervision';
import { asEventActor, requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Db } from '../../platform/db/db.ts';
import { draft, type AppendEvents } from '../../platform/events/store.ts';
import type { PackService } from './packs.service.ts';
import * as store from './policies.store.ts';

export type PolicyService = ReturnType<typeof createPolicyService>;

const fresh: SupervisionPolicy = {
  policy: 'auto',
  delaySeconds: 10,
  reviewSeconds: 120,
  pages: 3,
  fallbackEmail: null,
};

/** How an organisation supervises: the rung below which none of its sessions goes, and how long drafts wait. */
export function createPolicyService(parts: { db: Database; audit: Audit; packs: PackService; append: AppendEvents }) {
  const { db, audit, packs, append } = parts;
  const listeners: ((orgId: string) => void)[] = [];
  const of = async (orgId: string, within: Db = db.in(orgId)): Promise<SupervisionPolicy> =>
    (await store.findPolicy(within, orgId)) ?? fresh;

  return {
    /** For other services: what holds now. Inside a transaction, pass it: no second connection is taken. */
    of,

    /** Called after a change was stored: it concerns the replies that run, too. */
    onChanged(listener: (orgId: string) => void) {
      listeners.push(listener);
    },

    /** What holds, packs included: a form that is saved as it was read asks for nothing weaker. */
    async get(actor: Actor): Promise<SupervisionPolicy> {
      requireStaff(actor);
      const [policy, { leastRung }] = await Promise.all([of(actor.orgId), packs.inForce(actor.orgId)]);
      return { ...policy, policy: strictest(policy.policy, leastRung) };
    },

    /** Throws `pack-forbids`. */
    async put(actor: Actor, policy: SupervisionPolicy): Promise<SupervisionPolicy> {
      requireStaff(actor);
      await packs.requireRung(actor.orgId, policy.policy);
      const { orgId } = actor;
      await audit.acting(actor, 'supervision.changed', {}, async (tx) => {
        await store.putPolicy(tx, orgId, policy);
        const { leastRung } = await packs.inForce(orgId, tx);
        const data = { policy: policy.policy, rung: strictest(policy.policy, leastRung) };
        await append(tx, orgId, orgId, [draft('policy.changed', 'staff', asEventActor(actor), data)]);
      });
      for (const listener of listeners) listener(actor.orgId);
      return policy;
    },
  };
}
