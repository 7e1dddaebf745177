import type { Audience, TextDelta } from '@rapport/protocol/events';
import type { Usage } from '@rapport/protocol/inference';
import type { Database, Db, Tx } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Hub } from '../../platform/realtime/hub.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import * as store from './generations.store.ts';
import type { Generation, GenerationEnd, GenerationStart } from './generations.store.ts';
import { createStreams, type ReplyStream } from './streams.ts';
import { createFollower } from './follower.ts';

const commitMs = 75;
const renewMs = 1500;
const orphanMs = 2000;
const pruneMs = 300_000;
const checkpointMs = 8000;

/** What a producer returns when the reply has come to its real end; it throws when it has not. */
export interface Produced {
  finishReason: string;
  usage: Usage;
  /** Kept with the message, e.g. citations. */
  extra?: unknown;
}

export type Produce = (
  generation: Generation,
  onText: (text: string) => void,
  signal: AbortSignal,
) => Promise<Produced>;

export interface Outcome extends GenerationEnd {
  text: string;
  finishReason: string | null;
  extra?: unknown;
}

/** What the owner of the conversation (sessions) does with its replies. */
export interface GenerationHandler {
  produce: Produce;
  /** Names the fault of a failed production, and how the reply ends: never as completed. */
  faultOf(error: unknown): string;
  costOf(generation: Generation, usage: Usage): Promise<number | null>;
  /** Runs in the transaction that ends the generation: append the message and the events here. */
  ended(tx: Tx, generation: Generation, outcome: Outcome): Promise<void>;
  /** Runs in the transaction from which on the tokens are for the team alone; `shown` is what everybody has of them. */
  held(tx: Tx, generation: Generation, shown: string): Promise<void>;
  /** Runs after that commit. */
  settled(generation: Generation, outcome: Outcome): void;
}

interface Running {
  generation: Generation;
  stream: ReplyStream;
  controller: AbortController;
  durable: number;
  startedAt: number;
  firstTokenMs: number | null;
  /** While a reply is being put on hold nothing of it is committed: who follows elsewhere learns first that it is held. */
  holding: Promise<void> | null;
  done: Promise<void>;
}

class Stopped extends Error {
  readonly status: 'stopped' | 'interrupted' | 'lost';
  constructor(status: 'stopped' | 'interrupted' | 'lost') {
    super(status);
    this.status = status;
  }
}

export type { Generation } from './generations.store.ts';
export type GenerationService = ReturnType<typeof createGenerationService>;

/**
 * Replies are the server's: a generation row with a lease is committed before the provider is asked; tokens go to
 * readers from memory and into the token log in one statement for all running replies; readers may come and go.
 */
