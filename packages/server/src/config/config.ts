import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { S3Config } from '../platform/blobs/s3.ts';
import { defaultRules, parseRules, type RateRules } from '../platform/limits/rules.ts';
import { parseException } from '../platform/net/addresses.ts';
import { StartupError } from '../platform/startupError.ts';
import type { Env } from './env.ts';

/** How long a request may take to arrive, in milliseconds: a byte now and then must not hold a connection. */
export interface Patience {
  headersMs: number;
  /** The body; of files, each part of it. */
  requestMs: number;
  /** How often connections are looked at. */
  lookEveryMs: number;
}

export interface Config {
  host: string;
  port: number;
  /** Bound to loopback: requests from this machine act as the owner. */
  localMode: boolean;
  dataDir: string;
  databaseUrl: string | null;
  /** From how many passages on a knowledge base has its vectors, in clear, in an index of pgvector; null: none. */
  pgvectorFrom: number | null;
  /** Where the key that wraps all others comes from; nothing given: a file in the data directory. */
  masterKey: { text?: string | undefined; file?: string | undefined; command?: string | undefined };
  /** Content from before it was encrypted may be read. */
  readPlain: boolean;
  /** Hosts, addresses and ranges of private networks that this server may call. */
  allowPrivate: string[];
  /** The only places that this server may call; none: all public ones. */
  outgoingOnly: string[];
  rateLimits: { when: 'always' | 'beyond-loopback' | 'off'; rules: RateRules };
  /** Addresses and ranges of proxies whose word about the client's address counts. */
  trustProxy: string[];
  files: {
    /** Where documents are kept, sealed; null: in the data directory. */
    folder: string | null;
    /** A bucket instead of a folder. */
    s3: S3Config | null;
    /** Bytes of one uploaded file. */
    fileBytes: number;
    /** Files in one upload. */
    perUpload: number;
  };
  audit: {
    file: string | null;
    webhook: { url: string; token: string | null } | null;
    checkpointMinutes: number;
    /** How long no place for checkpoints may be writable before acts are refused. */
    graceMinutes: number;
  };
  preset: { baseUrl: string; apiKey: string | null; model: string; approved?: boolean } | null;
  /** After how long without use a login ends. */
  idleMinutes: number;
  logLevel: string;
  publicUrl: string | null;
  /** null: mails are kept for the development mailbox and leave this machine never. */
  smtpUrl: string | null;
  mailFrom: string;
  /** The npm that installs optional parts; null: the one beside Node or of PATH. */
  npm: string | null;
  /** Folder of the built web application; null serves the API alone. */
  webRoot: string | null;
  bodyLimit: number;
  patience: Patience;
  /** Milliseconds for which tokens are gathered before they go out as one frame. */
  tokenFrameMs: number;
}

const projectRoot = fileURLToPath(new URL('../../../../', import.meta.url));

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  );

const places = list.refine(
  (all) => all.every((one) => parseException(one) !== null),
  'give hosts, addresses or ranges such as gpu.internal:8000, 10.0.0.5 or 10.0.0.0/8',
);

/** Every option of env.ts and no other. */
const options = {
  RAPPORT_HOST: z.string().default('127.0.0.1'),
  RAPPORT_PORT: z.coerce.number().int().min(0).max(65_535).default(4310),
  RAPPORT_DATA_DIR: z.string().default(resolve(projectRoot, '.rapport')),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  RAPPORT_PGVECTOR_FROM: z.coerce.number().int().min(1).optional(),
  RAPPORT_MASTER_KEY: z.string().optional(),
  RAPPORT_MASTER_KEY_FILE: z.string().optional(),
  RAPPORT_MASTER_KEY_COMMAND: z.string().optional(),
  RAPPORT_READ_PLAIN: z.stringbool().default(false),
  RAPPORT_FILES_DIR: z.string().optional(),
  RAPPORT_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  RAPPORT_S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
    .optional(),
  RAPPORT_S3_REGION: z.string().default('us-east-1'),
  RAPPORT_S3_ACCESS_KEY: z.string().optional(),
  RAPPORT_S3_SECRET_KEY: z.string().optional(),
  RAPPORT_UPLOAD_MB: z.coerce.number().min(0.001).max(2048).default(50),
  RAPPORT_UPLOAD_FILES: z.coerce.number().int().min(1).max(500).default(50),
  RAPPORT_AUDIT_FILE: z.string().optional(),
  RAPPORT_AUDIT_WEBHOOK: z.url({ protocol: /^https?$/ }).optional(),
  RAPPORT_AUDIT_WEBHOOK_TOKEN: z.string().optional(),
  RAPPORT_AUDIT_CHECKPOINT_MINUTES: z.coerce.number().min(0.1).max(1440).default(10),
  RAPPORT_AUDIT_GRACE_MINUTES: z.coerce.number().min(0).max(10_080).default(15),
  RAPPORT_OPENAI_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  RAPPORT_OPENAI_API_KEY: z.string().optional(),
  RAPPORT_OPENAI_APPROVED: z.stringbool().default(false),
  RAPPORT_MODEL: z.string().optional(),
  RAPPORT_IDLE_MINUTES: z.coerce.number().int().min(5).max(43_200).default(720),
  RAPPORT_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  RAPPORT_TOKEN_FRAME_MS: z.coerce.number().int().min(0).max(1000).default(40),
  RAPPORT_ALLOW_PRIVATE: places,
  RAPPORT_OUTGOING_ONLY: places,
  RAPPORT_RATE_LIMITS: z
    .string()
    .optional()
    .transform((text, context): Config['rateLimits'] => {
      if (text === undefined) return { when: 'beyond-loopback', rules: defaultRules };
      if (text === 'off') return { when: 'off', rules: defaultRules };
      const rules = parseRules(text);
      if (!rules) context.addIssue('give off, or limits such as read.actor=600,credentials.address=10');
      return { when: 'always', rules: rules ?? defaultRules };
    }),
  RAPPORT_TRUST_PROXY: list.refine(
    (all) => all.every((one) => parseException(one)?.range && parseException(one)?.port === null),
    'give addresses or ranges such as 127.0.0.1 or 10.0.0.0/8',
  ),
  RAPPORT_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  RAPPORT_NPM: z.string().optional(),
  RAPPORT_SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  RAPPORT_MAIL_FROM: z.string().optional(),
} satisfies Record<keyof Env, z.ZodType>;
const Schema = z.object(options);

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

