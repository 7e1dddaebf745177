import { z } from 'zod';
import { Id, Instant, line } from './common.ts';

const token = z.string().min(1).max(512);
const email = z.email().max(254);

export const Password = z.string().min(12).max(200);

export const SignInStep = z.object({
  secondFactor: z.boolean().describe('true: the sign-in goes on with a code of the authenticator app.'),
});
export type SignInStep = z.infer<typeof SignInStep>;

/** What becomes of links by e-mail. */
export const Letters = z
  .enum(['sent', 'kept', 'no-mail-server', 'no-public-address'])
  .describe(
    '`kept`: in the development mailbox, which this machine alone reads. The others: none are sent, because RAPPORT_SMTP_URL or RAPPORT_PUBLIC_URL is not set.',
  );
export type Letters = z.infer<typeof Letters>;

export const SignInOptions = z.object({
  providers: z.array(z.object({ id: Id, label: z.string() })),
  letters: Letters,
});
export type SignInOptions = z.infer<typeof SignInOptions>;

/** The bodies that the sign-in library takes; it takes more, which nobody needs. */
export const LinkRequest = z.strictObject({ email });
export const LinkQuery = z.strictObject({ token });
export const PasswordReset = z.strictObject({ token, newPassword: Password });
export const CodeCheck = z.strictObject({ code: z.string().min(6).max(32) });
export const PasskeyAnswer = z.strictObject({ response: z.looseObject({ id: z.string().max(2048) }) });
export const PasskeyNew = z.strictObject({
  response: z.looseObject({ id: z.string().max(2048) }),
  name: line(80).optional(),
});
export const PasskeyRemove = z.strictObject({ id: Id });
export const PasswordConfirm = z.strictObject({ password: z.string().max(200).optional() });
export const SecondFactorSetUp = z.object({
  totpURI: z.string().describe('For the QR code of the authenticator app; shown once.'),
  backupCodes: z.array(z.string()).describe('Recovery codes, each good once; shown once.'),
});
export type SecondFactorSetUp = z.infer<typeof SecondFactorSetUp>;
export const RecoveryCodes = z.object({ backupCodes: z.array(z.string()) });
export type RecoveryCodes = z.infer<typeof RecoveryCodes>;
export const EmailChange = z.strictObject({ newEmail: email });
export const ProviderStart = z.strictObject({ provider: Id });
export const ProviderRedirect = z.object({ url: z.string() });
export type ProviderRedirect = z.infer<typeof ProviderRedirect>;

export const LoginSession = z.object({
  id: Id,
  here: z.boolean(),
  method: z.string(),
  address: z.string().nullable(),
  device: z.string().nullable().describe('What the browser said of itself.'),
  createdAt: Instant,
  expiresAt: Instant,
});

/** How the asker signs in. */
export const OwnSignIn = z.object({
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  hasPassword: z.boolean(),
  secondFactor: z.boolean(),
  secondFactorRequired: z.boolean(),
  secondFactorMissing: z.boolean().describe('Nothing else may be done before one is set up.'),
  signedIn: z.boolean().describe('false: on the machine itself, without a sign-in.'),
  bound: z
    .boolean()
    .describe('true: signed in by an organisation’s provider, which may not change the sign-in itself.'),
  passkeys: z.array(z.object({ id: Id, name: z.string().nullable(), synced: z.boolean(), createdAt: Instant })),
  sessions: z.array(LoginSession),
});
export type OwnSignIn = z.infer<typeof OwnSignIn>;

/** An organisation that one's sign-in belongs to. */
export const OwnOrganisation = z.object({ id: Id, name: z.string(), slug: z.string(), here: z.boolean() });
export type OwnOrganisation = z.infer<typeof OwnOrganisation>;
export const OrganisationSwitch = z.strictObject({ organisationId: Id });

export const IdentityProvider = z.object({
  id: Id,
  label: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  hasSecret: z.boolean(),
  checksSecondFactor: z.boolean(),
  redirectUrl: z.string().describe('To be registered with the provider.'),
});
export type IdentityProvider = z.infer<typeof IdentityProvider>;

export const IdentityProviderCreate = z.strictObject({
  label: line(80),
  issuer: z.url({ protocol: /^https?$/ }).max(500),
  clientId: line(300),
  clientSecret: line(500).optional(),
  checksSecondFactor: z.boolean().default(false),
});

export const SignInPolicy = z.strictObject({
  secondFactorRequired: z.boolean(),
  idleMinutes: z
    .number()
    .int()
    .min(5)
    .max(43_200)
    .nullable()
    .optional()
    .describe('After how many minutes without use a login ends; null: as the server does. Left out, it stays.'),
});
export type SignInPolicy = z.infer<typeof SignInPolicy>;

export const Mailbox = z.object({
  leaves: z.boolean(),
  items: z.array(z.object({ id: Id, to: z.string(), subject: z.string(), text: z.string(), at: Instant })),
});
export type Mailbox = z.infer<typeof Mailbox>;
