import type { Audit } from '../../platform/audit/audit.ts';
import type { AuditOutcome } from '../../platform/audit/chain.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { tokenHashOf } from './authenticator.ts';
import * as store from './logins.store.ts';

type LoginAct =
  'login.sign-in' | 'login.sign-out' | 'login.password-set' | 'login.factor-changed' | 'login.ended' | 'login.switched';

export type LoginAudit = ReturnType<typeof createLoginAudit>;

/** What the library did by the address that did it, beside signing in, which a new session shows. */
const acts: [RegExp, LoginAct][] = [
  [/^\/reset-password/, 'login.password-set'],
  [
    /^\/(two-factor\/(enable|disable|generate-backup-codes)|passkey\/(verify-registration|delete))/,
    'login.factor-changed',
  ],
];

const cookiesOf = (lines: string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))];
    }),
  );

/** A login may belong to several organisations: what happens to it stands in the audit log of each. */
export function createLoginAudit({ db, audit }: { db: Database; audit: Audit }) {
  const note = async (loginId: string, act: LoginAct, outcome: AuditOutcome = 'done'): Promise<void> => {
    for (const { org_id: orgId, id: userId } of await store.membersOf(db.everywhere, loginId)) {
      const by =
        outcome === 'done'
          ? { kind: 'staff' as const, orgId, userId, keyId: null }
          : { kind: 'nobody' as const, orgId };
      await audit.note(by, act, { user: userId }, outcome);
    }
  };

  return {
    note,

    /** As `note`, in the transaction of the act. */
    async record(tx: Tx, loginId: string, act: LoginAct, system = false): Promise<void> {
      for (const { org_id: orgId, id: userId } of await store.membersOf(tx, loginId)) {
        const by = system ? { kind: 'system' as const, orgId } : { kind: 'staff' as const, orgId, userId, keyId: null };
        audit.record(tx, by, act, { user: userId });
      }
    },

    /** Somebody was refused whom the organisation may or may not know. */
    async refused(orgId: string | null, loginId: string | null): Promise<void> {
      if (loginId !== null) await note(loginId, 'login.sign-in', 'wrong-password');
      else if (orgId !== null)
        await audit.note({ kind: 'nobody', orgId }, 'login.sign-in', { user: null }, 'wrong-password');
    },

    /**
     * What the library answered to somebody who came with this `cookie` header. Where it cannot be written down, a session
     * that was just opened is ended again. Throws `audit-unavailable`.
     */
    async answered(path: string, cookie: string | undefined, cookies: string[]): Promise<void> {
      const before = cookie === undefined ? null : tokenHashOf(cookiesOf(cookie.split(/; */)));
      const opened = tokenHashOf(cookiesOf(cookies));
      const act = acts.find(([pattern]) => pattern.test(path))?.[1];
      const hash = opened ?? before;
      const session = hash === null ? undefined : await store.findSignedIn(db.everywhere, hash);
      if (!session) return;
      try {
        if (act) await note(session.login_id, act);
        else if (opened !== null && opened !== before) await note(session.login_id, 'login.sign-in');
        // Whoever signs in again on this device leaves nothing open behind them.
        if (opened !== null && before !== null && opened !== before)
          await store.deleteSessionByToken(db.everywhere, before);
      } catch (error) {
        if (opened !== null) await store.deleteSessionByToken(db.everywhere, opened);
        throw error;
      }
    },
  };
}
