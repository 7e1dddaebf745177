import pg from 'pg';
import type { Logger } from '../logger.ts';
import type { Database } from '../db/db.ts';

const channel = 'rapport_wake';
const coalesceMs = 5;
const maxPerStatement = 200;
const presenceMs = 2000;
const presence = 'present';

export interface Wake {
  /** Tells the other servers that something of this topic reached `position`. Loses nothing if it is lost. */
  send(topic: string, position: number): void;
  on(listener: (topic: string, position: number) => void): void;
  onReconnect(listener: () => void): void;
  /** Whether another server was heard of lately: alone, wake-ups for every token are spared. */
  othersPresent(): boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * LISTEN/NOTIFY outside the append transaction: a NOTIFY inside would serialise all commits. Wake-ups of a few
 * milliseconds are sent as one statement, the highest position per topic.
 */
export function createWake(db: Database, connectionConfig: pg.ClientConfig, node: string, log: Logger): Wake {
  const listeners: ((topic: string, position: number) => void)[] = [];
  const reconnectListeners: (() => void)[] = [];
  const pending = new Map<string, number>();
  let connection: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  let lastHeard = -Infinity;
  let stopped = false;

  const flush = () => {
    timer = undefined;
    const payloads = [...pending].map(([topic, position]) => `${node}|${topic}|${position}`);
    pending.clear();
    for (let i = 0; i < payloads.length; i += maxPerStatement) {
      db.everywhere
        .many(`select pg_notify('${channel}', p) from unnest($1::text[]) p`, [payloads.slice(i, i + maxPerStatement)])
        .catch((error: Error) => log.debug({ err: error.message }, 'wake-up not sent; the sweep will find it'));
    }
  };

  const receive = (message: pg.Notification) => {
    const [from, topic, position] = (message.payload ?? '').split('|');
    if (from === node || !topic) return;
    lastHeard = performance.now();
    if (topic === presence) return;
    for (const listener of listeners) listener(topic, Number(position));
  };

  const connect = async () => {
    const next = new pg.Client({ ...connectionConfig, keepAlive: true });
    next.on('notification', receive);
    next.on('error', () => {});
    next.on('end', () => {
      connection = undefined;
      if (!stopped) retry = setTimeout(reconnect, 1000);
    });
    await next.connect();
    await next.query(`listen ${channel}`);
    connection = next;
  };

  const reconnect = () => {
    connect().then(
      () => reconnectListeners.forEach((listener) => listener()),
      (error: Error) => {
        log.warn({ err: error.message }, 'wake-up connection lost; trying again');
        if (!stopped && !connection) retry = setTimeout(reconnect, 1000);
      },
    );
  };

  const send = (topic: string, position: number) => {
    pending.set(topic, Math.max(position, pending.get(topic) ?? 0));
    timer ??= setTimeout(flush, coalesceMs);
  };

  return {
    send,
    othersPresent: () => performance.now() - lastHeard < 5 * presenceMs,
    on: (listener) => listeners.push(listener),
    onReconnect: (listener) => reconnectListeners.push(listener),
    async start() {
      await connect();
      send(presence, 0);
      heartbeat = setInterval(() => send(presence, 0), presenceMs);
    },
    async stop() {
      stopped = true;
      clearInterval(heartbeat);
      clearTimeout(timer);
      clearTimeout(retry);
      await connection?.end().catch(() => {});
    },
  };
}
