import { createSign, generateKeyPairSync, createHmac, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Claims = Record<string, unknown>;
export interface Forgery {
  header?: Record<string, unknown>;
  /** What the token says instead; a claim that is undefined is left out. */
  claims?: Claims;
  /** Default: signed with the key that the provider publishes. */
  sign?: 'published' | 'another' | 'none' | 'published-key-as-secret' | 'client-secret';
}

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An OpenID provider that answers with whatever ID token a test forges. */
export async function startForgingOidc(clientSecret: string) {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const state = { forgery: {} as Forgery, asked: new URL('http://nobody.invalid'), issuer: '', claimedIssuer: '' };

  const signed = (text: string, key: KeyObject) => createSign('sha256').update(text).sign(key).toString('base64url');
  const mac = (text: string, key: string) => createHmac('sha256', key).update(text).digest('base64url');
  const idToken = (): string => {
    const { header, claims, sign = 'published' } = state.forgery;
    const now = Math.floor(Date.now() / 1000);
    const alg = {
      published: 'RS256',
      another: 'RS256',
      none: 'none',
      'published-key-as-secret': 'HS256',
      'client-secret': 'HS256',
    }[sign];
    const body = {
      iss: state.issuer,
      aud: 'rapport',
      sub: 'olga',
      email: 'olga@house.example',
      email_verified: true,
      nonce: state.asked.searchParams.get('nonce') ?? undefined,
      iat: now,
      exp: now + 300,
      ...claims,
    };
    const text = `${base64({ alg, kid: 'one', typ: 'JWT', ...header })}.${base64(body)}`;
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const signature = {
      published: () => signed(text, pair.privateKey),
      another: () => signed(text, other.privateKey),
      none: () => '',
      'published-key-as-secret': () => mac(text, pem),
      'client-secret': () => mac(text, clientSecret),
    }[sign]();
    return `${text}.${signature}`;
  };
  const jwk = (key: KeyObject) => ({ ...key.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' });
  const answers: Record<string, () => unknown> = {
    '/.well-known/openid-configuration': () => ({
      issuer: state.claimedIssuer,
      authorization_endpoint: `${state.issuer}/authorize`,
      token_endpoint: `${state.issuer}/token`,
      userinfo_endpoint: `${state.issuer}/userinfo`,
      jwks_uri: `${state.issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
    }),
    '/keys': () => ({ keys: [jwk(pair.publicKey)] }),
    '/others-keys': () => ({ keys: [jwk(other.publicKey)] }),
    '/token': () => ({ access_token: 'a', token_type: 'Bearer', expires_in: 300, id_token: idToken() }),
    '/userinfo': () => ({ sub: 'olga', email: 'olga@house.example', email_verified: true, ...state.forgery.claims }),
  };
  const server = createServer((request, response) => {
    const answer = answers[new URL(request.url ?? '', 'http://here').pathname];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer?.() ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  state.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  state.claimedIssuer = state.issuer;
  return {
    issuer: state.issuer,
    state,
    /** The key that only the forger has, as a token could carry it. */
    foreignKey: jwk(other.publicKey),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
