import { passkey } from '@better-auth/passkey';
import { APIError, betterAuth, type BetterAuthOptions } from 'better-auth';
import { createAuthMiddleware, getSessionFromCtx } from 'better-auth/api';
import { symmetricDecrypt } from 'better-auth/crypto';
import { genericOAuth, magicLink, twoFactor } from 'better-auth/plugins';
import { newId } from '../../platform/ids.ts';
import type { Database } from '../../platform/db/db.ts';
import { createLoginAdapter } from './logins.adapter.ts';
import { authPath, discoveryOf, orgHeader, freshMinutes, linkMinutes, sessionDays } from './logins.shared.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import type { IdentityProvider } from './schema.ts';

const sessionSeconds = sessionDays * 86_400;

const times = { createdAt: 'created_at', updatedAt: 'updated_at' };

/** What the library asks of us. */
export interface LoginHooks {
  /** Whether the login is an active member of the organisation, or of any. */
  isMember(loginId: string, orgId: string | null): Promise<boolean>;
  /** How long a login may go unused, in minutes. */
  idleMinutes(loginId: string, orgId: string | null): Promise<number>;
  /** Whether the code of an authenticator app was taken before, or an older one than the last. `open` opens its sealed key. */
  takeCode(loginId: string, code: string, open: (sealed: string) => Promise<string>): Promise<boolean>;
  /** Somebody came with a code that was not right, or was used before. */
  wrongCode(loginId: string, act: 'login.sign-in' | 'login.factor-changed'): Promise<void>;
  sendLink(kind: 'sign-in' | 'reset' | 'confirm', email: string, token: string): void;
  logError(message: string): void;
}

interface Parts {
  /** Scheme, host and port under which the request came. */
  origin: string;
  secret: Buffer;
  db: Database;
  hooks: LoginHooks;
  provider: IdentityProvider | null;
}

/** How the sign-in was done, by the address that completed it. Turning the second factor off leaves the first. */
const methods: Record<string, string> = {
  '/sign-in/email': 'password',
  '/two-factor/verify-totp': 'totp',
  '/two-factor/verify-backup-code': 'recovery-code',
  '/passkey/verify-authentication': 'passkey',
  '/magic-link/verify': 'magic-link',
  '/two-factor/disable': 'password',
};

/** What changes a login for all its organisations. One organisation's provider must not be enough for that. */
const changesLogin =
  /^\/(two-factor\/(enable|disable|generate-backup-codes)|passkey\/(generate-reg|verify-reg|delete)|change-email)/;

const refuse = (status: 'FORBIDDEN' | 'UNAUTHORIZED', code: string) => new APIError(status, { code, message: code });

/** better-auth, set up for one address of this server and at most one OpenID provider. */
export function createLoginLibrary(parts: Parts) {
  const { origin, secret, db, hooks, provider } = parts;
  const isSecure = origin.startsWith('https:');
  const host = isSecure ? '__Host-' : '';
  return betterAuth({
    appName: 'Rapport',
    baseURL: origin,
    basePath: authPath,
    secret: secret.toString('base64url'),
    database: createLoginAdapter(db),
    logger: { disabled: true },
    telemetry: { enabled: false },
    // Limits are the server's own, the same on all its routes.
    rateLimit: { enabled: false },
    ...models(provider),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: 1,
      maxPasswordLength: 200,
      password: { hash: hashPassword, verify: ({ hash, password }) => verifyPassword(hash, password) },
      resetPasswordTokenExpiresIn: linkMinutes * 60,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: async ({ user, token }) => hooks.sendLink('reset', user.email, token),
    },
    emailVerification: {
      expiresIn: linkMinutes * 60,
      sendVerificationEmail: async ({ user, token }) => hooks.sendLink('confirm', user.email, token),
    },
    plugins: [
      secondFactor(),
      magicLink({
        expiresIn: linkMinutes * 60,
        disableSignUp: true,
        sendMagicLink: ({ email, token }) => hooks.sendLink('sign-in', email, token),
      }),
      passkeys(origin),
      ...(provider ? [openId(provider)] : []),
    ],
    databaseHooks: databaseHooks(hooks, provider),
    hooks: { before: createAuthMiddleware(beforeEach), after: createAuthMiddleware((ctx) => afterEach(hooks, ctx)) },
    onAPIError: { errorURL: `${origin}/sign-in`, onError: (error) => hooks.logError(String(error)) },
    advanced: {
      // Over https under a name that no other host and no open line can set; the library's own prefix allows other hosts.
      useSecureCookies: false,
      defaultCookieAttributes: { secure: isSecure },
      disableCSRFCheck: false,
      disableOriginCheck: false,
      cookiePrefix: `${host}rapport`,
      cookies: { session_token: { name: `${host}rapport_session`, attributes: { sameSite: 'strict' } } },
      ipAddress: { ipAddressHeaders: ['x-rapport-address'] },
      database: { generateId: () => newId() },
    },
  });
}

