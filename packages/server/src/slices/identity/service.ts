import type { Config } from '../../config/config.ts';
import { systemClock, type Clock } from '../../platform/clock.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import type { Keyring } from '../../platform/keys/keyring.ts';
import type { Limiter } from '../../platform/limits/limiter.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import { createAccessNews } from './accessNews.ts';
import { createLoginAudit } from './logins.audit.ts';
import { createPasswords, requireOwnerPassword } from './accounts.ts';
import { createAuthenticator } from './authenticator.ts';
import { createOrganisation } from './organisation.ts';
import { createOrganisations } from './organisations.ts';
import { createSignInThrottle, uncounted } from './throttle.ts';
import { createSetup, type PresetStep, type SetupStep } from './setup.ts';

export type IdentityService = ReturnType<typeof createIdentityService>;
export type { PresetStep, SetupStep } from './setup.ts';
export { ownerNeedsNoSignIn } from './authenticator.ts';

export interface IdentityDeps {
  db: Database;
  audit: Audit;
  keyring: Keyring;
  config: Config;
  /** Tells the other servers of changed access; without it they find it out within a second. */
  wake?: Wake;
  /** Without it, as on the command line, wrong passwords are not counted. */
  limiter?: Pick<Limiter, 'countNow' | 'giveBack'>;
  clock?: Clock;
  onSetup?: SetupStep;
  onPreset?: PresetStep;
}

/** Who somebody is: the organisation, its owner, logins, and the tokens of invited clients. */
export function createIdentityService(deps: IdentityDeps) {
  const { db, audit, keyring, config, wake, limiter = uncounted, clock = systemClock, onSetup, onPreset } = deps;
  const { authenticate, forget, noteUse } = createAuthenticator({ db, config, clock });
  const organisation = createOrganisation({ db, audit });
  const { me } = organisation;
  const throttle = createSignInThrottle(limiter);
  return {
    authenticate,
    forget,
    noteUse,
    throttle,
    ...createAccessNews(wake, forget),
    ...organisation,
    ...createOrganisations({ db, audit, keyring }),
    ...createSetup({ db, audit, keyring, config, forget, me, onSetup, onPreset }),
    ...createPasswords({ db, audit: createLoginAudit({ db, audit }), throttle, forget }),

    /** Throws StartupError when the server could be reached by others and its owner has no password. */
    requireOwnerPasswordFor: (bound: Pick<Config, 'host' | 'localMode' | 'publicUrl'>) =>
      requireOwnerPassword(db, bound),
  };
}
