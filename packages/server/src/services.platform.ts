import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { DestinationStream } from 'pino';
import type { Config } from './config/config.ts';
import { createAudit } from './platform/audit/audit.ts';
import type { BlobBackend } from './platform/blobs/backend.ts';
import { createBlobs } from './platform/blobs/blobs.ts';
import { filesFolder, folderBackend } from './platform/blobs/folder.ts';
import { s3Backend } from './platform/blobs/s3.ts';
import { systemClock, type Clock } from './platform/clock.ts';
import type { Connected } from './platform/db/connect.ts';
import { createLimiter } from './platform/limits/limiter.ts';
import { createLogger } from './platform/logger.ts';
import { createMail } from './platform/mail/mail.ts';
import { createOutgoing, type Outgoing } from './platform/net/outgoing.ts';
import { createHub } from './platform/realtime/hub.ts';
import { createWake } from './platform/realtime/wake.ts';
import { ownerNeedsNoSignIn } from './slices/identity/service.ts';
import { createExtractor } from './slices/knowledge/extract/extractor.ts';
import type { Extractor } from './slices/knowledge/worker.ts';

/** What a server is made of; everything else is in its configuration. */
export interface AppOptions {
  config: Config;
  /** The login that owns the tables, or may make them. */
  database: pg.PoolConfig;
  outgoing?: Outgoing;
  /** Where files are kept, in place of what the configuration says. */
  files?: (config: Config) => BlobBackend;
  /** What makes text of files. */
  extractor?: Extractor;
  /** What time it is, for what happens because hours have passed. */
  clock?: Clock;
  /** How long a search waits for the vector of its question, in milliseconds. */
  questionMs?: number;
  /** Where the log goes; without it, to the standard output. */
  logTo?: DestinationStream;
  /** Names this server among those on the same database. */
  node?: string;
}

/** What this server may call. The addresses of the preset, of the audit's webhook and of the file store are the operator's own word; this machine's are its owner's, where they sit at it. */
export function outgoingFor(config: Config): Outgoing {
  const preset = config.preset ? [new URL(config.preset.baseUrl).host] : [];
  const webhook = config.audit.webhook ? [new URL(config.audit.webhook.url).host] : [];
  const store = config.files.s3 ? [new URL(config.files.s3.endpoint).host] : [];
  const exceptions = [...config.allowPrivate, ...preset, ...webhook, ...store];
  return createOutgoing({ loopback: ownerNeedsNoSignIn(config), exceptions, only: config.outgoingOnly });
}

export type Platform = ReturnType<typeof createPlatform>;

/** Where this server keeps files. */
export const storeOf = (config: Config, outgoing: Outgoing): BlobBackend =>
  config.files.s3 ? s3Backend(config.files.s3, outgoing) : folderBackend(filesFolder(config));

/** The parts that know no domain. */
export function createPlatform(
  {
    config,
    database,
    outgoing = outgoingFor(config),
    logTo,
    node = randomUUID(),
    clock = systemClock,
    questionMs = 2000,
    ...given
  }: AppOptions,
  { db, keyring, app }: Connected,
) {
  const log = createLogger(config.logLevel, logTo);
  const wake = createWake(db, app, node, log);
  const audit = createAudit({ db, config, log, outgoing });
  const limiter = createLimiter({ db, log, rules: config.rateLimits.rules, others: wake.othersPresent });
  const hub = createHub(db, wake, log);
  const mail = createMail({ db, keyring, config, log });
  const backend = given.files?.(config) ?? storeOf(config, outgoing);
  const blobs = createBlobs({ db, keyring, log, backend });
  const { extractor = createExtractor({ log, limits: { fileBytes: config.files.fileBytes } }) } = given;
  return {
    audit,
    blobs,
    clock,
    config,
    node,
    log,
    outgoing,
    limiter,
    keyring,
    db,
    wake,
    owner: database,
    hub,
    mail,
    extractor,
    questionMs,
  };
}
