import { heldRungs } from '@rapport/protocol/ladder';
import { strictest, type HeldRung, type Rung } from '@rapport/protocol/supervision';

export interface RungInputs {
  orgPolicy: Rung;
  personaPolicy: Rung;
  clientPolicy: Rung;
  sessionPolicy: Rung;
  /** The least that each jurisdiction pack of the organisation allows. */
  packPolicies: readonly Rung[];
  takenOver: boolean;
}

/** The rung in force: the strictest of all that apply. */
export const rungInForce = (inputs: RungInputs): Rung =>
  strictest(
    inputs.orgPolicy,
    inputs.personaPolicy,
    inputs.clientPolicy,
    inputs.sessionPolicy,
    ...inputs.packPolicies,
    inputs.takenOver ? 'takeover' : 'auto',
  );

export const isHeld = (rung: Rung): rung is HeldRung => (heldRungs as readonly Rung[]).includes(rung);

/** Whether the persona may write at all. */
export const personaMayWrite = (rung: Rung): boolean => rung === 'auto' || isHeld(rung);

/** Whether a person of the team speaks to the client: under `draft-only` the persona writes for that person alone. */
export const personSpeaks = (rung: Rung): boolean => rung === 'draft-only' || rung === 'takeover' || rung === 'off';
