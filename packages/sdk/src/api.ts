import type { Problem } from '@rapport/protocol/errors';

/** What the server, or the network, said no with. `code` is one of the protocol's catalogue, or `offline`. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string | undefined;
  readonly errors: { pointer: string; message: string }[];

  constructor(problem: Partial<Problem> & { status: number; code: string; title: string }) {
    super(problem.detail ?? problem.title);
    this.name = 'ApiError';
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.errors = problem.errors ?? [];
  }

  /** The message for a field of the body, by JSON pointer. */
  field(pointer: string): string | undefined {
    return this.errors.find((e) => e.pointer === pointer || e.pointer.startsWith(`${pointer}/`))?.message;
  }
}

export interface ApiOptions {
  /** Origin of the server; '' for the page's own. */
  baseUrl?: string;
  /** A client's access token; staff are known by cookie or, on the machine itself, by being there. */
  token?: () => string | null;
}

type Query = Record<string, string | number | undefined>;

export interface Api {
  get<T>(path: string, query?: Query): Promise<T>;
  post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  delete<T>(path: string): Promise<T>;
}

/** HTTP under /api/v1. Every method throws ApiError. */
export function createApi({ baseUrl = '', token = () => null }: ApiOptions = {}): Api {
  const call = async <T>(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<T> => {
    const bearer = token();
    const headers: Record<string, string> = { accept: 'application/json', ...more };
    if (bearer) headers['authorization'] = `Bearer ${bearer}`;
    const init: RequestInit = { method, headers };
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    const response = await fetch(`${baseUrl}/api/v1${path}`, init).catch(() => {
      throw new ApiError({ status: 0, code: 'offline', title: 'The server cannot be reached.' });
    });
    if (response.status === 204) return undefined as T;
    const answer = (await response.json().catch(() => ({}))) as T & Partial<Problem>;
    if (response.ok) return answer;
    throw new ApiError({
      ...answer,
      status: response.status,
      code: answer.code ?? 'internal',
      title: answer.title ?? `The server answered ${response.status}.`,
    });
  };
  return {
    get: (path, query = {}) => {
      const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
      const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
      return call('GET', search ? `${path}?${search}` : path);
    },
    post: (path, body, headers) => call('POST', path, body, headers),
    patch: (path, body) => call('PATCH', path, body),
    put: (path, body) => call('PUT', path, body),
    delete: (path) => call('DELETE', path),
  };
}
