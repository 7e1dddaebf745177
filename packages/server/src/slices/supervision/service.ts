import { strictest, type Rung } from '@rapport/protocol/supervision';

export interface RungInputs {
  orgPolicy: Rung;
  personaPolicy: Rung;
  clientPolicy: Rung;
  sessionPolicy: Rung;
  takenOver: boolean;
}

/** The rung in force: the strictest of all that apply. */
export const rungInForce = (inputs: RungInputs): Rung =>
  strictest(
    inputs.orgPolicy,
    inputs.personaPolicy,
    inputs.clientPolicy,
    inputs.sessionPolicy,
    inputs.takenOver ? 'takeover' : 'auto',
  );

/** The rungs under which the persona writes, but not to the client by itself. */
const held = ['delayed', 'approve', 'draft-only'] as const;
export type HeldRung = (typeof held)[number];
export const isHeld = (rung: Rung): rung is HeldRung => (held as readonly Rung[]).includes(rung);

/** Whether the persona may write at all. */
export const personaMayWrite = (rung: Rung): boolean => rung === 'auto' || isHeld(rung);

/** Whether a person of the team speaks to the client: under `draft-only` the persona writes for that person alone. */
export const personSpeaks = (rung: Rung): boolean => rung === 'draft-only' || rung === 'takeover' || rung === 'off';
