import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export interface Person {
  email: string;
  email_verified: boolean;
}

/** A real OpenID provider on this machine. Who somebody is there is what the test says of the name they type. */
export async function startOidc(people: Record<string, Person>) {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  return {
    issuer,
    /** Begins to serve, for one client: the address to come back to is known only then. */
    serve(client: { client_id: string; client_secret: string; redirect_uris: string[] }) {
      const provider = new Provider(issuer, {
        clients: [client],
        claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
        features: { devInteractions: { enabled: true } },
        pkce: { required: () => true },
        cookies: { keys: ['only for tests'] },
        findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, name: id, ...people[id] }) }),
      });
      server.removeAllListeners('request');
      server.on('request', (request, response) => void provider.callback()(request, response));
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Presses through the provider's pages as `name` and returns the address it sends the browser back to. */
export async function signInAtProvider(authorization: string, name: string): Promise<string> {
  const cookies = new Map<string, string>();
  const { origin } = new URL(authorization);
  let at = authorization;
  let form: URLSearchParams | undefined;
  for (let steps = 0; steps < 12; steps++) {
    const response: Response = await fetch(at, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join('; ') },
      ...(form ? { method: 'POST', body: form } : {}),
    });
    for (const set of response.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(key, value);
    }
    const location = response.headers.get('location');
    if (location) {
      at = new URL(location, origin).href;
      form = undefined;
      if (new URL(at).origin !== origin) return at;
      continue;
    }
    const page = await response.text();
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (!action || !prompt) throw new Error(`the provider answered ${response.status}: ${page.slice(0, 300)}`);
    at = new URL(action, origin).href;
    form = new URLSearchParams({ prompt, ...(prompt === 'login' ? { login: name, password: 'any' } : {}) });
  }
  throw new Error('the provider never came back');
}
