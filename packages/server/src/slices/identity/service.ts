import type { Config } from '../../config/config.ts';
import { systemClock, type Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/db/db.ts';
import type { Keyring } from '../../platform/keys/keyring.ts';
import { createPasswords, createSignIn, requireOwnerPassword } from './accounts.ts';
import { createAuthenticator } from './authenticator.ts';
import { createOrganisation } from './organisation.ts';
import { createSetup, type PresetStep, type SetupStep } from './setup.ts';

export type IdentityService = ReturnType<typeof createIdentityService>;
export type { PresetStep, SetupStep } from './setup.ts';
export { ownerNeedsNoSignIn } from './authenticator.ts';

export interface IdentityDeps {
  db: Database;
  keyring: Keyring;
  config: Config;
  clock?: Clock;
  onSetup?: SetupStep;
  onPreset?: PresetStep;
}

/** Who somebody is: the organisation, its owner, logins, and the tokens of invited clients. */
export function createIdentityService({ db, keyring, config, clock = systemClock, onSetup, onPreset }: IdentityDeps) {
  const { authenticate, forget } = createAuthenticator({ db, config, clock });
  const organisation = createOrganisation({ db });
  const { me } = organisation;
  return {
    authenticate,
    forget,
    ...organisation,
    ...createSetup({ db, keyring, config, forget, me, onSetup, onPreset }),
    ...createSignIn({ db, clock, forget, me }),
    ...createPasswords({ db, clock, forget }),

    /** Throws StartupError when the server could be reached by others and its owner has no password. */
    requireOwnerPasswordFor: (bound: Pick<Config, 'host' | 'localMode' | 'publicUrl'>) =>
      requireOwnerPassword(db, bound),
  };
}
