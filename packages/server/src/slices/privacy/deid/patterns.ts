import { matches, type Span } from './spans.ts';

const digitsOf = (text: string): string => text.replace(/\D/g, '');

/** ISO 13616: letters as numbers, the first four characters last, rest 1 modulo 97. */
function isIban(found: string): boolean {
  const text = found.replace(/\s/g, '').toUpperCase();
  if (text.length < 15 || text.length > 34) return false;
  let rest = 0;
  for (const character of text.slice(4) + text.slice(0, 4))
    for (const digit of String(Number.parseInt(character, 36))) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1;
}

/** A phone number has 7 to 15 digits (E.164) and is not a date. */
const isPhone = (found: string): boolean => {
  const { length } = digitsOf(found);
  return length >= 7 && length <= 15 && !/^\s*(\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})\s*$/.test(found);
};

const octet = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
const domains =
  'com|org|net|edu|gov|io|info|biz|app|dev|me|tv|eu|uk|de|at|ch|fr|es|it|nl|be|pl|se|no|dk|fi|cz|ie|us|ca|au|nz|in|jp|cn|br|ru';
const idWords =
  'case|file|patient|record|member(?:ship)?|account|acct|passport|licen[cs]e|insurance|policy|customer|client|employee|student|invoice|ticket|tax|health|ssn|mrn|nhs|svnr|reference|ref|id|aktenzeichen|ausweis|konto|kunden|versicherungs|sozialversicherungs|mitglieds|matrikel|steuer|reisepass';

