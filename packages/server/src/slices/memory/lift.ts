import type { Sensitivity } from '@rapport/protocol/memory';
import { sentences } from '../knowledge/sentences.ts';

/** A statement as the client made it; it stands at this range of the message. */
export interface Lifted {
  start: number;
  end: number;
  statement: string;
}

const longest = 300;
const [fewestWords, mostWords] = [3, 40];

/** What holds beyond the moment. English; a sentence in another language is left to people, or to a model. */
const facts: RegExp[] = [
  /^(?:my name is|(?:please )?call me|(?:people|friends) call me|i go by)\b/,
  /^i(?:'m| am) (?:an?|from|\d+|married|single|divorced|widowed|engaged|separated|retired|unemployed|self-employed|vegetarian|vegan|diabetic|left-handed|deaf|blind|dyslexic|allergic to|afraid of|scared of|used to|responsible for|interested in|fluent in|good at|bad at)\b/,
  /^i(?:'m| am) (?:gay|lesbian|bisexual|trans|transgender|queer|muslim|christian|catholic|jewish|hindu|buddhist|an atheist|autistic|pregnant)\b/,
  /^i (?:live|work|study|teach|speak|come from|grew up|was (?:born|raised|diagnosed|married|adopted)|moved to|used to|take|play|sing|paint|suffer from|quit|stopped|gave up|graduated|share|own)\b/,
  /^i(?:'ve| have) (?:an?|one|two|three|four|five|six|no|never|always|lived|worked|been (?:diagnosed|married|divorced|vegan|vegetarian|sober|clean))\b/,
  /^(?:my|our) (?:[\p{L}'-]+ ){1,3}(?:is|are|was|lives?|works?|died|has|have|passed away|left)\b/u,
];
const preferences =
  /^i (?:really |absolutely |always |usually |also |still |only |never |do not |don't |cannot |can't )*(?:like|love|enjoy|prefer|hate|dislike|stand|avoid|eat|drink|read|listen to|feel safe|feel best|sleep best|work best)\b/;

const passing =
  /\b(?:today|tonight|right now|at the moment|this (?:morning|evening|afternoon)|yesterday|tomorrow|just now|currently|for now|to (?:go|leave|run|say|ask|admit|tell)|no idea|a (?:question|feeling|bad day|good day|hard time|headache)|hope)\b/;
const unsure =
  /\b(?:maybe|perhaps|probably|possibly|i think|i guess|i suppose|kind of|sort of|not sure|might|would|could|if|whether|pretend|imagine|joking|kidding|hypothetically)\b/;
/** What is meant for whoever reads it rather than said of oneself, and what somebody else said. */
const addressed =
  /\b(?:you|your|ignore|instructions?|prompt|system|assistant|rules?|policy|said|says|told me|tells me|according to)\b/;

/** What the law protects most: health, sexuality, belief, politics, origin, crime, and what was done to somebody. */
const sensitive =
  /\b(?:diagnos\w*|depress\w*|anxi\w*|therap\w*|psych\w*|medicat\w*|medicine|pills?|antidepress\w*|illness|disease|cancer|hiv|diabet\w*|epilep\w*|pregnan\w*|abort\w*|miscarr\w*|disorder|adhd|autis\w*|bipolar|panic|trauma\w*|suicid\w*|self-harm\w*|cut myself|addict\w*|alcohol\w*|sober|drunk|drugs?|disab\w*|deaf|blind|hospital|surgery|gay|lesbian|bisexual|trans|transgender|queer|sex\w*|affair|muslim|christian|catholic|jewish|hindu|buddhis\w*|atheis\w*|church|mosque|synagogue|pray\w*|relig\w*|vot(?:e|ed|es|ing)|republican|democrat|socialist|conservative|union|refugee|immigra\w*|asylum|arrest\w*|prison|jail|convict\w*|police|abus\w*|rap(?:e|ed|ist)|assault\w*|violen\w*|beat(?:s|en)? me|hits? me|debts?|bankrupt\w*)\b/;

/** Apostrophes of every keyboard are one, so that a rule is written once. No offset changes. */
export const plain = (text: string): string => text.replace(/[’ʼ＇]/g, "'").toLowerCase();

export const sensitivityOf = (text: string): Sensitivity => (sensitive.test(plain(text)) ? 'sensitive' : 'normal');

function states(sentence: string): boolean {
  const said = plain(sentence).replace(/^(?:(?:well|yes|no|and|but|so|also|oh|hi|hello|anyway)[,\s]+)+/, '');
  const words = said.split(/\s+/).length;
  if (words < fewestWords || words > mostWords || sentence.length > longest || sentence.endsWith('?')) return false;
  if (passing.test(said) || unsure.test(said) || addressed.test(said) || /["“”«»„]/.test(said)) return false;
  return preferences.test(said) || facts.some((rule) => rule.test(said));
}

/** What a client says of themselves in so many words, facts and preferences, each with where it stands. */
export const liftStatements = (text: string): Lifted[] =>
  sentences(text)
    .map(({ start, end }) => ({ start, end, statement: text.slice(start, end) }))
    .filter(({ statement }) => states(statement));

/** Whether two statements are the same but for case, spaces and the mark at the end. */
export const sameAs = (statement: string): string =>
  plain(statement)
    .replace(/[\s.!…]+/g, ' ')
    .trim();
