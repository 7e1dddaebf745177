import nlp from 'compromise';
import { matches, type Span } from './spans.ts';
import { ambiguousNames, englishCues, germanCues, givenNames, harmless, towns } from './words.ts';

const word = String.raw`\p{Lu}[\p{L}'’-]*\p{L}|\p{Lu}`;
const particle = String.raw`(?:von|van|der|de|den|del|della|di|da|du|la|le|el|al|bin|ibn|zu|st\.?)`;
const full = String.raw`(?:${word})\.?(?:\s(?:${particle}\s){0,2}(?:${word})\b){0,3}`;

const kin =
  'sister|brother|wife|husband|mother|mom|mum|dad|father|son|daughter|friend|boyfriend|girlfriend|partner|ex|boss|manager|colleague|coworker|neighbou?r|aunt|uncle|cousin|niece|nephew|grandma|grandmother|grandpa|grandfather|therapist|doctor|teacher|roommate|flatmate|nurse|dog|cat|Schwester|Bruder|Frau|Mann|Mutter|Vater|Mama|Papa|Sohn|Tochter|Freund(?:in)?|Chef(?:in)?|Kolleg(?:e|in)|Nachbar(?:in)?|Tante|Onkel|Cousine?|Nichte|Neffe|Oma|Opa|Therapeut(?:in)?|Lehrer(?:in)?|Partner(?:in)?|sœur|frère|hermana|hermano';
const said = String.raw`(?:[Mm]y name(?: is|’s|'s)|[Nn]ame(?: is|:)|[Cc]all me|[Cc]alled|[Nn]amed|(?:[Ii]’m|[Ii]'m|[Ii] am|[Tt]his is|[Ii]t’s|[Ii]t's)(?= (?:${word}))|[Ss]igned,?|[Rr]egards,?|[Dd]ear|[Hh]eiße|[Hh]eißt|[Nn]ame ist|[Nn]amens|[Ii]ch bin(?: die| der)?|[Ll]iebe[rn]?|[Hh]allo|[Hh]i|[Hh]ello|[Hh]ey|[Gg]rüße,?|[Jj]e m['’]appelle|[Mm]e llamo|[Mm]i chiamo)`;
const title = String.raw`(?:Dr|Mr|Mrs|Ms|Miss|Mx|Prof|Professor|Doctor|Nurse|Sister|Father|Sir|Herrn?|Frau|Fr|Hr|Mag|Dipl|Sra?|Señora?|Mme|Mlle|Monsieur|Madame|Aunt|Uncle|Auntie|Tante|Onkel)\.?`;

/** What a grammar of English knows as a word. */
const lexicon = (nlp.model() as { one: { lexicon: Record<string, unknown> } }).one.lexicon;

