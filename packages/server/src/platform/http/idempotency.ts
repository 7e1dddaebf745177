import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';

/** The `Idempotency-Key` header: 1 to 200 visible ASCII characters, or none. */
export function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new AppError('invalid-body', {
    errors: [{ pointer: '/headers/idempotency-key', message: '1 to 200 visible ASCII characters.' }],
  });
}
