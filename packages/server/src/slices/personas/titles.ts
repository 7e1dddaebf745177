import type { PersonaSpec } from '@rapport/protocol/personas';
import type { FieldError } from '../../platform/errors.ts';

const professions =
  'psychologist|psychiatrist|psychotherapist|therapist|physician|surgeon|doctor|registered nurse|clinical social worker|counsell?or|lawyer|attorney|pharmacist|dietitian';
const qualities = 'licen[sc]ed|board[- ]certified|certified|registered|accredited|chartered';

/** A name or a role is a claim by itself. */
const titleInName = new RegExp(
  `\\b(?:dr|prof|professor)\\b\\.?|\\b(?:m\\.?d|ph\\.?d|psy\\.?d|lcsw|lmft)\\b\\.?|\\b(?:${qualities})\\b|\\b(?:${professions})\\b`,
  'i',
);

/** In prose only what the persona says of itself, or is told to be. */
const selfClaims = [
  new RegExp(
    `\\b(?:you are|you're|i am|i'm|act as|pose as|speak as|introduce yourself as|pretend to be)\\s+(?:an?\\s+|the\\s+|our\\s+)?(?:\\w+\\s+){0,2}?(?:${qualities})\\b(?!\\s+(?:to|with|for|in|at)\\b)`,
    'i',
  ),
  new RegExp(
    `\\b(?:you are|you're|i am|i'm|act as|pose as|speak as|introduce yourself as|pretend to be)\\s+(?:an?\\s+|the\\s+|our\\s+)?(?:\\w+\\s+){0,2}?(?:${professions})\\b`,
    'i',
  ),
  /\b(?:you are|you're|i am|i'm|my name is|your name is|call yourself)\s+(?:dr|prof)\b\.?\s+\w+/i,
  new RegExp(`\\b(?:as|being)\\s+an?\\s+(?:(?:${qualities})\\s+)?(?:${professions})\\b,?\\s+(?:i|you)\\b`, 'i'),
];

/** “You are not a doctor” and “never say you are a doctor” are the opposite of a claim. */
const negated = /\b(?:not|never|no|don't|do not|isn't|cannot|can't|nor|avoid|refuse|neither|without|if|whether|unless)\b/i;

const clauses = (text: string): string[] => text.split(/(?<=[!?;:\n])|(?<=(?<!\b(?:dr|prof))\.)(?=\s)/i);

function claimInProse(text: string): string | null {
  for (const clause of clauses(text)) {
    for (const pattern of selfClaims) {
      const match = pattern.exec(clause);
      if (match && !negated.test(clause.slice(0, match.index + match[0].length))) return match[0].trim();
    }
  }
  return null;
}

const message = (found: string): string =>
  `“${found}” claims a licence or a professional title, which an AI persona does not have. Describe what it does instead, e.g. “wellbeing coach”.`;

/** Where a persona claims a licence or a title: its name, its role, or what it says of itself. */
export function findTitleClaims(spec: PersonaSpec): FieldError[] {
  const errors: FieldError[] = [];
  const look = (pointer: string, found: string | null | undefined) => {
    if (found) errors.push({ pointer, message: message(found) });
  };
  look('/name', titleInName.exec(spec.name)?.[0]);
  look('/role', titleInName.exec(spec.role)?.[0]);
  look('/description', claimInProse(spec.description));
  look('/instructions', claimInProse(spec.instructions));
  look('/openingLine', claimInProse(spec.openingLine));
  look('/style', claimInProse(spec.style));
  spec.rules.forEach((rule, i) => look(`/rules/${i}`, claimInProse(rule)));
  spec.examples.forEach((example, i) => look(`/examples/${i}/persona`, claimInProse(example.persona)));
  return errors;
}
