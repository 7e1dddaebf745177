import type { Problem } from '@rapport/protocol/errors';
import { ApiError } from '@rapport/sdk/api';

/** The server asks to come again in so many seconds. */
export class Later extends Error {
  readonly seconds: number;
  constructor(seconds: number) {
    super('later');
    this.seconds = seconds;
  }
}

export class Stopped extends Error {}

interface SendOptions {
  onSent(bytes: number): void;
  signal?: AbortSignal;
}

const tooMany = 429;

/** A form with its progress, which `fetch` cannot tell. Throws ApiError, `Later`, and `Stopped` after `signal`. */
export function sendFile(method: 'POST' | 'PUT', path: string, form: FormData, { onSent, signal }: SendOptions) {
  return new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, `/api/v1${path}`);
    request.setRequestHeader('accept', 'application/json');
    request.responseType = 'json';
    request.upload.addEventListener('progress', ({ loaded }) => onSent(loaded));
    request.addEventListener('load', () => {
      const { status } = request;
      if (status < 300) return resolve();
      const problem = (request.response ?? {}) as Partial<Problem>;
      const wait = Number(request.getResponseHeader('retry-after'));
      if (status === tooMany && wait > 0) return reject(new Later(wait));
      const title = problem.title ?? `The server answered ${status}.`;
      return reject(new ApiError({ ...problem, status, code: problem.code ?? 'internal', title }));
    });
    request.addEventListener('error', () =>
      reject(new ApiError({ status: 0, code: 'offline', title: 'The server cannot be reached.' })),
    );
    request.addEventListener('abort', () => reject(new Stopped()));
    signal?.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}
