import type { Logger } from '../../../platform/logger.ts';
import type { Embedder } from '../../inference/embedding.ts';
import { Late, within } from './within.ts';

/**
 * What people are known for, each on another matter. How near a question is to these tells how near it is, in the space of a
 * model, to what it has nothing to do with: that differs from model to model, and from question to question.
 */
export const background = [
  'Has two older brothers who live abroad.',
  'I work night shifts in a warehouse.',
  'Her grandmother taught her to sew.',
  'Collects stamps from the nineteenth century.',
  'I am allergic to peanuts.',
  'Broke his left wrist while skating.',
  'Prefers the window seat on a train.',
  'My landlord wants to raise the rent.',
  'Sings in the choir of the village.',
  'Learned Italian at an evening school.',
  'I never eat breakfast before ten.',
  'Is saving money for a new bicycle.',
  'His daughter starts school in autumn.',
  'Watches football with friends on Saturdays.',
  'I grew up on a farm near the coast.',
  'Takes medicine for high blood pressure.',
  'Finds it hard to speak in front of others.',
  'Our neighbours complain about the noise.',
  'Wants to write a novel about sailors.',
  'The garden behind the house is full of roses.',
  'Passed the driving test at the third attempt.',
  'I have been afraid of heights since childhood.',
  'Volunteers at the library once a month.',
  'Her team at the office got a new manager.',
  'Paints landscapes in watercolour.',
  'We moved here from a big city last year.',
  'Sleeps badly when the moon is full.',
  'Votes in every local election.',
  'My computer is slow and needs repair.',
  'Goes swimming before work in summer.',
  'He misses his old dog very much.',
  'Plans a trip to the mountains with a tent.',
];

/** Nobody waits for it so long: what asks goes on without. */
const answerMs = 60_000;
const againMs = 60_000;

interface Held {
  asked: Promise<Float32Array[]>;
  vectors?: Float32Array[];
  failedAt?: number;
  /** Somebody waited in vain. */
  late: boolean;
}

/**
 * The vectors of the background in the space of an organisation's model, asked for once by a process. Waited for until it is late
 * once: a provider that hangs must not hold up each turn that comes until it fails, nor those of a minute later.
 */
export function createBackground({ log, waitMs }: { log: Logger; waitMs: number }) {
  const known = new Map<string, Held>();
  const ended = new AbortController();

  const ask = (embedder: Embedder, late: boolean): Held => {
    const asked = embedder.embed(background, { signal: ended.signal, timeoutMs: answerMs, tries: 1 });
    const held: Held = { asked, late };
    asked.then(
      (vectors) => (held.vectors = vectors),
      (error: Error) => {
        held.failedAt = Date.now();
        log.debug({ err: error.message }, 'nothing to compare a question with; words recall alone');
      },
    );
    return held;
  };

  return {
    /** Null where it is not there in time, or could not be made. */
    async of(orgId: string, embedder: Embedder): Promise<Float32Array[] | null> {
      const key = `${orgId}/${embedder.space}`;
      let held = known.get(key);
      if (!held || (held.failedAt && Date.now() - held.failedAt > againMs)) {
        held = ask(embedder, held?.late ?? false);
        known.set(key, held);
      }
      if (held.vectors || held.late) return held.vectors ?? null;
      try {
        return await within(held.asked, waitMs);
      } catch (error) {
        if (error instanceof Late) held.late = true;
        return null;
      }
    },
    stop: () => ended.abort(),
  };
}
