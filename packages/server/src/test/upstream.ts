import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the upstream was sent: for assertions on prompts, keys and headers. */
export interface RecordedRequest {
  path: string;
  headers: IncomingMessage['headers'];
  body: { model?: string; messages?: { role: string; content: unknown }[]; [field: string]: unknown };
}

export interface Upstream {
  /** Without /v1. */
  url: string;
  requests: RecordedRequest[];
  close(): Promise<void>;
}

type Write = (text: string) => void;

const openAiChunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

const openAiEnd = (tokens: number) =>
  `${openAiChunk({}, 'stop')}data: ${JSON.stringify({
    choices: [],
    usage: { prompt_tokens: 50, completion_tokens: tokens, prompt_tokens_details: { cached_tokens: 20 } },
  })}\n\ndata: [DONE]\n\n`;

const anthropicEvent = (data: { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** How a provider words its stream. */
interface Dialect {
  begin: string;
  text(text: string): string;
  end(tokens: number): string;
}

const openAi: Dialect = {
  begin: openAiChunk({ role: 'assistant', content: '' }),
  text: (text) => openAiChunk({ content: text }),
  end: openAiEnd,
};

const anthropic: Dialect = {
  begin: anthropicEvent({ type: 'message_start', message: { usage: { input_tokens: 30, cache_read_input_tokens: 20 } } } as { type: string }),
  text: (text) => anthropicEvent({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } } as { type: string }),
  end: (tokens) =>
    anthropicEvent({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: tokens } } as { type: string }) +
    anthropicEvent({ type: 'message_stop' }),
};

const words = (count: number): string[] => Array.from({ length: count }, (_, i) => `w${i} `);

function lastText(body: RecordedRequest['body']): string {
  const content = body.messages?.findLast((m) => m.role === 'user')?.content;
  return typeof content === 'string' ? content : JSON.stringify(content ?? '');
}

/** The texts a model of this name says, and the pause between them in milliseconds. */
function script(model: string, body: RecordedRequest['body']): { texts: string[]; every: number } {
  const match = /words-(\d+)(?:@(\d+))?/.exec(model);
  if (match) return { texts: words(Number(match[1])), every: Number(match[2] ?? 0) };
  if (model === 'recite') return { texts: lastText(body).replace(/^Recite: /, '').split(/(?<= )/), every: 15 };
  return { texts: `You said: ${lastText(body)}`.split(/(?<= )/), every: 0 };
}

function refuse(response: ServerResponse, status: number, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message: `played fault ${status}` } }));
}

/**
 * A real local server that plays OpenAI-compatible providers and Anthropic, chosen by path, and their faults, chosen by
 * the model's name: `words-200`, `words-200@20` (milliseconds between tokens), `echo`, `recite`, `fault-…`.
 */
export async function startUpstream(port = 0): Promise<Upstream> {
  const requests: RecordedRequest[] = [];
  const tries = new Map<string, number>();

  const answer = async (request: RecordedRequest, response: ServerResponse) => {
    const model = String(request.body.model ?? 'echo');
    const prompt = JSON.stringify(request.body.messages);
    const attempt = (tries.get(model + prompt) ?? 0) + 1;
    tries.set(model + prompt, attempt);
    const early: Record<string, () => void> = {
      'fault-401': () => refuse(response, 401),
      'fault-404': () => refuse(response, 404),
      'fault-429': () => refuse(response, 429, { 'retry-after': '1' }),
      'fault-429-long': () => refuse(response, 429, { 'retry-after': '3600' }),
      'fault-500': () => refuse(response, 500),
      'fault-500-once': () => refuse(response, 500),
      'fault-refuse': () => response.destroy(),
    };
    const once = (model === 'fault-429' || model === 'fault-500-once') && attempt > 1;
    const fault = early[model];
    if (fault && !once) return fault();
    const dialect = request.path.endsWith('/messages') ? anthropic : openAi;
    if (model === 'fault-slow-first') await pause(3000);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(dialect.begin);
    if (model.startsWith('fault-') && !fault) return playFault(model, dialect, response);
    const { texts, every } = script(fault ? 'words-20' : model, request.body);
    if (every === 0) return void response.end(texts.map(dialect.text).join('') + dialect.end(texts.length));
    for (const text of texts) {
      if (response.destroyed) return;
      response.write(dialect.text(text));
      await pause(every);
    }
    response.end(dialect.end(texts.length));
  };

  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      if (request.method === 'GET') return response.end(JSON.stringify({ data: [{ id: 'echo' }], models: [{ name: 'echo' }] }));
      const recorded = { path: request.url ?? '', headers: request.headers, body: JSON.parse(text || '{}') };
      requests.push(recorded);
      answer(recorded, response).catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function playFault(model: string, dialect: Dialect, response: ServerResponse): Promise<void> {
  const say: Write = (text) => response.write(dialect.text(text));
  switch (model) {
    case 'fault-stall':
      words(5).forEach(say);
      return;
    case 'fault-cut':
      words(5).forEach(say);
      await pause(30);
      response.destroy();
      return;
    case 'fault-cut-clean':
      words(5).forEach(say);
      response.end();
      return;
    case 'fault-malformed':
      words(5).forEach(say);
      response.end('data: {"choices":[{"delta":\n\n');
      return;
    case 'fault-split-utf8':
      for (const byte of Buffer.from(dialect.text('Grüße 🙂 an alle') + dialect.end(3))) {
        response.write(Buffer.from([byte]));
        await pause(0);
      }
      response.end();
      return;
    default:
      response.end(words(5).map(dialect.text).join('') + dialect.end(5));
  }
}

// As a process of its own: node packages/server/src/test/upstream.ts --port 4400
if (process.argv[1] === import.meta.filename) {
  const at = process.argv.indexOf('--port');
  console.log((await startUpstream(at === -1 ? 4400 : Number(process.argv[at + 1]))).url);
}