function s3Of(e: z.output<typeof Schema>): S3Config | null {
  if (!e.RAPPORT_S3_ENDPOINT) return null;
  const [bucket, accessKey, secretKey] = [e.RAPPORT_S3_BUCKET, e.RAPPORT_S3_ACCESS_KEY, e.RAPPORT_S3_SECRET_KEY];
  if (!bucket || !accessKey || !secretKey) {
    throw new StartupError(
      'RAPPORT_S3_ENDPOINT is set, but not all that belongs to it.',
      'Set RAPPORT_S3_BUCKET, RAPPORT_S3_ACCESS_KEY and RAPPORT_S3_SECRET_KEY, too.',
    );
  }
  return { endpoint: e.RAPPORT_S3_ENDPOINT, bucket, region: e.RAPPORT_S3_REGION, accessKey, secretKey };
}

const filesOf = (e: z.output<typeof Schema>): Config['files'] => ({
  folder: e.RAPPORT_FILES_DIR ? resolve(e.RAPPORT_FILES_DIR) : null,
  s3: s3Of(e),
  fileBytes: Math.floor(e.RAPPORT_UPLOAD_MB * 1024 * 1024),
  perUpload: e.RAPPORT_UPLOAD_FILES,
});

const presetOf = (e: z.output<typeof Schema>): Config['preset'] =>
  e.RAPPORT_OPENAI_BASE_URL
    ? {
        baseUrl: e.RAPPORT_OPENAI_BASE_URL,
        apiKey: e.RAPPORT_OPENAI_API_KEY ?? null,
        model: e.RAPPORT_MODEL ?? '',
        approved: e.RAPPORT_OPENAI_APPROVED,
      }
    : null;

/** Throws StartupError naming the option that is wrong. */
export function makeConfig(env: Env): Config {
  const parsed = Schema.safeParse(env);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StartupError(
      `The setting ${String(issue?.path[0])} is not valid: ${issue?.message}.`,
      'Correct it and start again.',
    );
  }
  const e = parsed.data;
  if (e.RAPPORT_OPENAI_BASE_URL && !e.RAPPORT_MODEL) {
    throw new StartupError(
      'RAPPORT_OPENAI_BASE_URL is set but RAPPORT_MODEL is not.',
      'Set RAPPORT_MODEL to the model’s name.',
    );
  }
  return {
    host: e.RAPPORT_HOST,
    port: e.RAPPORT_PORT,
    localMode: isLoopback(e.RAPPORT_HOST),
    dataDir: resolve(e.RAPPORT_DATA_DIR),
    databaseUrl: e.DATABASE_URL ?? null,
    pgvectorFrom: e.RAPPORT_PGVECTOR_FROM ?? null,
    masterKey: {
      text: e.RAPPORT_MASTER_KEY,
      file: e.RAPPORT_MASTER_KEY_FILE,
      command: e.RAPPORT_MASTER_KEY_COMMAND,
    },
    readPlain: e.RAPPORT_READ_PLAIN,
    files: filesOf(e),
    audit: {
      file: e.RAPPORT_AUDIT_FILE ? resolve(e.RAPPORT_AUDIT_FILE) : null,
      webhook: e.RAPPORT_AUDIT_WEBHOOK
        ? { url: e.RAPPORT_AUDIT_WEBHOOK, token: e.RAPPORT_AUDIT_WEBHOOK_TOKEN ?? null }
        : null,
      checkpointMinutes: e.RAPPORT_AUDIT_CHECKPOINT_MINUTES,
      graceMinutes: e.RAPPORT_AUDIT_GRACE_MINUTES,
    },
    preset: presetOf(e),
    rateLimits: e.RAPPORT_RATE_LIMITS,
    trustProxy: e.RAPPORT_TRUST_PROXY,
    allowPrivate: e.RAPPORT_ALLOW_PRIVATE,
    outgoingOnly: e.RAPPORT_OUTGOING_ONLY,
    idleMinutes: e.RAPPORT_IDLE_MINUTES,
    logLevel: e.RAPPORT_LOG_LEVEL,
    publicUrl: e.RAPPORT_PUBLIC_URL ?? null,
    smtpUrl: e.RAPPORT_SMTP_URL ?? null,
    mailFrom:
      e.RAPPORT_MAIL_FROM ?? `Rapport <rapport@${new URL(e.RAPPORT_PUBLIC_URL ?? 'http://localhost').hostname}>`,
    npm: e.RAPPORT_NPM ?? null,
    webRoot: resolve(projectRoot, 'packages/web/dist'),
    bodyLimit: 1_048_576,
    patience: { headersMs: 15_000, requestMs: 60_000, lookEveryMs: 5000 },
    tokenFrameMs: e.RAPPORT_TOKEN_FRAME_MS,
  };
}