const lower = (text: string): string => text.toLowerCase().replace(/['’]s$/, '');
/** Above 0: German, below: English. */
const germanness = (text: string): number =>
  text
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .reduce((sum, one) => sum + Number(germanCues.has(one)) - Number(englishCues.has(one)), 0);

/** Where a text is too short to tell, the conversation around it does. */
export const isGerman = (text: string, around: number): boolean => (germanness(text) || around) > 0;

export const germannessOf = (texts: string[]): number => texts.reduce((sum, text) => sum + germanness(text), 0);

/** Not a word that is written with a capital and names nobody, and not German prose after a greeting. */
const nameLike = (found: string): boolean => {
  const [first = ''] = found.split(/\s/);
  return !harmless.has(lower(first));
};

function findCued(text: string): Span[] {
  return [
    ...matches(text, new RegExp(String.raw`\b${title}\s(?:${title}\s)*(?<it>${full})`, 'gu'), 'name', nameLike),
    ...matches(text, new RegExp(String.raw`${said}\s(?<it>${full})`, 'gu'), 'name', nameLike),
    ...matches(
      text,
      /\b(?:my name(?:['’]s| is)|i am called|call me|ich heiße|mein name ist)\s(?<it>\p{L}{2,}(?:\s(?!and\b|but\b|und\b|i\b|ich\b|from\b|aus\b|when\b|if\b|at\b|on\b|back\b)\p{L}{2,})?)/giu,
      'name',
      (it) => nameLike(it) && !/^(?:not|on|wrong|back|when|if|spelled|later|at|tomorrow|today)\b/i.test(it),
    ),
    ...matches(
      text,
      new RegExp(
        String.raw`\b(?:[Mm]y|[Hh]is|[Hh]er|[Oo]ur|[Tt]heir|[Mm]eine?[nmr]?|[Ss]eine?[nmr]?|[Ii]hre?[nmr]?|[Uu]nsere?[nmr]?|ma|mon|mi|best|old|late|little|older|younger)\s(?:${kin}),?\s(?<it>${full})`,
        'gu',
      ),
      'name',
      nameLike,
    ),
    ...matches(
      text,
      new RegExp(String.raw`(?<it>${full}),?\s(?:my|his|her|mein|meine|seine|ihre?)\s(?:${kin})\b`, 'gu'),
      'name',
      nameLike,
    ),
  ];
}

/** Given names of the list, with the surname that follows. One that is also a word needs another capital beside it. */
function findGiven(text: string): Span[] {
  const found: Span[] = [];
  for (const match of text.matchAll(new RegExp(String.raw`(?<![\p{L}\p{N}])${full}`, 'gu'))) {
    const words = match[0].split(/\s/);
    const at = words.findIndex((one, i) => {
      const plain = lower(one.replace(/\.$/, ''));
      if (plain.includes('-')) return plain.split('-').some((part) => givenNames.has(part));
      return givenNames.has(plain) && (!ambiguousNames.has(plain) || (i === 0 && words.length > 1));
    });
    if (at === -1) continue;
    const start = match.index + words.slice(0, at).join(' ').length + (at > 0 ? 1 : 0);
    found.push({ start, end: match.index + match[0].length, category: 'name' });
  }
  return found;
}

/** What English grammar makes of it. */
function findByGrammar(text: string): Span[] {
  const doc = nlp(text);
  const spans = (view: { json(options: object): unknown }, category: Span['category']): Span[] =>
    (view.json({ offset: true }) as { text: string; offset: { start: number; length: number } }[]).map((one) => ({
      start: one.offset.start,
      end: one.offset.start + one.offset.length,
      category,
    }));
  const trim = (span: Span): Span => {
    const inner = text.slice(span.start, span.end);
    const start = span.start + (inner.length - inner.trimStart().length);
    const end = span.start + inner.replace(/[\s.,;:!?)"”]+$/u, '').length;
    return { ...span, start, end };
  };
  return [...spans(doc.people(), 'name'), ...spans(doc.organizations(), 'organisation')]
    .map(trim)
    .filter((span) => /^\p{Lu}/u.test(text.slice(span.start)) && nameLike(text.slice(span.start, span.end)))
    .filter((span) => !/^\p{Lu}{2,5}$/u.test(text.slice(span.start, span.end)));
}

/** In English a capital inside a sentence names something; what it names is masked unless it is known to be harmless. */
function findCapitals(text: string): Span[] {
  const found: Span[] = [];
  const token = new RegExp(
    String.raw`(?<=[\p{L}\p{N},;:)"”'’-]\s)(?:${word})(?:\s(?:${particle}\s){0,2}(?:${word}))*`,
    'gu',
  );
  for (const match of text.matchAll(token)) {
    let at = match.index;
    for (const one of match[0].split(/(?<=\s)/)) {
      const plain = lower(one.trim());
      const acronym = /^\p{Lu}{2,5}$/u.test(one.trim());
      if (!harmless.has(plain) && !acronym) found.push({ start: at, end: at + one.trimEnd().length, category: 'name' });
      at += one.length;
    }
  }
  return found;
}

const inLexicon = (plain: string): boolean => Object.hasOwn(lexicon, plain);
const doing =
  "(?:said|says|told|tells|asked|asks|called|calls|lives?|lived|shouted|wrote|thinks?|wants?|loves?|knows?|came|comes|went|goes|died|moved|works?|worked|married|helped|visited|left|hit|and I|['’]s (?:mother|father|mom|dad|wife|husband|house|phone|birthday))";

/** The first word of a sentence, which any word begins with a capital: a name by what follows and by being no known word. */
function findInitial(text: string): Span[] {
  const start = String.raw`(?<=^|[.!?>\n"“]\s{0,3}|\n)`;
  const unknown = (it: string) => {
    const [first = ''] = it.split(/\s/);
    return nameLike(it) && !inLexicon(lower(first));
  };
  return [
    ...matches(text, new RegExp(String.raw`${start}(?<it>${word})(?=,?\s?${doing}\b)`, 'gmu'), 'name', unknown),
    ...matches(
      text,
      new RegExp(String.raw`${start}(?<it>(?:${word})(?:\s(?:\p{Lu}\.|(?:${word})(?![\p{L}\p{N}])))+)`, 'gmu'),
      'name',
      unknown,
    ),
    ...matches(
      text,
      new RegExp(
        String.raw`${start}(?<it>(?:${word}))(?=, (?:can|could|please|would|will|are|how|do) (?:you|I)\b)`,
        'gmu',
      ),
      'name',
      unknown,
    ),
  ];
}

const organisationEnd =
  'Hospital|Clinic|School|University|College|Institute|Church|Bank|Inc|Ltd|LLC|GmbH|AG|KG|Corp|Corporation|Company|Group|Foundation|Associates|Consulting|Technologies|Klinik|Klinikum|Krankenhaus|Schule|Gymnasium|Universität|Verein|Pfarre';

export function findOrganisations(text: string): Span[] {
  return [
    ...matches(
      text,
      new RegExp(String.raw`\b(?:${word})(?:\s(?:of|the|and|&|${word}))*?\s(?:${organisationEnd})\b\.?`, 'gu'),
      'organisation',
      (it) => !/^(?:The|A|My|Our|At|In)\s\p{Lu}\p{L}+$/u.test(it),
    ),
    ...matches(
      text,
      new RegExp(
        String.raw`\b(?:University|Bank|Hospital|Church|School|Institute)\sof\s(?:${word})(?:\s(?:${word}))*`,
        'gu',
      ),
      'organisation',
    ),
    ...matches(
      text,
      new RegExp(
        String.raw`\b(?:work(?:s|ed|ing)? (?:for|at)|employed (?:by|at)|job at|arbeite (?:bei|für)|bei der Firma)\s(?:the\s)?(?<it>(?:${word})(?:\s(?:&\s)?(?:${word}))*)`,
        'gu',
      ),
      'organisation',
      nameLike,
    ),
  ];
}

const inTown = new RegExp(
  String.raw`\b(?:live[sd]?|living|grew up|born|raised|mov(?:e|ed|ing)|stay(?:ed|ing)?|wohne|wohnt|lebe|lebt|komme|kommt|geboren|aufgewachsen|gezogen|ziehe|habite)\s(?:here\s|back\s|there\s)?(?:in|to|near|from|outside|bei|aus|nach|à)\s(?<it>(?:${word})(?:[\s-](?:(?:am|an|der|on|upon|le|la)\s)?(?:${word}))*)`,
  'gu',
);
const townWord = new RegExp(
  String.raw`(?<![\p{L}\p{N}])(?:New |San |Los |Saint |St\. |Bad |Las )?(?:${word})(?![\p{L}])`,
  'gu',
);

export function findPlaces(text: string): Span[] {
  return [
    ...matches(text, inTown, 'place', nameLike),
    ...matches(
      text,
      townWord,
      'place',
      (it) => towns.has(it.toLowerCase()) || /^(?:San|Los|Saint|St\.|Bad|Las|New York)\b/.test(it),
    ),
  ];
}

/** Names nobody told us beforehand. */
export function findNames(text: string, german: boolean): Span[] {
  return [
    ...findCued(text),
    ...findGiven(text),
    ...(german ? [] : findByGrammar(text)),
    ...(german ? [] : [...findCapitals(text), ...findInitial(text)]),
  ];
}
