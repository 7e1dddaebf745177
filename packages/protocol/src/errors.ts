import { z } from 'zod';

/** Every error code a client may meet, with its HTTP status and the sentence shown where no translation exists. */
export const errorCatalogue = {
  'bad-request': { status: 400, title: 'The request could not be read.' },
  'invalid-body': { status: 400, title: 'A field of the request is not valid.' },
  'malformed-json': { status: 400, title: 'The body is not valid JSON.' },
  'malformed-utf8': { status: 400, title: 'The body is not valid UTF-8.' },
  'sign-in-required': { status: 401, title: 'Sign in to go on.' },
  'wrong-password': { status: 401, title: 'Name or password is not right.' },
  'wrong-code': { status: 401, title: 'The code is not right, or was used before.' },
  // RFC 9470: signed in, but not strongly enough.
  'second-factor-required': { status: 401, title: 'Your organisation asks for a second factor. Set one up first.' },
  forbidden: { status: 403, title: 'You may not do this.' },
  'consent-needed': { status: 403, title: 'The person has not agreed to this.' },
  'foreign-origin': { status: 403, title: 'Requests from other web pages are not accepted.' },
  'not-found': { status: 404, title: 'There is nothing here under this address.' },
  'method-not-allowed': { status: 405, title: 'This address does not take this method.' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time.' },
  conflict: { status: 409, title: 'Somebody changed this in the meantime. Reload and try again.' },
  'already-set-up': { status: 409, title: 'This server has been set up already.' },
  claimed: { status: 409, title: 'A colleague is reading this draft.' },
  decided: { status: 409, title: 'This draft was decided on already.' },
  'set-up-first': { status: 409, title: 'Set the server up first: open its address in a browser.' },
  'not-published': { status: 409, title: 'Publish the persona before starting a session with it.' },
  'last-owner': { status: 409, title: 'An organisation keeps at least one owner. Make somebody else an owner first.' },
  'in-use': { status: 409, title: 'Something still uses this.' },
  taken: { status: 409, title: 'This name or address is taken in the organisation.' },
  'session-ended': { status: 409, title: 'The session has ended.' },
  'session-paused': { status: 409, title: 'The session is paused.' },
  'wrong-state': { status: 409, title: 'This is not possible in the present state.' },
  'legal-hold': { status: 409, title: 'A legal hold keeps this record.' },
  'reply-running': { status: 409, title: 'A reply is being written. Stop it first or wait for its end.' },
  'budget-spent': { status: 409, title: 'The limit set for AI replies is reached.' },
  'request-running': { status: 409, title: 'The same request is still being carried out. Ask again in a moment.' },
  'audit-broken': { status: 409, title: 'The audit log was changed outside Rapport.' },
  'invitation-gone': { status: 410, title: 'This invitation has expired or was withdrawn. Ask for a new one.' },
  'link-gone': { status: 410, title: 'This link has expired or was used before. Ask for a new one.' },
  'too-large': { status: 413, title: 'The body is larger than this server accepts.' },
  'unsupported-media-type': { status: 415, title: 'Send the body as application/json.' },
  'idempotency-mismatch': { status: 422, title: 'This idempotency key was used for a different request.' },
  'invalid-archive': { status: 422, title: 'This archive cannot be imported.' },
  'pack-forbids': { status: 422, title: 'A jurisdiction pack of your organisation does not allow this.' },
  'claims-title': { status: 422, title: 'A persona may not claim a licence or a professional title.' },
  'provider-failed': { status: 422, title: 'The model provider did not answer as needed.' },
  'rate-limited': { status: 429, title: 'Too many requests. Wait a moment.' },
  'headers-too-large': { status: 431, title: 'The address and headers are larger than this server accepts.' },
  internal: { status: 500, title: 'Something went wrong on the server.' },
  'shutting-down': { status: 503, title: 'The server is restarting. Try again in a moment.' },
  'audit-unavailable': {
    status: 503,
    title: 'The audit log cannot be written, so this is refused. Tell whoever runs this server.',
  },
  'files-unavailable': { status: 503, title: 'The file cannot be stored or read at the moment. Try again later.' },
  unavailable: { status: 503, title: 'The database does not answer. Try again in a moment.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** An RFC 9457 problem document. `errors` names the fields at fault by JSON pointer. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string().optional(),
  instance: z.string().describe('The correlation id: the same value stands in the server log.'),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;
