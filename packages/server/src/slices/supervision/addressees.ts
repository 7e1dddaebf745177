import type { Permission } from '@rapport/protocol/permissions';
import type { Database } from '../../platform/db/db.ts';
import { assigneesOf } from '../clients/assignments.service.ts';
import type { MemberService } from '../identity/members.service.ts';

/** Whose session it is that a letter is about. */
export interface Concerned {
  clientId: string | null;
  /** Of a session. */
  createdBy: string | null;
}

export type Addressees = ReturnType<typeof createAddressees>;

/**
 * The addresses of those who look after a client, and may do what is asked of them; of a session without a client, of whoever
 * started it. Where none of them can be written to, of those who see every client: a letter that reaches nobody helps nobody.
 */
export function createAddressees({ db, members }: { db: Database; members: Pick<MemberService, 'addressees'> }) {
  return async (orgId: string, permission: Permission, { clientId, createdBy }: Concerned): Promise<string[]> => {
    const [all, own] = await Promise.all([
      members.addressees(orgId),
      clientId === null ? [createdBy] : assigneesOf(db.in(orgId), orgId, clientId),
    ]);
    const able = all.filter(({ permissions }) => permissions.includes(permission));
    const theirs = able.filter(({ id }) => own.includes(id));
    const chosen =
      theirs.length > 0 ? theirs : all.filter(({ permissions }) => permissions.includes('clients.read-all'));
    return chosen.map(({ email }) => email);
  };
}
