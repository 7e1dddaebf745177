import { errorCatalogue, type ErrorCode, type Problem } from '@rapport/protocol/errors';
import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { actorKey } from '../actor.ts';
import { AppError, type FieldError } from '../errors.ts';

/** What Fastify itself and PostgreSQL's driver throw, in our words. */
const foreignCodes: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad-request',
  FST_ERR_BAD_URL: 'bad-request',
  ECONNREFUSED: 'unavailable',
  ECONNRESET: 'unavailable',
  // Text that is no id or instant inside a cursor a client made up.
  '22P02': 'bad-request',
  '22007': 'bad-request',
  '57P01': 'unavailable',
  '57P03': 'unavailable',
  '53300': 'unavailable',
};

/** A field that is not known is named itself, not the object it stands in. */
function fieldErrors({ keyword, instancePath, message, params }: FastifySchemaValidationError): FieldError[] {
  if (keyword === 'unrecognized_keys' && Array.isArray(params['keys'])) {
    const object = instancePath === '/' ? '' : instancePath;
    return params['keys'].slice(0, 20).map((key) => ({
      pointer: `${object}/${String(key).slice(0, 100)}`,
      message: 'There is no such field.',
    }));
  }
  return [{ pointer: instancePath || '/', message: message ?? 'not valid' }];
}

/** What a person is told of whatever was thrown. */
export function asAppError(error: FastifyError | AppError | Error): AppError {
  if (error instanceof AppError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.flatMap(fieldErrors);
    const first = errors[0];
    return new AppError('invalid-body', { detail: `${first?.pointer}: ${first?.message}`, errors });
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = foreignCodes[code];
  if (known) return new AppError(known);
  if (error instanceof SyntaxError && 'statusCode' in error) return new AppError('malformed-json');
  if (/timeout exceeded when trying to connect|Connection terminated/.test(error.message))
    return new AppError('unavailable');
  const status = 'statusCode' in error ? Number(error.statusCode) : 500;
  return new AppError(status >= 400 && status < 500 ? 'bad-request' : 'internal');
}

/** RFC 9457. The reason of a 5xx stays in the log, under the correlation id. */
export function problemOf(error: AppError, correlationId: string): Problem {
  return {
    type: `urn:rapport:error:${error.code}`,
    title: errorCatalogue[error.code].title,
    status: error.status,
    code: error.code,
    ...(error.detail ? { detail: error.detail } : {}),
    instance: correlationId,
    ...(error.errors ? { errors: error.errors } : {}),
  };
}

/** What somebody meets who tries what the server does not take: bodies, origins, limits, tokens, permissions. */
const attempts: ReadonlySet<ErrorCode> = new Set([
  'bad-request',
  'invalid-body',
  'malformed-json',
  'malformed-utf8',
  'too-large',
  'unsupported-media-type',
  'foreign-origin',
  'rate-limited',
  'sign-in-required',
  'forbidden',
  'invalid-archive',
]);
/** Of each server: what this minute's lines told already. */
const noted = new WeakMap<object, { minute: number; told: Set<string> }>();

/** Once a minute for each kind, route and asker, so that a flood of refusals makes no flood of lines. Only codes and ids. */
function noteAttempt({ code }: AppError, request: FastifyRequest): void {
  if (!attempts.has(code)) return;
  const minute = Math.floor(Date.now() / 60_000);
  let now = noted.get(request.server.server);
  if (now?.minute !== minute || now.told.size > 10_000) now = { minute, told: new Set() };
  noted.set(request.server.server, now);
  const { actor, routeOptions, id } = request;
  const by = actor ? actorKey(actor) : 'nobody';
  const what = `${code} ${routeOptions.url} ${by}`;
  if (now.told.has(what)) return;
  now.told.add(what);
  request.log.warn({ code, id, route: routeOptions.url, by }, 'refused');
}

export function answerError(error: FastifyError | AppError | Error, request: FastifyRequest, reply: FastifyReply) {
  const known = asAppError(error);
  noteAttempt(known, request);
  if (known.status >= 500)
    request.log.error({ err: error, id: request.id, route: request.routeOptions.url }, known.code);
  if (known.retryAfterSeconds) void reply.header('retry-after', known.retryAfterSeconds);
  return reply
    .code(known.status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problemOf(known, request.id));
}

export function answerUnknownRoute(request: FastifyRequest, reply: FastifyReply) {
  return answerError(new AppError('not-found'), request, reply);
}
