import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { instant } from './stats.ts';

/**
 * An OpenAI-compatible upstream that writes the time of sending into each token, so that a reader knows how long it was
 * on its way. One timer paces all streams. The model's name says how much: `words-200@20` is 200 tokens, one every 20 ms.
 */
interface Paced {
  response: ServerResponse;
  left: number;
  every: number;
  dueAt: number;
}

const streams = new Set<Paced>();

const chunk = (content: string): string =>
  `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}]}\n\n`;
const end = (tokens: number): string =>
  `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n` +
  `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":${tokens},"total_tokens":${tokens + 10}}}\n\ndata: [DONE]\n\n`;

const token = (): string => chunk(`${instant().toFixed(2)} `);

function tick() {
  const now = performance.now();
  for (const stream of streams) {
    if (stream.dueAt > now) continue;
    stream.dueAt += stream.every;
    stream.left -= 1;
    stream.response.write(token());
    if (stream.left === 0) {
      streams.delete(stream);
      stream.response.end(end(1));
    }
  }
}

export function startUpstream(): Promise<{ url: string; close(): void }> {
  const timer = setInterval(tick, 2);
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const asked = JSON.parse(body || '{}') as { model?: string };
      const [, count = '20', pause = '0'] = /words-(\d+)(?:@(\d+))?/.exec(asked.model ?? '') ?? [];
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (pause === '0') response.end(Array.from({ length: Number(count) }, token).join('') + end(Number(count)));
      else
        streams.add({ response, left: Number(count), every: Number(pause), dueAt: performance.now() + Number(pause) });
      response.on('close', () => streams.forEach((s) => s.response === response && streams.delete(s)));
    });
  });
  return new Promise((resolve) =>
    server.listen(Number(process.env['UPSTREAM_PORT'] ?? 0), '127.0.0.1', () =>
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () => {
          clearInterval(timer);
          server.closeAllConnections();
          server.close();
        },
      }),
    ),
  );
}

// As a process of its own, so that its work is not measured as the reader's.
if (process.argv[1] === import.meta.filename) {
  const { url } = await startUpstream();
  process.send?.(url);
}
