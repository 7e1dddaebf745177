import type { Permission } from '@rapport/protocol/permissions';
import { errorCatalogue, type ErrorCode } from '@rapport/protocol/errors';

export interface FieldError {
  pointer: string;
  message: string;
}

/** The only error a slice throws on purpose. `detail` tells a person what to do next. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly detail: string | undefined;
  readonly errors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** Of `forbidden`: the permission that was missing. It is for the audit log. */
  readonly needs: Permission | undefined;

  constructor(
    code: ErrorCode,
    more: { detail?: string; errors?: FieldError[]; retryAfterSeconds?: number; needs?: Permission } = {},
  ) {
    super(more.detail ?? errorCatalogue[code].title);
    this.name = 'AppError';
    this.code = code;
    this.status = errorCatalogue[code].status;
    this.detail = more.detail;
    this.errors = more.errors;
    this.retryAfterSeconds = more.retryAfterSeconds;
    this.needs = more.needs;
  }
}

export const notFound = () => new AppError('not-found');
