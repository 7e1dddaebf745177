export interface Answer {
  status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test reads what the server sent; the assertions are its types
  body: any;
  headers: Headers;
}

/** A browser without pages: it keeps the cookies it is given. */
export function openJar(url: string) {
  const cookies = new Map<string, string>();
  return {
    cookie: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
      const response = await fetch(path.startsWith('http') ? path : url + path, {
        method,
        redirect: 'manual',
        headers: {
          ...(cookies.size > 0 ? { cookie: this.cookie() } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      for (const set of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
        if (/max-age=0|expires=thu, 01 jan 1970/i.test(set)) cookies.delete(name);
        else cookies.set(name, value);
      }
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json');
      return { status: response.status, body: isJson && text ? JSON.parse(text) : text, headers: response.headers };
    },
  };
}
export type Jar = ReturnType<typeof openJar>;
