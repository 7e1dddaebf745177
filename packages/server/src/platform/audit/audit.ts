import { join } from 'node:path';
import { systemClock, type Clock } from '../clock.ts';
import type { Database } from '../db/db.ts';
import type { Logger } from '../logger.ts';
import type { Outgoing } from '../net/outgoing.ts';
import { explainDiskError } from '../startupError.ts';
import { createCheckpoints } from './checkpoints.ts';
import { createRecorder } from './recorder.ts';
import { checkFile, createSinks } from './sinks.ts';

export type Audit = ReturnType<typeof createAudit>;

export interface AuditConfig {
  dataDir: string;
  audit: {
    /** Where checkpoints are appended; null: a file in the data directory. */
    file: string | null;
    webhook: { url: string; token: string | null } | null;
    checkpointMinutes: number;
    graceMinutes: number;
  };
}

export const checkpointFile = ({ dataDir, audit }: AuditConfig): string =>
  audit.file ?? join(dataDir, 'audit-checkpoints.jsonl');

interface Deps {
  db: Database;
  config: AuditConfig;
  log: Logger;
  outgoing: Outgoing;
  clock?: Clock;
}

/** The audit log of every organisation on this server: recording, and signed checkpoints shipped elsewhere. */
export function createAudit({ db, config, log, outgoing, clock = systemClock }: Deps) {
  const file = checkpointFile(config);
  const { webhook, checkpointMinutes, graceMinutes } = config.audit;
  const sinks = createSinks({ file, webhook }, outgoing);
  const { requireSink, ...checkpoints } = createCheckpoints({ db, clock, log, sinks, graceMs: graceMinutes * 60_000 });
  const recorder = createRecorder({ db, clock, log, requireSink });
  let timer: NodeJS.Timeout | undefined;

  const tick = (): Promise<void> =>
    checkpoints
      .checkpointAll()
      .catch((error: Error) =>
        log.error({ err: error.message }, 'audit checkpoints were not made; the next round tries'),
      );

  return {
    ...recorder,
    ...checkpoints,

    /** Signs and ships at intervals. Throws StartupError for a checkpoint file that cannot be appended to. */
    async start(): Promise<void> {
      await checkFile(file).catch((error: unknown) => {
        throw explainDiskError(error, file);
      });
      timer = setInterval(() => void tick(), checkpointMinutes * 60_000).unref();
    },

    /** One more checkpoint, so that what this run recorded is signed. */
    async stop(): Promise<void> {
      clearInterval(timer);
      await tick();
    },
  };
}