/** What has a form of its own, the surest first. */
export function findPatterns(text: string): Span[] {
  return [
    ...matches(text, /[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu, 'email'),
    ...matches(text, /\b(?:https?:\/\/|www\.)[^\s<>"')\]]+[^\s<>"')\].,;:!?]/giu, 'url'),
    ...matches(
      text,
      new RegExp(String.raw`\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:${domains})\b(?:\/[^\s<>"')\]]*)?`, 'giu'),
      'url',
    ),
    ...matches(text, new RegExp(String.raw`\b${octet}(?:\.${octet}){3}\b`, 'g'), 'ip'),
    ...matches(text, /(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}(?::[0-9a-f]{1,4})*(?![\w:])/gi, 'ip'),
    ...matches(text, /\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{2,4}){3,8}\b/gi, 'iban', isIban),
    ...matches(text, /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g, 'id'),
    ...matches(text, /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, 'id'),
    ...matches(
      text,
      /(?<![\w.,])(?:\+|00)\s?\d{1,3}(?:[\s./()-]{0,3}\d){6,13}(?:\s?(?:x|ext\.?)\s?\d{1,6})?/gi,
      'phone',
      isPhone,
    ),
    ...matches(text, /(?<![\w.,])\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?:\s?(?:x|ext\.?)\s?\d{1,6})?(?!\w)/gi, 'phone'),
    ...matches(
      text,
      /(?<![\w.,])\(?0\d{1,5}\)?(?:[\s./-]{0,3}\d){5,11}(?:\s?(?:x|ext\.?)\s?\d{1,6})?(?![\w])/gi,
      'phone',
      isPhone,
    ),
    ...matches(
      text,
      /\b(?:phone|mobile|tel|telephone|fax|call|desk|cell|office|handy|telefon)\b(?:[^\d\n]{0,20}|[:\s]{0,6})(?<it>\d[\d ().x-]{4,18}\d)/gi,
      'phone',
      isPhone,
    ),
    ...matches(text, /(?<![\w.])\d(?:[ -]?\d){11,18}(?![\w])/g, 'card'),
    ...matches(text, /(?<![\w.@])@[\p{L}\p{N}_](?:[\p{L}\p{N}_.]{0,28}[\p{L}\p{N}_])/gu, 'handle'),
    ...matches(
      text,
      new RegExp(
        String.raw`\b(?:${idWords})\w*[\s-]*(?:no|nr|num|number|nummer|#|id)?\.?\s*(?:is|was|ist|lautet|:|#)?\s*(?<it>[a-z]{0,4}[-/]?\d[\w/-]{3,})`,
        'gi',
      ),
      'id',
    ),
    ...matches(text, /\b(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{7,}\b/gi, 'id', (found) => digitsOf(found).length >= 3),
    ...matches(text, /(?<![\w.,])\d{6,}(?![\w.,]\d)/g, 'id'),
  ];
}

const months =
  'January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Januar|Jänner|Februar|März|Mai|Juni|Juli|Oktober|Dezember|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre';

const cap = String.raw`\p{Lu}[\p{L}'’.-]*`;
const streetEnd =
  'street|st|avenue|ave|road|rd|lane|ln|drive|dr|court|ct|boulevard|blvd|way|place|pl|square|sq|terrace|crescent|close|highway|hwy|parkway|pkwy|circle|row|trail|alley';
const unit = String.raw`(?:[\s,]+(?:apt|apartment|suite|unit|flat|floor|room|stiege|top|tür)\.?\s?#?\w+)?`;

/** Town, region, country and postal code after a street: by commas and lines, as addresses are written. */
const tail = new RegExp(
  String.raw`^(?:\s*[,>?\n|]+\s*(?:${cap}(?:[ -]${cap}){0,3}|\p{Lu}{2,3}|\([^)\n]{1,40}\)|nan)(?:[ ,]+(?:\p{Lu}{2}|${cap}))?(?:[ ,]+\d{4,6})?)+(?![\p{Ll}:])|^[ ]+${cap}(?:[ -]${cap}){0,2}(?:,? (?:\p{Lu}{2}|${cap}))?,? \d{4,6}|^[\s,]+\d{4,6}\b`,
  'u',
);

/** Streets, with what follows them. */
export function findAddresses(text: string): Span[] {
  return [...findStreets(text), ...findNumbered(text)].map((span) => {
    const rest = tail.exec(text.slice(span.end))?.[0] ?? '';
    return { ...span, end: span.end + rest.trimEnd().length };
  });
}

const atAddress = String.raw`\b(?:at|in|on|to|is|was|same|of|address:?|please)\s`;

function findStreets(text: string): Span[] {
  return [
    ...matches(
      text,
      new RegExp(String.raw`\b\d{1,5}[a-z]?,?\s+(?:[\p{L}'’.-]+\s+){0,4}(?:${streetEnd})\b\.?${unit}`, 'giu'),
      'address',
      (found) => /\d\w?,?\s+\p{Lu}/u.test(found),
    ),
    ...matches(
      text,
      new RegExp(
        String.raw`\b\d{1,5}[a-z]?(?:,\s*|\s+)(?:rue|avenue|av\.|boulevard|place|chemin|via|viale|piazza|calle|avenida|ul\.|ulica)\s+(?:(?:de|du|des|la|le|les|di|della|del|von)\s+|l['’])*${cap}(?:[\s-]${cap})*${unit}`,
        'gu',
      ),
      'address',
    ),
    ...matches(
      text,
      new RegExp(
        String.raw`\b(?:[Rr]ue|[Vv]ia|[Cc]alle|[Uu]l\.)\s+(?:(?:de|du|des|la|le|di|della|del)\s+)*${cap}(?:\s${cap})*\s+\d{1,5}\w?${unit}`,
        'gu',
      ),
      'address',
    ),
    ...matches(
      text,
      new RegExp(
        String.raw`(?<![\p{L}])(?:${cap}[ -])?\p{Lu}?[\p{L}-]*(?:[Ss]tra(?:ß|ss)e|[Ss]tr\.|[Gg]asse|[Ww]eg|[Pp]latz|[Aa]llee|[Uu]fer|[Dd]amm|ring|katu|vägen|gatan|tie|vej|laan|straat)\s\d{1,4}\s?[a-z]?(?:\/\d+)*(?![\p{L}\d])${unit}`,
        'gu',
      ),
      'address',
      (found) => /^\p{Lu}/u.test(found),
    ),
  ];
}

/** A number with what stands around it, where no word says that it is a street. */
function findNumbered(text: string): Span[] {
  return [
    ...matches(
      text,
      new RegExp(
        String.raw`\b\d{1,5}\s+${cap}(?:\s+${cap}){0,3}(?:\s+\d{1,4})?(?:\s+(?:apt|suite|unit)\.?\s?#?\w+)`,
        'giu',
      ),
      'address',
    ),
    ...matches(
      text,
      new RegExp(
        String.raw`${atAddress}(?<it>\d{1,5}(?:\s\d{1,5})?\s(?:\p{Ll}{1,4}\.?\s)?${cap}(?:\s(?:${cap}|\p{Ll}{2,4})){0,3}(?:\s\d{1,4})?)${unit}`,
        'gu',
      ),
      'address',
      (it) => !new RegExp(`^\\d+ (?:${months})`, 'u').test(it),
    ),
    ...matches(
      text,
      new RegExp(String.raw`(?<=^|\n|> ?)\d{1,5}\s${cap}(?:\s${cap}){0,2}\s\d{1,4}${unit}`, 'gu'),
      'address',
    ),
    ...matches(
      text,
      /\b(?:PSC|Unit|CMR) \d+,? Box \d+(?:[\s,]+(?:APO|FPO|DPO) A[AEP] \d{5})?|\bUS[A-Z]* \p{Lu}\p{L}+\s+(?:APO|FPO|DPO) A[AEP] \d{5}/gu,
      'address',
    ),
    ...matches(text, /\bP\.?\s?O\.?\s?Box\s+\d+/gi, 'address'),
    ...matches(text, /\b(?:apt|apartment|suite)\.?\s#?\d\w*/gi, 'address'),
  ];
}

/** Postal codes: where a word or a town beside the digits says so. */
export function findZips(text: string): Span[] {
  return [
    ...matches(
      text,
      /\b(?:zip|postcode|postal code|plz|postleitzahl)\b(?:\s?code)?[^\w\n]{0,3}(?:is |ist )?(?<it>\d{4,5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})\b/gi,
      'zip',
      (found) => /\d/.test(found),
    ),
    ...matches(text, /(?<=\b[A-Z]{2},? )\d{5}(?:-\d{4})?\b/g, 'zip'),
    ...matches(text, /(?<![\w.,$€£])\d{4,5}(?= \p{Lu}\p{L}{2,})/gu, 'zip', (found) => !/^(?:19|20)\d\d$/.test(found)),
    ...matches(text, /(?<=\p{Lu}\p{L}+,? )\d{5}(?:-\d{4})?(?![\w.,]\d|\w)/gu, 'zip'),
    ...matches(text, /\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b/g, 'zip'),
    ...matches(text, /\b[A-Z]\d[A-Z] \d[A-Z]\d\b/g, 'zip'),
  ];
}

export function findDates(text: string): Span[] {
  const month = `(?:${months})\\.?`;
  const day = String.raw`(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|\.|er)?`;
  const year = String.raw`(?:1[89]|20)\d\d`;
  return [
    ...matches(
      text,
      /\b(?:1[89]|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?\b/g,
      'date',
    ),
    ...matches(
      text,
      /(?<![\d.,])(?:0?[1-9]|[12]\d|3[01])([./-])\s?(?:0?[1-9]|[12]\d|3[01])\1\s?(?:(?:1[89]|20)\d\d|\d\d)(?![\d.]\d|\d)/g,
      'date',
    ),
    ...matches(
      text,
      new RegExp(String.raw`\b${day}\s?(?:of\s|de\s)?${month}(?:,?\s(?:de\s)?${year})?(?!\w)`, 'giu'),
      'date',
    ),
    ...matches(text, new RegExp(String.raw`\b${month}\s${day}(?:,?\s${year})?(?!\w|\d)`, 'giu'), 'date'),
    ...matches(text, new RegExp(String.raw`\b${month},?\s${year}\b`, 'giu'), 'date'),
    ...matches(text, /\b(?:born|birth|geboren|née?|nata|nato|nacid[ao])\b[^.\n]{0,25}?\b(?<it>1[89]\d\d)\b/gi, 'date'),
    ...matches(
      text,
      /\b(?:am|on|until|bis|seit|since|vom)\s(?<it>(?:[12]\d|3[01]|0?[1-9])\.\s?(?:1[0-2]|0?[1-9])\.)(?!\d)/g,
      'date',
    ),
  ];
}

const yearsWord = String.raw`(?:[-\s]?years?[-\s]old|[-\s]?yrs?[-\s]old|[-\s]?y\/?o\b|\syears\sof\sage|\sJahre\salt|[-\s]?jährige?[rn]?|\sans\b|\saños\b|\sanni\b)`;

/** Ages of 90 and more; a younger one is left. */
export function findAges(text: string): Span[] {
  const old = (found: string) => Number(found) >= 90 && Number(found) <= 125;
  return [
    ...matches(text, new RegExp(String.raw`\b(?<it>\d{2,3})(?=${yearsWord})`, 'giu'), 'age', old),
    ...matches(
      text,
      /\b(?:aged?|age of|turn(?:s|ed|ing)?|(?:i am|i'm|i’m|he is|she is|he's|she's|she’s|he’s|is now|was|ich bin|er ist|sie ist|wird|wurde))\s(?<it>\d{2,3})\b(?!\s?(?:%|kg|km|cm|euro|dollars|minutes|days|weeks|hours|Minuten|Tage|Kilo))/giu,
      'age',
      old,
    ),
  ];
}
