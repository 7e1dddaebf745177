import type { Transporter } from 'nodemailer';
import { newId } from '../ids.ts';
import type { Logger } from '../logger.ts';

export interface Letter {
  to: string;
  subject: string;
  /** Plain text: nothing in it is loaded from anywhere, and nothing of it hides where a link leads. */
  text: string;
}

export interface KeptLetter extends Letter {
  id: string;
  at: string;
}

export interface Mail {
  /** Whether letters leave this machine. */
  readonly leaves: boolean;
  /** Resolves when the mail server took it over; rejects when it did not. */
  send(letter: Letter): Promise<void>;
  /** Sends without being waited for, so that the time does not tell whether there was anything to send. */
  post(letter: Letter): void;
  /** What would have been sent, newest first; empty where letters leave. */
  kept(): KeptLetter[];
  close(): void;
}

const mostKept = 100;

/** E-mail over SMTP; without a mail server a mailbox in memory, for trying things out on one machine. */
export function createMail(config: { smtpUrl: string | null; mailFrom: string }, log: Logger): Mail {
  const { smtpUrl, mailFrom } = config;
  const letters: KeptLetter[] = [];
  let transport: Promise<Transporter> | undefined;

  const deliver = async (letter: Letter): Promise<void> => {
    if (smtpUrl === null) {
      letters.unshift({ ...letter, id: newId(), at: new Date().toISOString() });
      letters.length = Math.min(letters.length, mostKept);
      return;
    }
    // Loaded with the first letter: most starts send none.
    transport ??= import('nodemailer').then(({ createTransport }) =>
      createTransport({ url: smtpUrl, pool: true, maxConnections: 2 } as Parameters<typeof createTransport>[0]),
    );
    await (await transport).sendMail({ ...letter, from: mailFrom });
  };

  return {
    leaves: smtpUrl !== null,
    send: deliver,
    post(letter) {
      // Neither the address nor the text enters the log.
      deliver(letter).catch((error: Error) => log.error({ err: error.message }, 'a letter could not be sent'));
    },
    kept: () => [...letters],
    close() {
      void transport?.then((open) => open.close());
    },
  };
}
