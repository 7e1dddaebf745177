import type { PersonaSpec } from '@rapport/protocol/personas';
import type { FieldError } from '../../platform/errors.ts';

/** The end of a word; “the doctor's office” is not what somebody is. */
const after = "(?![\\p{L}\\p{N}]|'\\p{L})";
const before = '(?<![\\p{L}\\p{N}])';
const either = (...list: string[]): string => `(?:${list.join('|')})`;

const professions = either(
  'psychologist|psychiatrist|psychotherapist|psychoanalyst|therapist|physician|surgeon|doctor|nurse|midwife|paramedic',
  'clinical social worker|counsell?or|lawyer|attorney|pharmacist|dieti[ct]ian',
  'doktor|psycholog(?:e|in)|psychiater(?:in)?|(?:psycho)?therapeut(?:in)?|arzt|ärztin|rechtsanw[aä]lt(?:in)?',
);
const degrees = either('m\\.?d|ph\\.?d|psy\\.?d|lcsw|lmft|dipl\\.?-psych');
const licence = either('licen[sc]ed|board[- ]certified|approbiert(?:er?)?');
const quality = either('certified|registered|accredited|chartered');
/** “doctor appointment” and “therapist finder” are not what somebody is. */
const compound = '(?!-|\\s+(?:assistant|appointment|office|practice|finder|referral|booking|visit|search)s?\\b)';
const title = either('d\\.?r', 'dra', 'prof', 'professor');

const profession = `${professions}${after}${compound}`;
/** What a persona may not be. */
const claim = either(
  `${title}${after}\\.?\\s*\\p{L}+`,
  profession,
  `${degrees}${after}`,
  `${licence}${after}`,
  `${quality}${after}(?!\\s+(?:to|with|for|in|at|by|on)\\b)`,
);

/** Words after which it is no longer the persona that is spoken of. */
const elsewhere =
  'to|with|for|in|at|of|by|from|about|on|under|not|no|never|nor|neither|you|i|we|they|he|she|who|whom|that|which|when|if|' +
  'while|because|where|whether|than|like|as|how|what|will|would|can|should|here|your|kein|keine|nicht|von|bei|' +
  'helping|guiding|supporting|assisting|preparing|answering|working|talking|speaking|accompanying|serving|teaching';
const gap = `(?:your\\s+)?(?:(?!${either(elsewhere)}${after})[\\p{L}\\p{N}'.-]+,?\\s+){0,7}?`;
/** “You are preparing …” is what it does; “you are a caring …” is what it is. */
const noVerb = '(?!\\p{L}+ing\\s)';

/** How a persona speaks of itself. */
const saying =
  "i am|i'm|(?:and|who) am|i work as|i was trained as|my name is|my (?:role|profession|job|title) is|ich bin|mein name ist";
/** How it is told what to be: here “you” is the persona, in what it says “you” is the client. */
const telling =
  `you are|you're|you (?:will )?(?:act|work|serve|speak|answer|practi[sc]e|were trained|are trained) as|du bist|sie sind|` +
  '(?:act|work|pose|speak|answer|reply|respond|write|talk|behave) as(?: (?:if|though) you (?:are|were))?|' +
  '(?:introduce|present|describe|identify|refer to) yourself as|call yourself|pretend (?:to be|you are)|' +
  'your (?:name|role|profession|job|title) is|you (?:will|shall|must|should|are to|have to|can|may) be(?:come)?|' +
  '(?:be|become)(?=\\s+(?:an?|your|their|my)\\s)|(?:want|need|expect|like|ask) you to (?:be(?:come)?|act as|play)|claim (?:to be|that you are)|' +
  'role-?play(?: as)?|play (?:the )?(?:parts?|roles?) of|imagine (?:you are|being|yourself as)|calls? you|know you as|experience as|trained as';

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

function patterns(subjects: string[], told: boolean): RegExp[] {
  const who = told ? '(?:i|you)' : 'i';
  return [
    `${before}${either(...subjects)},?\\s+${noVerb}${gap}${claim}`,
    introduced,
    `${before}(?:as|being)\\s+(?:an?|your|the)\\s+${gap}(?:${profession}),?\\s+i${after}`,
    ...(told ? [`${before}(?:as|being)\\s+an?\\s+${gap}(?:${profession}),\\s+you${after}`] : []),
    `${before}(?:as|i,|me,)\\s+(?:(?:an?|the)\\s+)?(?:${title}${after}\\.?\\s+\\p{L}|${licence}\\s+${gap}${profession})`,
    `${before}${who} (?:have|hold|earned|got) ${gap}(?:(?:medical|nursing|law) (?:degree|licen[sc]e)|licen[sc]e to practi[sc]e|doctorate|board certification|${degrees}${after})`,
  ].map((source) => new RegExp(source, 'iu'));
}

/** “This is Dr. Mira”, “Dr. Mira here”. */
const introduced = `${before}(?:this is|here is|it's|it is)\\s+${title}${after}\\.?\\s*\\p{L}+|${before}${title}${after}\\.?\\s*\\p{L}+\\s+(?:here|speaking)${after}`;

