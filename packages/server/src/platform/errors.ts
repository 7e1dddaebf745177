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

  constructor(code: ErrorCode, more: { detail?: string; errors?: FieldError[]; retryAfterSeconds?: number } = {}) {
    super(more.detail ?? errorCatalogue[code].title);
    this.name = 'AppError';
    this.code = code;
    this.status = errorCatalogue[code].status;
    this.detail = more.detail;
    this.errors = more.errors;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

export const notFound = () => new AppError('not-found');
