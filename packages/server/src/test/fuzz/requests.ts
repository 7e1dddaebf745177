import fc from 'fast-check';
import { fixtures } from '../isolation/fixtures.ts';
import { arbitraryOf, hostile, hostileWord, idOf, spoilt, type Schema } from './values.ts';

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: Schema;
}

interface Described {
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
}

export type Who = 'staff' | 'client' | 'nobody' | 'forger';

/** One request, with `{{kind:n}}` where an id goes. */
export interface FuzzRequest {
  name: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  who: Who;
  /** Undefined: none. */
  body: string | undefined;
}

const encoded = (word: string): string => {
  if (/^\{\{\w+:\d+\}\}$/.test(word)) return word;
  // A lone surrogate has no form in a path; its bytes as some programs write them do.
  return word.isWellFormed() ? encodeURIComponent(word) : '%ED%A0%80';
};

const oneOfTen = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });

function pathOf(method: string, template: string): fc.Arbitrary<string> {
  const known = fixtures[`${method} ${template}`];
  const kinds = (Array.isArray(known) ? known[0] : known)?.path ?? {};
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name));
  // What would end the only talk of the world is done to others.
  const words = names.map((name) => {
    const kind = kinds[name] ?? name;
    return oneOfTen<string>(kind.startsWith('=') ? fc.constant(kind.slice(1)) : idOf(kind), hostileWord);
  });
  return fc
    .tuple(...words)
    .map((values) => names.reduce((path, name, at) => path.replace(`{${name}}`, encoded(values[at] ?? '')), template));
}

function queryOf(parameters: Parameter[]): fc.Arbitrary<string> {
  const wanted = parameters.filter(({ in: where }) => where === 'query');
  const pairs = wanted.map(({ name, schema = {}, required }) => {
    // A long poll is given back at once: what is looked for is a hang, and sixty seconds would look like one.
    const good = name === 'wait' ? fc.constant('0') : arbitraryOf(schema, name).map(String);
    const present = oneOfTen(good, name === 'wait' ? fc.constantFrom('-1', 'x', '') : hostileWord).map(
      (value) => `${name}=${encoded(value)}`,
    );
    return required ? oneOfTen(present, fc.constant('')) : fc.oneof(fc.constant(''), present);
  });
  const extra = oneOfTen(
    fc.constant(''),
    fc.tuple(hostileWord, hostileWord).map(([name, value]) => `${encoded(name)}=${encoded(value)}`),
  );
  return fc.tuple(...pairs, extra).map((parts) => parts.filter(Boolean).join('&'));
}

const brokenJson = fc.constantFrom(
  '',
  '{',
  '[1,2',
  '{"a":1,}',
  '{"a":1e999}',
  '{"text":"\ud800"}',
  '{"text":"\\ud800"}',
  '{"a":"\u0001"}',
  'nul',
  '"',
  '\u0000',
  '['.repeat(20_000),
  '{"a":'.repeat(20_000),
  `[${'0,'.repeat(20_000)}0]`,
  '{"__proto__":{"orgId":"x"},"name":"x"}',
  `{"name":"${'n'.repeat(900_000)}"}`,
  '{"name":"a","name":"b"}',
);

/** Where the world beyond would be called, or a gigabyte fetched, the request stays on this machine. */
function athome(body: unknown, upstream: string): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const fields = body as Record<string, unknown>;
  const kind = fields['kind'];
  if (kind === 'gguf') return { ...fields, model: '/nowhere/model.gguf' };
  if (kind === 'openai' || kind === 'anthropic' || kind === 'ollama')
    return { ...fields, baseUrl: upstream, model: 'echo' };
  if ('provider' in fields) return { ...fields, provider: athome(fields['provider'], upstream) };
  return body;
}

/** A form of files, whole or broken, for what takes one. */
const form: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.constantFrom('files', 'folder', 'tags', '__proto__', ''), hostileWord, hostileWord), {
    maxLength: 4,
  })
  .chain((parts) => {
    const whole = parts
      .map(([name, fileName, content]) => {
        const file = name === 'files' ? `; filename="${fileName.replaceAll(/["\r\n]/g, '')}.txt"` : '';
        return `--x\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`;
      })
      .join('');
    return fc.constantFrom(`${whole}--x--\r\n`, whole, whole.slice(0, whole.length / 2), `${whole}--x`);
  });

const isForm = (described: Described): boolean => described.requestBody?.content?.['multipart/form-data'] !== undefined;

