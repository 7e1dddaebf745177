import type { Mailbox, SignInOptions } from '@rapport/protocol/signIn';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import type { Mail } from '../../platform/mail/mail.ts';
import { createPasswordSignIn } from './accounts.ts';
import { createLoginAudit } from './logins.audit.ts';
import type { LoginService } from './logins.service.ts';
import { createSignInPolicy } from './oidc.service.ts';
import type { IdentityService } from './service.ts';
import * as store from './store.ts';

export type SignInService = ReturnType<typeof createSignInService>;

interface Deps {
  db: Database;
  audit: Audit;
  logins: LoginService;
  identity: IdentityService;
  mail: Mail;
  forget(): void;
}

/** All that the sign-in page and the security settings ask for. */
export function createSignInService({ db, audit, logins, identity, mail, forget }: Deps) {
  const policy = createSignInPolicy({ db, audit, forget });
  return {
    ...logins,
    ...policy,
    ...createPasswordSignIn({ db, audit: createLoginAudit({ db, audit }), throttle: identity.throttle, logins }),

    /** What the sign-in page offers; says nothing that a stranger may not know. */
    async options(): Promise<SignInOptions> {
      const org = await store.findFirstOrg(db.everywhere);
      return { providers: await policy.offered(org?.id ?? null), letters: logins.letters() };
    },

    /**
     * The development mailbox, with letters to everybody. It is for whom the machine itself lets in without a sign-in: the
     * first organisation. Throws `not-found` for others, where letters leave, and where others than this machine could read them.
     */
    async mailbox(actor: Actor): Promise<Mailbox> {
      requireStaff(actor);
      const { localMode } = await identity.state();
      const first = await store.findFirstOrg(db.everywhere);
      if (mail.leaves || !localMode || actor.orgId !== first?.id) throw notFound();
      return { leaves: mail.leaves, items: mail.kept() };
    },
  };
}