/** “Your title: psychologist”, wherever it stands. */
const labelled = new RegExp(
  `${before}(?:role|title|profession|occupation|job|credentials)\\s*:\\s*${gap}${claim}`,
  'iu',
);
/** A description may begin with what the persona is. */
const described = new RegExp(
  `^(?:(?:an?|the|your)\\s+(?:[\\p{L}-]+,?\\s+){0,3}?)?(?:${profession}|${licence}${after}|${title}${after}\\.?\\s*\\p{L})`,
  'iu',
);
/** A name or a role is a claim by itself. */
const named = new RegExp(
  `${before}(?:${either(title, 'doctor', 'doktor', degrees, licence, quality)}${after}\\.?|${professions}s?${after})`,
  'giu',
);
/** “DrMira”. */
const joined = /(?<![\p{L}\p{N}])(?:Dr|DR|Prof)(?=\p{Lu}\p{Ll})\p{L}+/u;
/** “(not a therapist)”, “assistant to the doctor”: a role may name whom the persona is not, or works for. */
const aside =
  /\b(?:not|no|never|without|to|for|of|under|with|nicht|kein|keine|für|von|bei)\s+(?:(?:an?|the|our|your|der|die|den|dem|des|eine?|einer|einem)\s+)?$/iu;
const nurseInitials = /(?<![\p{L}\p{N}])R\.?N\.?(?![\p{L}\p{N}])/u;

/** “You are not a doctor” and “never say you are a doctor” are the opposite of a claim. */
const negated = /\b(?:not|never|no|cannot|nor|avoid|refuse|neither|without|kein|keine|nicht)\b|n't\b/i;
const conditional = /\b(?:if|whether|unless|when|ob|wenn)\b[^,]*$/i;
const emphasis =
  /\bin every (?:respect|way|sense)\b,?|\bnot (?:only|just|merely)\b|\b(?:never|don't|do not) forget\b|\b(?:no doubt|make no mistake)\b/gi;

/** Letters of other scripts that look like Latin ones; they count only within a word that has Latin letters, too. */
const lookAlikes = 'аaеeоoрpсcуyхxіiѕsјjһhԁdɡgοoαaιiνvρpτtυuκkАAВBЕEКKМMНHОOРPСCТTХXΑAΒBΕEΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX';
const latin = new Map(
  Array.from({ length: lookAlikes.length / 2 }, (_, i) => [lookAlikes[2 * i], lookAlikes[2 * i + 1]]),
);
const unmask = (word: string): string =>
  /\p{Script=Latin}/u.test(word) ? Array.from(word, (letter) => latin.get(letter) ?? letter).join('') : word;

/** Letters that look alike, invisible ones and wrapped lines must not hide a claim. */
const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/\p{L}+/gu, unmask)
    .replace(/[‘’ʼ]/g, "'")
    .replace(/(?<=[\p{L},])[ \t]*\r?\n[ \t]*(?=\p{Ll})/gu, ' ')
    .replace(emphasis, ' ');

const clauses = (text: string): string[] => text.split(/(?<=[!?;:\n])|(?<=(?<!\b(?:dr|prof))\.)(?=\s)/i);

function claimInProse(text: string, selfClaims: RegExp[]): string | null {
  for (const clause of clauses(text)) {
    for (const pattern of selfClaims) {
      const match = pattern.exec(clause);
      if (!match) continue;
      const led = clause.slice(0, match.index);
      if (!negated.test(led + match[0]) && !conditional.test(led)) return match[0].trim();
    }
  }
  return labelled.exec(text)?.[0] ?? null;
}

const message = (found: string): string =>
  `“${found}” claims a licence or a professional title, which an AI persona does not have. Describe what it does instead, e.g. “wellbeing coach”.`;

/** Where a persona claims a licence or a title: its name, its role, or what it says of itself. */
export function findTitleClaims(spec: PersonaSpec): FieldError[] {
  const errors: FieldError[] = [];
  const look = (pointer: string, found: string | null | undefined) => {
    if (found) errors.push({ pointer, message: message(found) });
  };
  const byName = `${escapeRegExp(plain(spec.name))} is`;
  const told = patterns([telling, saying, byName], true);
  const said = patterns([saying, byName], false);
  const name = (text: string) =>
    [...text.matchAll(named)].find((match) => !aside.test(text.slice(0, match.index)))?.[0] ??
    (joined.exec(text) ?? nurseInitials.exec(text))?.[0];
  const description = plain(spec.description);
  look('/name', name(plain(spec.name)));
  look('/role', name(plain(spec.role)));
  look('/description', described.exec(description)?.[0] ?? claimInProse(description, told));
  look('/instructions', claimInProse(plain(spec.instructions), told));
  look('/openingLine', claimInProse(plain(spec.openingLine), said));
  look('/style', claimInProse(plain(spec.style), told));
  spec.rules.forEach((rule, i) => look(`/rules/${i}`, claimInProse(plain(rule), told)));
  spec.structure.forEach((stage, i) => look(`/structure/${i}/goal`, claimInProse(plain(stage.goal), told)));
  spec.examples.forEach((example, i) => look(`/examples/${i}/persona`, claimInProse(plain(example.persona), said)));
  return errors;
}
