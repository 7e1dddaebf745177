import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openAi } from '../dialects.ts';

interface Received {
  headers: IncomingHttpHeaders;
  /** The body, byte for byte. */
  raw: string;
  body: { messages: { role: string; content: string }[]; [field: string]: unknown };
}

type Act = (response: ServerResponse, received: Received) => void;

export interface Compromised {
  url: string;
  received: Received[];
  /** Connections whose answer is not at its end. */
  readonly open: number;
  /** Replies with these texts, from now on. */
  says(...texts: string[]): void;
  plays(act: Act): void;
  close(): Promise<void>;
}

const saying =
  (texts: string[]): Act =>
  (response) =>
    void response.end(texts.map(openAi.text).join('') + openAi.end(texts.length));

/** An OpenAI-compatible provider in the hands of somebody who means harm: it says what a test lets it say. */
export async function startCompromised(): Promise<Compromised> {
  const received: Received[] = [];
  let act: Act = saying(['OK']);
  let open = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const raw = Buffer.concat(parts).toString();
      const one = { headers: request.headers, raw, body: JSON.parse(raw) as Received['body'] };
      received.push(one);
      open += 1;
      response.on('close', () => (open -= 1));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      act(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    get open() {
      return open;
    },
    says: (...texts) => (act = saying(texts)),
    plays: (next) => (act = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