/** Which of our tables and columns hold what. */
const models = (provider: IdentityProvider | null) =>
  ({
    user: {
      modelName: 'login',
      fields: { emailVerified: 'email_verified', ...times },
      changeEmail: { enabled: true, updateEmailWithoutVerification: false },
    },
    session: {
      modelName: 'login_session',
      fields: {
        userId: 'login_id',
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
        ...times,
      },
      additionalFields: {
        method: { type: 'string', required: true, input: false, defaultValue: 'password' },
        orgId: { type: 'string', required: false, input: false, fieldName: 'org_id' },
        bound: { type: 'boolean', required: true, input: false, defaultValue: false },
      },
      expiresIn: sessionSeconds,
      freshAge: freshMinutes * 60,
      disableSessionRefresh: true,
      // A revoked session must lose access within a second, and what stands in a cookie cannot be revoked.
      cookieCache: { enabled: false },
    },
    account: {
      modelName: 'login_account',
      fields: {
        userId: 'login_id',
        providerId: 'provider_id',
        accountId: 'account_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        ...times,
      },
      updateAccountOnSignIn: false,
      accountLinking: { enabled: true, trustedProviders: provider ? [provider.id] : [] },
    },
    verification: {
      modelName: 'login_verification',
      fields: { expiresAt: 'expires_at', ...times },
      storeIdentifier: 'hashed',
    },
  }) satisfies BetterAuthOptions;

type AuthContext = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0];

async function beforeEach(ctx: AuthContext): Promise<void> {
  if (!changesLogin.test(ctx.path)) return;
  const session = await getSessionFromCtx(ctx);
  if (session?.session['bound']) throw refuse('FORBIDDEN', 'BOUND_TO_ORGANISATION');
  if (session && Date.now() - new Date(session.session.createdAt).getTime() > freshMinutes * 60_000)
    throw refuse('FORBIDDEN', 'SESSION_NOT_FRESH');
}

const wrongCodes = new Set(['INVALID_CODE', 'INVALID_BACKUP_CODE']);

/** A code that was not right: whose it should have been is known by the sign-in it belongs to, or by being signed in. */
async function afterEach(hooks: LoginHooks, ctx: AuthContext): Promise<void> {
  const { returned } = ctx.context;
  if (!ctx.path.startsWith('/two-factor/verify-') || !(returned instanceof APIError)) return;
  if (!wrongCodes.has(String(returned.body?.code))) return;
  const session = await getSessionFromCtx(ctx);
  if (session) return hooks.wrongCode(session.user.id, 'login.factor-changed');
  const begun = await ctx.getSignedCookie(ctx.context.createAuthCookie('two_factor').name, ctx.context.secret);
  const known = begun ? await ctx.context.internalAdapter.findVerificationValue(begun) : null;
  if (known) await hooks.wrongCode(known.value, 'login.sign-in');
}

interface HookContext {
  path?: string;
  headers?: Headers | undefined;
  body?: unknown;
  context?: { secretConfig: Parameters<typeof symmetricDecrypt>[0]['key'] };
}

