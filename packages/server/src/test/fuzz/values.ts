import fc from 'fast-check';

/** The part of JSON Schema that the API's description uses. */
export interface Schema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  additionalProperties?: boolean | Schema;
}

/** Stands for the id of something that exists at the time of sending; `{{session:7}}` is one of the sessions. */
export const idOf = (kind: string): fc.Arbitrary<string> => fc.nat(50).map((n) => `{{${kind}:${n}}}`);

/** What breaks a careless reader of text: each was a defect of some program. */
const hostileText = fc.constantFrom(
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\u0001\u0002\u001b[31m',
  '\u007f',
  '\ud800',
  'x\udfffy',
  '\uffff',
  '\ufeff',
  '\u202eevil',
  'e\u0301'.repeat(200),
  '🙂'.repeat(50),
  "'; drop table org; --",
  '" or ""="',
  '%',
  '_%\\',
  '\\',
  '${7*7}{{7*7}}',
  '<script>alert(1)</script>',
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  'file:///etc/passwd',
  'http://169.254.169.254/latest/meta-data/',
  'javascript:alert(1)',
  '\r\nset-cookie: a=b',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'true',
  'NaN',
  'Infinity',
  '-1',
  '1e309',
  '9007199254740993',
  '99999999999999999999999999',
  '0x10',
  '２',
  '2026-02-30T25:61:61Z',
  '0000-00-00',
  '-infinity',
  'infinity',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'A'.repeat(300),
  'x'.repeat(70_000),
);

const hostileNumber = fc.constantFrom(
  -1,
  -0,
  0.1,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  2 ** 31 - 1,
  -(2 ** 31) - 1,
  2 ** 53,
  2 ** 63,
  Number.MAX_SAFE_INTEGER,
);

const nested = (depth: number, list: boolean): unknown => {
  let value: unknown = 'deep';
  for (let at = 0; at < depth; at += 1) value = list ? [value] : { a: value };
  return value;
};
const deep = fc.tuple(fc.constantFrom(5, 60, 900), fc.boolean()).map(([depth, list]) => nested(depth, list));

/** `JSON.parse` makes an own field of it, as it does of a client's text. */
const polluting = fc
  .constantFrom('{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}', '{"hasOwnProperty":1}')
  .map((text) => JSON.parse(text) as unknown);

/** Anything JSON can say, the nastier the likelier. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: hostileText },
  { weight: 2, arbitrary: hostileNumber },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [null], [[]], { length: 1 }) },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: polluting },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.array(hostileText, { maxLength: 60 }) },
);

/** Text for a query, a path or a header. */
export const hostileWord: fc.Arbitrary<string> = fc.oneof(
  hostileText,
  hostileNumber.map(String),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

const named: Record<string, string> = { id: 'session', reply: 'reply', base: 'knowledgeBase' };
const kindOf = (field: string): string => {
  const kind = field.replace(/Ids?$/, '');
  return named[kind] ?? kind;
};

function ofString(schema: Schema, field: string): fc.Arbitrary<unknown> {
  if (schema.format === 'uuid')
    return fc.oneof({ weight: 6, arbitrary: idOf(kindOf(field)) }, { weight: 1, arbitrary: fc.uuid() });
  if (schema.format === 'uri') return fc.constantFrom('http://127.0.0.1:1/v1', 'https://[::1]/', 'http://localhost');
  if (schema.format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const minLength = schema.minLength ?? 0;
  const most = schema.maxLength ?? 200;
  const usual = fc.string({ minLength, maxLength: Math.max(minLength, Math.min(most, 40)) });
  const edges = [minLength, most, most + 1].filter((length) => length <= 40_000).map((length) => 'y'.repeat(length));
  return fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...edges) });
}

function ofNumber(schema: Schema): fc.Arbitrary<unknown> {
  const min = schema.minimum ?? schema.exclusiveMinimum ?? -1000;
  const max = Math.max(min, schema.maximum ?? schema.exclusiveMaximum ?? 1000);
  if (schema.type === 'integer')
    return fc.oneof(fc.integer({ min: Math.ceil(min), max: Math.floor(max) }), fc.constantFrom(min, max));
  return fc.double({ min, max, noNaN: true });
}

function ofObject(schema: Schema): fc.Arbitrary<unknown> {
  const fields = Object.entries(schema.properties ?? {});
  const model = Object.fromEntries(fields.map(([name, value]) => [name, arbitraryOf(value, name)]));
  const required = schema.required ?? [];
  return fc.record(model, { requiredKeys: required.filter((name) => name in model) });
}

/** Values that a schema allows, or nearly. */
export function arbitraryOf(schema: Schema, field = ''): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => arbitraryOf(choice, field)));
  switch (schema.type) {
    case 'string':
      return ofString(schema, field);
    case 'integer':
    case 'number':
      return ofNumber(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}, field), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, 5) + (schema.minItems ?? 0),
      });
    case 'object':
      return ofObject(schema);
    default:
      return hostile;
  }
}

type Fields = Record<string, unknown>;

/** One field at fault in an otherwise good body, a field too many, or one too few. */
export function spoilt(good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(good, fc.nat(100), fc.constantFrom('replace', 'add', 'remove', 'wrap'), hostile)
    .map(([value, at, how, evil]) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return evil;
      const fields = value as Fields;
      const names = Object.keys(fields);
      const name = names[at % Math.max(1, names.length)] ?? 'name';
      if (how === 'add') return { ...fields, [typeof evil === 'string' ? evil.slice(0, 200) : 'role']: evil };
      if (how === 'remove') return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
      return { ...fields, [name]: how === 'wrap' ? [fields[name]] : evil };
    });
}
