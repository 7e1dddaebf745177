import type { Config } from '../../config/config.ts';
import type { StaffActor } from '../../platform/actor.ts';
import { systemClock, type Clock } from '../../platform/clock.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { createAccounts, requireOwnerPassword } from './accounts.ts';
import { createAuthenticator } from './authenticator.ts';
import { createOrganisation, type SetupStep } from './organisation.ts';

export type IdentityService = ReturnType<typeof createIdentityService>;
export type { SetupBody, SetupStep } from './organisation.ts';
export type { Credentials } from './authenticator.ts';

export interface IdentityDeps {
  db: Database;
  config: Config;
  clock?: Clock;
  onSetup?: SetupStep;
  onPreset?: (tx: Tx, owner: StaffActor) => Promise<void>;
}

/** Who somebody is: the organisation, its owner, logins, and the tokens of invited clients. */
export function createIdentityService({ db, config, clock = systemClock, onSetup, onPreset }: IdentityDeps) {
  const { authenticate, forget } = createAuthenticator({ db, config, clock });
  const organisation = createOrganisation({ db, config, forget, onSetup, onPreset });
  return {
    authenticate,
    forget,
    ...organisation,
    ...createAccounts({ db, clock, forget, me: organisation.me }),

    /** Throws StartupError when the server could be reached by others and its owner has no password. */
    requireOwnerPasswordFor: (bound: Pick<Config, 'host' | 'localMode' | 'publicUrl'>) => requireOwnerPassword(db, bound),
  };
}
