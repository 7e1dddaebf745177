import type { Transporter } from 'nodemailer';
import type { Database } from '../db/db.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { Logger } from '../logger.ts';
import type { Letter } from './letter.ts';
import { createOutbox } from './outbox.ts';

export interface KeptLetter extends Letter {
  id: string;
  at: string;
}

export interface Mail {
  /** Whether letters leave this machine. */
  readonly leaves: boolean;
  /**
   * Resolves when the letter is kept: it is sent as soon as the mail server takes it. Throws `rate-limited` where the
   * address had enough letters within the hour.
   */
  send(letter: Letter): Promise<void>;
  /** As `send`, without being waited for, so that the time does not tell whether there was anything to send. */
  post(letter: Letter): void;
  /** What would have been sent, newest first; empty where letters leave. */
  kept(): KeptLetter[];
  start(): void;
  close(): Promise<void>;
}

interface Parts {
  db: Database;
  keyring: Pick<Keyring, 'serverSecret'>;
  config: { smtpUrl: string | null; mailFrom: string };
  log: Logger;
}

const times = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
/** A time as a letter says it: nobody knows where it is read. */
export const timeInLetter = (at: string): string => `${times.format(new Date(at))} (UTC)`;

const mostKept = 100;
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** An open line is used to this machine only, or where the operator's address says so. */
export function transportOptions(smtpUrl: string): object {
  const url = new URL(smtpUrl);
  const open = loopback.test(url.hostname) || url.searchParams.get('requireTLS') === 'false';
  return {
    url: smtpUrl,
    pool: true,
    maxConnections: 2,
    requireTLS: !open,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  };
}

/** E-mail over SMTP; without a mail server a mailbox in memory, for trying things out on one machine. */
export function createMail({ db, keyring, config, log }: Parts): Mail {
  const { smtpUrl, mailFrom } = config;
  return smtpUrl === null ? createMailbox() : createPost({ db, keyring, smtpUrl, mailFrom, log });
}

function createMailbox(): Mail {
  const letters: KeptLetter[] = [];
  const post = (letter: Letter): void => {
    letters.unshift({ ...letter, id: newId(), at: new Date().toISOString() });
    letters.length = Math.min(letters.length, mostKept);
  };
  return {
    leaves: false,
    send: async (letter) => post(letter),
    post,
    kept: () => [...letters],
    start() {},
    async close() {},
  };
}

function createPost({
  smtpUrl,
  mailFrom,
  ...parts
}: Omit<Parts, 'config'> & { smtpUrl: string; mailFrom: string }): Mail {
  const { log } = parts;
  let transport: Promise<Transporter> | undefined;
  const writing = new Set<Promise<void>>();

  const deliver = async ({ to, subject, text }: Letter): Promise<void> => {
    // Loaded with the first letter: most starts send none.
    transport ??= import('nodemailer').then(({ createTransport }) => createTransport(transportOptions(smtpUrl)));
    await (await transport).sendMail({ from: mailFrom, to, subject, text });
  };
  const outbox = createOutbox({ ...parts, deliver });

  const send = async (letter: Letter): Promise<void> => {
    if (await outbox.put(letter)) return;
    throw new AppError('rate-limited', {
      detail: 'This address was sent many letters within the hour. Try again later.',
      retryAfterSeconds: 3600,
    });
  };

  return {
    leaves: true,
    send,
    post(letter) {
      const written = send(letter)
        .catch((error: Error) => log.warn({ err: error.message }, 'a letter was not kept'))
        .finally(() => writing.delete(written));
      writing.add(written);
    },
    kept: () => [],
    start: outbox.start,
    async close() {
      await Promise.all(writing);
      await outbox.stop();
      await transport?.then((open) => open.close());
    },
  };
}