/** The library takes a code for as long as it is shown and a little longer; here it is good once (RFC 6238, 5.2). */
async function takeCode(hooks: LoginHooks, loginId: string, { body, context }: HookContext): Promise<void> {
  const code = body && typeof body === 'object' && 'code' in body ? String(body.code) : '';
  const key = context?.secretConfig;
  const open = async (data: string) => (key === undefined ? '' : symmetricDecrypt({ key, data }));
  if (await hooks.takeCode(loginId, code, open)) return;
  await hooks.wrongCode(loginId, 'login.sign-in');
  throw refuse('UNAUTHORIZED', 'CODE_USED');
}

function databaseHooks(hooks: LoginHooks, provider: IdentityProvider | null) {
  return {
    account: {
      create: {
        before: async (account: { providerId: string; userId: string }) => {
          if (account.providerId === provider?.id && !(await hooks.isMember(account.userId, provider.orgId))) {
            throw refuse('FORBIDDEN', 'NO_MEMBER');
          }
          // Who somebody is was all that was asked; nothing is done in their name.
          return { data: { ...account, accessToken: null, refreshToken: null, idToken: null } };
        },
      },
    },
    session: {
      create: {
        before: async (session: { userId: string; method?: unknown }, ctx: HookContext | null) => {
          const bound = ctx?.path === '/callback/:id';
          const before = typeof session.method === 'string' ? session.method : 'password';
          const vouched = provider?.checksSecondFactor ? 'oidc-strong' : 'oidc';
          const method = bound ? vouched : (methods[ctx?.path ?? ''] ?? before);
          if (bound && !provider) throw refuse('FORBIDDEN', 'NO_MEMBER');
          const orgId = (bound ? provider?.orgId : ctx?.headers?.get(orgHeader)) ?? null;
          if (!(await hooks.isMember(session.userId, orgId))) throw refuse('FORBIDDEN', 'NO_MEMBER');
          if (ctx?.path === '/two-factor/verify-totp') await takeCode(hooks, session.userId, ctx);
          const expiresAt = new Date(Date.now() + (await hooks.idleMinutes(session.userId, orgId)) * 60_000);
          return { data: { ...session, expiresAt, method, bound, ...(orgId === null ? {} : { orgId }) } };
        },
      },
    },
  };
}

function secondFactor() {
  const plugin = twoFactor({
    issuer: 'Rapport',
    allowPasswordless: true,
    twoFactorCookieMaxAge: 300,
    schema: {
      user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
      twoFactor: {
        modelName: 'login_second_factor',
        fields: {
          userId: 'login_id',
          backupCodes: 'backup_codes',
          failedVerificationCount: 'failed_count',
          lockedUntil: 'locked_until',
        },
      },
    },
  });
  // A link in a mailbox is one factor like a password, so it is followed by the second in the same way.
  for (const hook of plugin.hooks.after) {
    const { matcher } = hook;
    hook.matcher = (context) => matcher(context) || context.path === '/magic-link/verify';
  }
  return plugin;
}

function passkeys(origin: string) {
  const requireVerified = (verified: boolean | undefined) => {
    // A passkey stands for two factors, so holding the device is not enough.
    if (!verified) throw refuse('UNAUTHORIZED', 'USER_NOT_VERIFIED');
  };
  return passkey({
    rpID: new URL(origin).hostname,
    rpName: 'Rapport',
    origin,
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    registration: {
      afterVerification: async ({ verification }) => requireVerified(verification.registrationInfo?.userVerified),
    },
    authentication: {
      afterVerification: async ({ verification }) => requireVerified(verification.authenticationInfo.userVerified),
    },
    schema: {
      passkey: {
        modelName: 'login_passkey',
        fields: {
          userId: 'login_id',
          publicKey: 'public_key',
          credentialID: 'credential_id',
          deviceType: 'device_type',
          backedUp: 'backed_up',
          createdAt: 'created_at',
        },
      },
    },
  });
}

const openId = (provider: IdentityProvider) =>
  genericOAuth({
    config: [
      {
        providerId: provider.id,
        discoveryUrl: discoveryOf(provider.issuer),
        clientId: provider.clientId,
        ...(provider.clientSecret === null ? {} : { clientSecret: provider.clientSecret }),
        scopes: ['openid', 'email', 'profile'],
        pkce: true,
        disableSignUp: true,
        requireIdTokenVerification: true,
      },
    ],
  });