function bodyOf(described: Described, upstream: string): fc.Arbitrary<string | undefined> {
  const schema = described.requestBody?.content?.['application/json']?.schema;
  const text = (value: unknown): string | undefined => JSON.stringify(athome(value, upstream));
  if (!schema) return oneOfTen(fc.constant(undefined), hostile.map(text));
  const good = arbitraryOf(schema);
  return fc.oneof(
    { weight: 10, arbitrary: good.map(text) },
    { weight: 6, arbitrary: spoilt(good).map(text) },
    { weight: 2, arbitrary: hostile.map(text) },
    { weight: 1, arbitrary: brokenJson },
  );
}

// What Node's own client agrees to send; what it does not is sent by hand, see `rawRequests`.
const headerWord = hostileWord.map((word) => word.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '').slice(0, 2000));

const oddHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  headerWord.map((value) => ({ 'idempotency-key': value })),
  headerWord.map((value) => ({ 'last-event-id': value, accept: 'text/event-stream' })),
  headerWord.map((value) => ({ accept: value })),
  headerWord.map((value) => ({ cookie: `rapport_session=${value}; a=${value}` })),
  headerWord.map((value) => ({ 'content-type': value || 'text/plain' })),
  headerWord.map((value) => ({ 'accept-language': value, 'user-agent': value, referer: value })),
  headerWord.map((value) => ({ 'x-forwarded-for': value, 'x-forwarded-host': value, forwarded: value })),
  fc.constantFrom<Record<string, string>>(
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': 'application/json;'.repeat(100) },
    { 'content-encoding': 'gzip' },
    { 'if-none-match': '*', 'if-modified-since': 'never' },
    { range: 'bytes=0-,5-1,99999999999999-' },
    { 'x-http-method-override': 'DELETE' },
    { expect: 'nothing' },
  ),
);

export interface Described31 {
  paths: Record<string, Record<string, Described>>;
}

/** Requests to every operation of the description. */
export function requestsOf(document: Described31, upstream: string): fc.Arbitrary<FuzzRequest> {
  const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ method: method.toUpperCase(), template, described })),
  );
  const who = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Who>('staff') },
    { weight: 3, arbitrary: fc.constant<Who>('client') },
    { weight: 1, arbitrary: fc.constantFrom<Who>('nobody', 'forger') },
  );
  return fc.oneof(
    ...operations.map(({ method, template, described }) =>
      fc
        .tuple(
          pathOf(method, template),
          queryOf(described.parameters ?? []),
          bodyOf(described, upstream),
          fc.oneof({ weight: 5, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: oddHeaders }),
          who,
          oneOfTen(fc.constant(method), fc.constantFrom('PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD')),
          isForm(described) ? fc.option(form) : fc.constant(null),
        )
        .map(([path, query, json, headers, as, verb, parts]): FuzzRequest => {
          const body = parts ?? json;
          const type = parts === null ? 'application/json' : 'multipart/form-data; boundary=x';
          const hasBody = body !== undefined && verb !== 'GET' && verb !== 'HEAD';
          return {
            name: `${method} ${template}`,
            method: verb,
            path: query ? `${path}?${query}` : path,
            headers: hasBody ? { 'content-type': type, ...headers } : headers,
            who: as,
            body: hasBody ? body : undefined,
          };
        }),
    ),
  );
}

/** What no well-behaved client sends: each is a whole request, byte for byte. */
export const rawRequests: string[] = [
  'GET / HTTP/9.9\r\n\r\n',
  'GET\r\n\r\n',
  'BREW /api/v1/me HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'GET /api/v1/me HTTP/1.1\r\n\r\n',
  'GET /api/v1/me HTTP/1.1\r\nhost: localhost\r\nhost: evil\r\n\r\n',
  'GET /%00 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
  'GET /%ff%fe HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
  'GET /api/v1/sessions/%2e%2e%2f%2e%2e HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
  'GET //evil.example/%2e%2e HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
  'GET http://evil.example/api/v1/me HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
  'GET /api/v1/me HTTP/1.1\r\nhost: localhost\r\nx: a\u0000b\r\n\r\n',
  `GET /api/v1/me HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
  `GET /${'a'.repeat(60_000)} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
  `GET /api/v1/me HTTP/1.1\r\nhost: localhost\r\n${'a: b\r\n'.repeat(3000)}\r\n`,
  'POST /api/v1/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'POST /api/v1/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: -1\r\n\r\n',
  'POST /api/v1/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  'POST /api/v1/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
  'GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 99\r\n\r\n',
  'GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: short\r\n\r\n',
  'GET /api/v1/me HTTP/1.1\r\nhost: localhost\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n',
  'CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
];
