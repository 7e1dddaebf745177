import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Database } from '../db/db.ts';
import { newId } from '../ids.ts';
import { openBytes, sealBytes } from '../keys/aead.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { Logger } from '../logger.ts';
import type { Letter } from './letter.ts';
import * as store from './outbox.store.ts';

/** To one address within an hour, from all servers of the database together. */
export const lettersPerHour = 12;
const lookEveryMs = 5000;
const atOnce = 10;
/** How long stopping waits for a mail server that does not answer. */
const patienceMs = 5000;
/** Longer than a mail server may take to answer. */
const leaseSeconds = 120;
/** Seconds until the next attempt; the last goes on until the letter is of no use any more. */
const waits = [5, 15, 45, 120, 300, 900];

/** Refused for good by the mail server, e.g. no such mailbox; what concerns the connection or our sign-in there is not. */
const isFinal = (error: Error & { code?: string; responseCode?: number }): boolean =>
  error.code === 'EENVELOPE' && (error.responseCode ?? 0) >= 500;

export interface OutboxParts {
  db: Database;
  keyring: Pick<Keyring, 'serverSecret'>;
  log: Logger;
  /** Rejects where the mail server did not take it. */
  deliver(letter: Letter): Promise<void>;
}

/**
 * Letters on their way, in the database: they outlive the process, wait while the mail server is away, and are sent by
 * whichever server claims them. One that a mail server took just before its server died is sent twice rather than never.
 */
export function createOutbox({ db, keyring, log, deliver }: OutboxParts) {
  let secret: Promise<KeyObject> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let again = false;
  let stopped = false;

  const key = () => (secret ??= keyring.serverSecret(db.everywhere, 'letters').then(createSecretKey));

  const attempt = async ({ id, sealed, attempts }: store.DueLetter): Promise<void> => {
    const letter = JSON.parse(openBytes(await key(), id, sealed).toString()) as Letter;
    try {
      await deliver(letter);
      await store.clearLetter(db.everywhere, id);
    } catch (error) {
      const fault = error as Error;
      if (isFinal(fault)) {
        // Neither the address nor the text enters the log.
        log.error({ err: fault.message, letter: id }, 'a letter was refused and is given up');
        return void (await store.clearLetter(db.everywhere, id));
      }
      const wait = (waits[attempts - 1] ?? waits.at(-1) ?? 900) * (0.8 + Math.random() * 0.4);
      log.warn({ err: fault.message, letter: id, attempts }, 'a letter could not be sent and waits');
      await store.deferLetter(db.everywhere, id, wait);
    }
  };

  const sendDue = async (): Promise<void> => {
    do {
      again = false;
      const due = await store.claimDue(db.everywhere, atOnce, leaseSeconds);
      await Promise.all(due.map(attempt));
      if (due.length === atOnce) again = true;
    } while (again);
  };

  const look = (): void => {
    again = true;
    if (sending || stopped) return;
    sending = sendDue()
      .catch((error: Error) => log.warn({ err: error.message }, 'letters wait until the database answers'))
      .finally(() => (sending = undefined));
  };

  return {
    /** Keeps the letter until it is sent or of no use any more. False: the address had enough letters within the hour. */
    async put(letter: Letter): Promise<boolean> {
      const id = newId();
      const sealKey = await key();
      const recipient = createHmac('sha256', sealKey).update(letter.to.toLowerCase()).digest();
      const sealed = sealBytes(sealKey, id, Buffer.from(JSON.stringify(letter)));
      const minutes = letter.goodForMinutes ?? 1440;
      const kept = await store.insertLetter(db.everywhere, { id, recipient, sealed, minutes }, lettersPerHour);
      if (kept) look();
      return kept;
    },

    start() {
      timer = setInterval(() => {
        look();
        store.sweepLetters(db.everywhere).catch(() => {});
      }, lookEveryMs).unref();
      look();
    },

    /** Resolves when what is due was sent, or after a few seconds; the rest is sent by others, or after the next start. */
    async stop(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      await Promise.race([sending, new Promise((resolve) => setTimeout(resolve, patienceMs).unref())]);
    },
  };
}
