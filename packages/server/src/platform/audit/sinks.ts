import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AuditCheckpoint } from '@rapport/protocol/audit';
import type { Outgoing } from '../net/outgoing.ts';

const webhookMs = 10_000;

/** A place that checkpoints are shipped to. `ship` throws where it does not take them all. */
export interface Sink {
  /** Stands in the database and on the page; holds no secret. */
  name: string;
  ship(checkpoints: readonly AuditCheckpoint[]): Promise<void>;
}

export interface SinkConfig {
  file: string | null;
  webhook: { url: string; token: string | null } | null;
}

const fileSink = (path: string): Sink => ({
  name: 'file',
  async ship(checkpoints) {
    const file = await open(path, 'a', 0o600);
    try {
      // Appending keeps an old file's mode, so a loose one is tightened.
      await file.chmod(0o600);
      await file.appendFile(checkpoints.map((one) => `${JSON.stringify(one)}\n`).join(''));
      await file.sync();
    } finally {
      await file.close();
    }
  },
});

/** Throws what the file system says where the file cannot be appended to. */
export async function checkFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await (await open(path, 'a', 0o600)).close();
}

const webhookSink = (url: string, token: string | null, outgoing: Outgoing): Sink => ({
  name: 'webhook',
  async ship(checkpoints) {
    const answer = await outgoing.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ checkpoints }),
      signal: AbortSignal.timeout(webhookMs),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`the webhook answered ${answer.status}`);
  },
});

export const createSinks = ({ file, webhook }: SinkConfig, outgoing: Outgoing): Sink[] => [
  ...(file === null ? [] : [fileSink(file)]),
  ...(webhook === null ? [] : [webhookSink(webhook.url, webhook.token, outgoing)]),
];
