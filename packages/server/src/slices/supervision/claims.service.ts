import type { ReviewDraft } from '@rapport/protocol/supervision';
import { asEventActor, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Tx } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { draft, type AppendEvents } from '../../platform/events/store.ts';
import { subjectsOf, type ReviewAccess } from './reviews.access.ts';
import * as store from './reviews.store.ts';
import type { ReviewRow } from './schema.ts';

export type ClaimService = ReturnType<typeof createClaimService>;

/** Who has a draft in hand. A claim keeps others from deciding, and runs out by itself. */
export function createClaimService({
  access,
  audit,
  append,
}: {
  access: ReviewAccess;
  audit: Audit;
  append: AppendEvents;
}) {
  const tell = async (tx: Tx, row: ReviewRow, staff: StaffActor, userId: string | null): Promise<void> => {
    await append(tx, staff.orgId, row.room_id, [
      draft('review.claimed', 'staff', asEventActor(staff), { replyId: row.id, userId }),
    ]);
  };

  return {
    /** For two minutes nobody else decides; again by its holder, two more. Throws `not-found`, `decided`, `claimed`. */
    async claim(actor: Actor, id: string): Promise<ReviewDraft> {
      await access.deciding(actor, id, async (tx, row, staff) => {
        await store.setClaim(tx, staff.orgId, id, staff.userId);
        if (row.claimed_by !== staff.userId) await tell(tx, row, staff, staff.userId);
      });
      return access.read(actor, id);
    },

    /** Gives a claim back. Throws `not-found`, `decided`, `claimed`. */
    async unclaim(actor: Actor, id: string): Promise<ReviewDraft> {
      await access.deciding(actor, id, async (tx, row, staff) => {
        await store.setClaim(tx, staff.orgId, id, null);
        await tell(tx, row, staff, null);
      });
      return access.read(actor, id);
    },

    /** Puts the draft into a colleague's hands. Throws `not-found`, `decided`, `claimed`, `invalid-body`. */
    async handOver(actor: Actor, id: string, userId: string): Promise<ReviewDraft> {
      await access.deciding(actor, id, async (tx, row, staff) => {
        if (!(await store.isActiveMember(tx, staff.orgId, userId)))
          throw new AppError('invalid-body', {
            errors: [{ pointer: '/userId', message: 'No such member of the team.' }],
          });
        await store.setClaim(tx, staff.orgId, id, userId);
        audit.record(tx, staff, 'review.handed-over', { ...subjectsOf(row), user: userId });
        await tell(tx, row, staff, userId);
      });
      return access.read(actor, id);
    },
  };
}
