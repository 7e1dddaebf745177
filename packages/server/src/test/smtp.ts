import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Delivered {
  to: string[];
  /** The letter's text, decoded. */
  text: string;
}

/** A real mail server on this machine that keeps what it is given. */
export async function startSmtp(credentials?: { user: string; pass: string }, at = 0) {
  const delivered: Delivered[] = [];
  const waiting: (() => void)[] = [];
  const server = new SMTPServer({
    authOptional: !credentials,
    disabledCommands: credentials ? ['STARTTLS'] : ['STARTTLS', 'AUTH'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === credentials?.user && password === credentials?.pass
        ? done(null, { user: username })
        : done(new Error('not known')),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8');
        const body = raw.slice(raw.indexOf('\r\n\r\n') + 4);
        const quoted = /^content-transfer-encoding: quoted-printable/im.test(raw);
        const text = quoted
          ? body
              .replace(/=\r\n/g, '')
              .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
          : body;
        delivered.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          text: `${raw.slice(0, raw.indexOf('\r\n\r\n'))}\n\n${text}`,
        });
        for (const wake of waiting.splice(0)) wake();
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    url: `smtp://${credentials ? `${credentials.user}:${credentials.pass}@` : ''}127.0.0.1:${port}`,
    delivered,
    /** The letter after those that were `seen`. */
    async next(seen: number): Promise<Delivered> {
      while (delivered.length <= seen) await new Promise<void>((resolve) => waiting.push(resolve));
      return delivered[seen] as Delivered;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
