import type { Me, Setup, SetupState } from '@rapport/protocol/setup';
import type { z } from 'zod';
import type { Config } from '../../config/config.ts';
import type { Actor, StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Keyring } from '../../platform/keys/keyring.ts';
import { asStaff, ownerNeedsNoSignIn } from './authenticator.ts';
import * as logins from './logins.store.ts';
import { slugOf } from './organisations.ts';
import { requireGoodPassword } from './passwordRules.ts';
import { hashPassword } from './passwords.ts';
import * as store from './store.ts';

export type SetupBody = z.output<typeof Setup>;

/**
 * What a later slice does in the set-up. It is called before anything is stored and throws to refuse; what it returns
 * runs in the transaction that makes the organisation.
 */
export type SetupStep = (body: SetupBody) => Promise<(tx: Tx, owner: StaffActor) => Promise<void>>;

/** Brings what the environment presets into the organisation; runs at every start with a preset. */
export type PresetStep = (tx: Tx, owner: StaffActor) => Promise<void>;

interface Deps {
  db: Database;
  audit: Audit;
  keyring: Keyring;
  config: Config;
  forget(): void;
  me(actor: Actor): Promise<Me>;
  onSetup?: SetupStep | undefined;
  onPreset?: PresetStep | undefined;
}

/** Making the organisation and its owner. */
export function createSetup({ db, audit, keyring, config, forget, me, onSetup, onPreset }: Deps) {
  const local = ownerNeedsNoSignIn(config);

  return {
    /** What the first page needs to know; says nothing that a stranger may not. */
    async state(): Promise<SetupState> {
      const org = await store.findFirstOrg(db.everywhere);
      const severalOrganisations = (await store.countOrgs(db.everywhere)) > 1;
      return { needed: !org, localMode: local, providerPreset: config.preset !== null, severalOrganisations };
    },

    /**
     * Makes the organisation and its owner, at most once however many ask at the same time. Throws `already-set-up`,
     * `forbidden` for anybody not on this machine, and what the set-up step throws, e.g. `provider-failed`.
     */
    async setup(body: SetupBody): Promise<Me> {
      if (!local) throw new AppError('forbidden', { detail: 'Set the server up on its machine, bound to 127.0.0.1.' });
      // Asked before the provider is tried: a stranger must not be able to make a running server call addresses.
      if (await store.findFirstOrg(db.everywhere)) throw new AppError('already-set-up');
      if (body.password !== undefined) requireGoodPassword(body.password, [body.ownerName, body.organisation]);
      const step = await onSetup?.(body);
      const hash = body.password === undefined ? null : await hashPassword(body.password);
      const owner = await db.everywhere.tx(async (tx) => {
        await store.lockSetup(tx);
        if (await store.findFirstOrg(tx)) throw new AppError('already-set-up');
        const made = await make(tx, keyring, { organisation: body.organisation, owner: body.ownerName }, hash);
        await step?.(tx, made);
        audit.record(tx, made, 'organisation.set-up', { user: made.userId });
        tx.afterCommit(forget);
        return made;
      });
      return me(owner);
    },

    /** With a preset in the environment: makes the organisation where there is none, and brings the preset into it. */
    async ensurePreset(): Promise<void> {
      if (!config.preset) return;
      await db.everywhere.tx(async (tx) => {
        await store.lockSetup(tx);
        const found = await store.findFirstOwner(tx);
        const owner = found
          ? asStaff(found)
          : await make(tx, keyring, { organisation: 'My organisation', owner: 'Owner' }, null);
        await onPreset?.(tx, owner);
        tx.afterCommit(forget);
      });
    },
  };
}

/** The caller holds the set-up lock. */
async function make(
  tx: Tx,
  keyring: Keyring,
  names: { organisation: string; owner: string },
  hash: string | null,
): Promise<StaffActor> {
  const user = { org_id: newId(), id: newId(), name: names.owner };
  await store.insertOrg(tx, user.org_id, names.organisation, slugOf(names.organisation));
  await keyring.create(tx, user.org_id, user.org_id);
  await logins.insertLogin(tx, { id: user.id, name: user.name, email: null, verified: false });
  if (hash !== null) await logins.setPassword(tx, newId(), user.id, hash);
  await store.insertUser(tx, user, user.id);
  await store.insertRole(tx, user.org_id, user.id, 'owner');
  return asStaff({ ...user, roles: ['owner'], custom_permissions: [] });
}
