import { strictest, SupportedRung, type Rung } from '@rapport/protocol/supervision';

export interface RungInputs {
  personaPolicy: Rung;
  sessionPolicy: Rung;
  takenOver: boolean;
}

/**
 * The rung in force: the strictest of all that apply. Organisation and client join here when they have policies of
 * their own; so do the rungs between `auto` and `takeover`.
 */
export function rungInForce(inputs: RungInputs): SupportedRung {
  const rung = strictest(inputs.personaPolicy, inputs.sessionPolicy, inputs.takenOver ? 'takeover' : 'auto');
  return SupportedRung.parse(rung);
}

/** Whether the persona may answer by itself. */
export const personaMayAnswer = (rung: SupportedRung): boolean => rung === 'auto';