export function createGenerationService(parts: {
  db: Database;
  hub: Hub;
  wake: Wake;
  node: string;
  log: Logger;
  tokenFrameMs: number;
}) {
  const { db, hub, wake, node, log } = parts;
  const streams = createStreams(hub, parts.tokenFrameMs);
  const follower = createFollower({ db, hub, wake, streams, log });
  const running = new Map<string, Running>();
  let handler: GenerationHandler | undefined;
  let commitTimer: NodeJS.Timeout | undefined;
  let committing: Promise<void> = Promise.resolve();
  const timers: NodeJS.Timeout[] = [];
  let stopping = false;

  const need = (): GenerationHandler => {
    if (!handler) throw new Error('generations.handle was not called');
    return handler;
  };

  const commit = async () => {
    const pieces = [...running.values()]
      .filter((r) => !r.holding && r.stream.sent > r.durable)
      // Never more than went out here: readers of other servers have it from the log, and a hold says what everybody has.
      .map((r) => ({
        run: r,
        generation: r.generation,
        offset: r.durable,
        text: r.stream.text.slice(r.durable, r.stream.sent),
      }));
    if (pieces.length === 0) return;
    await store.appendTokens(db.everywhere, node, pieces);
    for (const piece of pieces) {
      piece.run.durable = piece.offset + piece.text.length;
      if (wake.othersPresent()) wake.send(`tokens/${piece.generation.roomId}`, piece.run.durable);
    }
  };

  const scheduleCommit = () => {
    commitTimer ??= setTimeout(() => {
      committing = commit()
        .catch((error: Error) => log.warn({ err: error.message }, 'token log not written; trying again'))
        .finally(() => {
          commitTimer = undefined;
          if ([...running.values()].some((r) => r.stream.text.length > r.durable)) scheduleCommit();
        });
    }, commitMs);
  };

  const produce = async (run: Running): Promise<Outcome> => {
    const { generation, stream, controller } = run;
    const onText = (text: string) => {
      if (controller.signal.aborted || text === '') return;
      run.firstTokenMs ??= Math.round(performance.now() - run.startedAt);
      stream.append(text);
      scheduleCommit();
    };
    const outcome = (status: Outcome['status'], more: Partial<Outcome>): Outcome => ({
      status,
      text: stream.text,
      length: stream.text.length,
      usage: null,
      costMicroUsd: null,
      firstTokenMs: run.firstTokenMs,
      durationMs: Math.round(performance.now() - run.startedAt),
      fault: null,
      finishReason: null,
      ...more,
    });
    try {
      const made = await need().produce(generation, onText, controller.signal);
      controller.signal.throwIfAborted();
      const costMicroUsd = await need().costOf(generation, made.usage);
      return outcome('completed', {
        usage: made.usage,
        costMicroUsd,
        finishReason: made.finishReason,
        extra: made.extra,
      });
    } catch (error) {
      const reason: unknown = controller.signal.aborted ? controller.signal.reason : error;
      if (reason instanceof Stopped) {
        if (reason.status === 'lost') throw reason;
        return outcome(reason.status, {});
      }
      const fault = need().faultOf(error);
      log.warn(
        { reply: generation.id, fault, err: error instanceof Error ? error.message : String(error) },
        'reply failed',
      );
      return outcome('failed', { fault });
    }
  };

  /** Keeps trying while the lease is ours: the text is in memory and must not be lost to a short outage. */
  const finish = async (run: Running, outcome: Outcome) => {
    const lost = () =>
      run.controller.signal.reason instanceof Stopped && run.controller.signal.reason.status === 'lost';
    for (let attempt = 0; !lost(); attempt += 1) {
      try {
        const mine = await db.in(run.generation.orgId).tx(async (tx) => {
          if (!(await store.endGeneration(tx, run.generation, node, outcome))) return false;
          await need().ended(tx, run.generation, outcome);
          return true;
        });
        if (mine) need().settled(run.generation, outcome);
        return;
      } catch (error) {
        log.warn({ reply: run.generation.id, err: (error as Error).message }, 'the end of a reply is not stored yet');
        await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 100 * 2 ** attempt)));
      }
    }
  };

  /** The stream first, so that no further token gets out while the change is being stored. */
  const hold = (run: Running): Promise<void> => {
    if (run.holding || run.generation.audience === 'staff') return run.holding ?? Promise.resolve();
    const shown = run.stream.hold();
    const held: Generation = { ...run.generation, audience: 'staff' };
    const write = async () => {
      for (let attempt = 0; running.get(held.id) === run; attempt += 1) {
        try {
          await db.in(held.orgId).tx(async (tx) => {
            await store.setAudience(tx, held, 'staff');
            await need().held(tx, held, shown);
          });
          run.generation = held;
          return;
        } catch (error) {
          log.warn(
            { reply: held.id, err: (error as Error).message },
            'a hold is not stored yet; the reply waits for it',
          );
          await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 100 * 2 ** attempt)));
        }
      }
    };
    run.holding = write().finally(() => {
      run.holding = null;
      scheduleCommit();
    });
    return run.holding;
  };

  const execute = async (run: Running) => {
    try {
      const outcome = await produce(run);
      await run.holding;
      run.stream.flush();
      await committing;
      await finish(run, outcome);
    } catch (error) {
      if (!(error instanceof Stopped))
        log.error({ err: error, reply: run.generation.id }, 'a reply could not be ended');
    } finally {
      running.delete(run.generation.id);
      run.stream.close();
    }
  };

  const start = (generation: Generation) => {
    const run: Running = {
      generation,
      stream: streams.open(generation.id, generation.roomId, generation.audience),
      controller: new AbortController(),
      durable: 0,
      startedAt: performance.now(),
      firstTokenMs: null,
      holding: null,
      done: Promise.resolve(),
    };
    running.set(generation.id, run);
    run.done = execute(run);
  };

  const renew = async () => {
    if (running.size === 0) return;
    const kept = new Map((await store.renewLeases(db.everywhere, node, [...running.keys()])).map((r) => [r.id, r]));
    for (const [id, run] of running) {
      const stop = kept.get(id)?.stop;
      if (kept.get(id)?.hold) void hold(run);
      // A reply that began or ended during the statement is judged at the next one.
      if (stop === undefined && performance.now() - run.startedAt > store.leaseSeconds * 1000) {
        run.controller.abort(new Stopped('lost'));
      } else if (stop) run.controller.abort(new Stopped('stopped'));
    }
  };

  /** With nothing durable the reply is made anew; otherwise it is marked interrupted, with what there is. */
  const adopt = async () => {
    if (stopping) return;
    for (const generation of await store.adoptOrphans(db.everywhere, node)) {
      const { text } = await store.readTokens(db.in(generation.orgId), generation.orgId, generation.id, 0);
      hub.ephemeral(generation.roomId, {
        audience: generation.audience,
        type: 'reply-reset',
        body: JSON.stringify({ replyId: generation.id }),
      });
      if (text === '') {
        start(generation);
        continue;
      }
      const outcome: Outcome = {
        status: 'interrupted',
        text,
        length: text.length,
        usage: null,
        costMicroUsd: null,
        firstTokenMs: null,
        durationMs: null,
        fault: null,
        finishReason: null,
      };
      await db.in(generation.orgId).tx(async (tx) => {
        if (await store.endGeneration(tx, generation, node, outcome)) await need().ended(tx, generation, outcome);
      });
      need().settled(generation, outcome);
    }
  };

  const every = (ms: number, what: string, work: () => Promise<unknown>) => {
    let busy = false;
    timers.push(
      setInterval(() => {
        if (busy) return;
        busy = true;
        work()
          .catch((error: Error) => log.debug({ err: error.message }, `${what} failed; the next one follows`))
          .finally(() => (busy = false));
      }, ms),
    );
  };

  wake.on((topic) => {
    if (topic.startsWith('stop/')) running.get(topic.slice(5))?.controller.abort(new Stopped('stopped'));
    const run = topic.startsWith('hold/') ? running.get(topic.slice(5)) : undefined;
    if (run) void hold(run);
  });

  return {
    handle(next: GenerationHandler) {
      handler = next;
    },

    /** Writes the row in the caller's transaction; production starts after its commit. Throws `shutting-down`. */
    async begin(tx: Tx, generation: GenerationStart): Promise<Generation> {
      if (stopping) throw new AppError('shutting-down');
      const row = await store.insertGeneration(tx, generation, node);
      tx.afterCommit(() => start(row));
      return row;
    },

    /** Asks for the end of a reply, wherever it runs. What has been made stays. */
    async stop(orgId: string, replyId: string): Promise<void> {
      const run = running.get(replyId);
      if (run && run.generation.orgId === orgId) {
        run.controller.abort(new Stopped('stopped'));
        await run.done;
      } else if (await store.requestStop(db.in(orgId), orgId, replyId)) wake.send(`stop/${replyId}`, 1);
    },

    /** Shows what follows of a running reply to the team alone, wherever it runs. Resolves when this is stored, if it runs here. */
    async hold(orgId: string, replyId: string): Promise<void> {
      const run = running.get(replyId);
      if (run && run.generation.orgId === orgId) await hold(run);
      else if (await store.requestHold(db.in(orgId), orgId, replyId)) wake.send(`hold/${replyId}`, 1);
    },

    /** What a running reply has so far, made here or elsewhere. */
    draftOf: async (orgId: string, replyId: string, within: Db = db.in(orgId)): Promise<string> =>
      running.get(replyId)?.stream.text ?? (await store.readTokens(within, orgId, replyId, 0)).text,

    /** What a reader who joins now must be given: each running reply's text so far. Follows replies of other servers. */
    async snapshot(orgId: string, roomId: string, audience: Audience): Promise<() => TextDelta[]> {
      await follower.follow(orgId, roomId);
      return () => streams.snapshot(roomId, audience);
    },

    /** Newest first. Inside a transaction, pass it: the row just written is seen, and no second connection is taken. */
    list: (orgId: string, sessionId: string, before: string | null, limit: number, within: Db = db.in(orgId)) =>
      store.listGenerations(within, orgId, sessionId, before, limit),

    exists: (orgId: string, sessionId: string, replyId: string) =>
      store.generationExists(db.in(orgId), orgId, sessionId, replyId),

    running: () => running.size,

    async start() {
      every(renewMs, 'renewing leases', renew);
      every(orphanMs, 'looking for orphaned replies', adopt);
      every(pruneMs, 'pruning the token log', () => store.pruneTokens(db.everywhere));
      follower.start();
      await adopt();
    },

    /** Lets running replies finish for a while, then marks the rest interrupted, so that nothing stays half-shown. */
    async stopAll(): Promise<void> {
      stopping = true;
      const all = Promise.all([...running.values()].map((r) => r.done));
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([all, new Promise((resolve) => (timer = setTimeout(resolve, checkpointMs)))]);
      clearTimeout(timer);
      for (const run of running.values()) run.controller.abort(new Stopped('interrupted'));
      await Promise.all([...running.values()].map((r) => r.done));
      timers.forEach(clearInterval);
      clearTimeout(commitTimer);
      follower.stop();
      streams.stop();
    },
  };
}
