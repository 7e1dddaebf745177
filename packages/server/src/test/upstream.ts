import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropic, openAi, type Dialect } from './dialects.ts';
import { answerEmbedding } from './embeddings.ts';
import { answerReranking } from './reranking.ts';
import { createWheel, type Wheel } from './wheel.ts';

/** What the upstream was sent: for assertions on prompts, keys and headers. */
export interface RecordedRequest {
  path: string;
  headers: IncomingMessage['headers'];
  body: { model?: string; messages?: { role: string; content: unknown }[]; [field: string]: unknown };
}

export interface Upstream {
  /** Without /v1. */
  url: string;
  /** The last thousand. */
  requests: RecordedRequest[];
  /** Replies being sent now: 0 soon after the last reader has gone. */
  readonly running: number;
  close(): Promise<void>;
}

const remembered = 1000;

const words = (count: number): string[] => Array.from({ length: count }, (_, i) => `w${i} `);

function lastText(body: RecordedRequest['body']): string {
  const content = body.messages?.findLast((m) => m.role === 'user')?.content;
  if (typeof content === 'string') return content;
  if (Array.isArray(body['input'])) return body['input'].join('\n');
  if (typeof body['query'] === 'string') return body['query'];
  const parts = Array.isArray(content) ? (content as { text?: string }[]) : [];
  return parts.map((part) => part.text ?? '').join('\n');
}

/** What is played: `[play NAME]` in the last message of the user goes before the model's name. `NAME@20` carries a number. */
function actOf(body: RecordedRequest['body']): { act: string; number: number | null } {
  const model = String(body.model ?? 'echo');
  const name = /\[play ([\w@-]+)\]/.exec(lastText(body))?.[1] ?? model;
  const [act = 'echo', number] = name.split('@');
  const given = Number(number);
  return { act, number: Number.isFinite(given) ? given : null };
}

/** As a model answers that is asked about a conversation: with words of the client's first line. */
function pointsOf(body: RecordedRequest['body']): string | null {
  const quote = /^Client: (.+)$/m.exec(lastText(body))?.[1];
  const system = String(body.messages?.[0]?.content ?? '');
  if (!quote || !system.includes('{"points":')) return null;
  return JSON.stringify({ points: [{ text: 'Says what the quote says.', tone: 'worried', quote }] });
}

/** The texts an act says, and the pause between them in milliseconds. */
function script(act: string, number: number | null, body: RecordedRequest['body']): { texts: string[]; every: number } {
  const points = pointsOf(body);
  if (points) return { texts: [points], every: 0 };
  const count = /^words-(\d+)$/.exec(act)?.[1];
  if (count) return { texts: words(Number(count)), every: number ?? 0 };
  // What must not get out: it stands in the reply alone.
  if (act === 'canary') return { texts: Array.from({ length: 30 }, () => 'KANARIENVOGEL '), every: number ?? 20 };
  // As a model says it that is asked for a second opinion.
  const verdict = /^verdict-(\w+)$/.exec(act)?.[1];
  if (verdict) return { texts: [`{"level":"${verdict}","category":"abuse"}`], every: 0 };
  // As a model proposes what to remember: one with a quote that stands in the first line, one with a quote that does not.
  if (act === 'remember') {
    const memory = (statement: string, quote: string) => ({ statement, line: 1, quote });
    // Of a thread, where the prompt tells of one.
    const about = JSON.stringify(body.messages).includes('line of work') ? { about: 'thread' } : {};
    const memories = [
      { ...memory('Keeps bees.', 'three hives'), ...about },
      memory('Is a pilot.', 'I fly for a living'),
    ];
    return { texts: [JSON.stringify({ memories })], every: 0 };
  }
  // As a model says a follow-up question in full; to everything else it is an echo.
  if (act === 'follow' && lastText(body).startsWith('<conversation>'))
    return { texts: ['"When is the clinic open on Saturday?"\n'], every: 0 };
  if (act === 'recite')
    return {
      texts: lastText(body)
        .replace(/^Recite: /, '')
        .split(/(?<= )/),
      every: number ?? 15,
    };
  return { texts: `You said: ${lastText(body)}`.split(/(?<= )/), every: number ?? 0 };
}

interface Stage {
  response: ServerResponse;
  dialect: Dialect;
  model: string;
  wheel: Wheel;
}

function refuse({ response }: Stage, status: number, message = 'played fault', headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message } }));
}

const later = (stage: Stage, ms: number, work: () => void) =>
  stage.wheel.after(ms, () => {
    if (!stage.response.destroyed) work();
  });

/** Writes pieces at a pace that does not drift, then goes on with `then`. */
function paced(stage: Stage, pieces: (string | Buffer)[], every: number, then: () => void) {
  const began = performance.now();
  const next = (at: number) => {
    const piece = pieces[at];
    if (piece === undefined) return then();
    stage.response.write(piece);
    later(stage, began + (at + 1) * every - performance.now(), () => next(at + 1));
  };
  next(0);
}

/** One write for all where there is no pace, so that a reader is measured and not this server. */
function say(stage: Stage, texts: string[], every: number) {
  const { response, dialect } = stage;
  const end = dialect.end(texts.length);
  if (every === 0) return void response.end(texts.map(dialect.text).join('') + end);
  paced(stage, texts.map(dialect.text), every, () => response.end(end));
}

type Act = (stage: Stage, number: number | null) => void;

/** Faults in place of an answer. */
const refusals: Record<string, Act> = {
  'fault-400': (stage) => refuse(stage, 400),
  'fault-400-context': (stage) => refuse(stage, 400, "This model's maximum context length is 8192 tokens."),
  'fault-401': (stage) => refuse(stage, 401),
  'fault-404': (stage) => refuse(stage, 404),
  'fault-429': (stage) => refuse(stage, 429, 'played fault', { 'retry-after': '1' }),
  'fault-429-long': (stage) => refuse(stage, 429, 'played fault', { 'retry-after': '3600' }),
  'fault-500': (stage) => refuse(stage, 500),
  'fault-500-once': (stage) => refuse(stage, 500),
  'fault-refuse': ({ response }) => response.destroy(),
  'fault-html': ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>Another server</title>');
  },
};
const passing = new Set(['fault-429', 'fault-500-once']);

const begun = ({ dialect }: Stage) => words(5).map(dialect.text).join('');

/** Faults in the middle of an answer. */
const breaks: Record<string, Act> = {
  'fault-stall': (stage) => stage.response.write(begun(stage)),
  'fault-keep-alive': (stage) => {
    stage.response.write(begun(stage));
    const pings = Array.from({ length: 1000 }, () => ': keep-alive\n\n');
    paced(stage, pings, 20, () => stage.response.destroy());
  },
  'fault-silent': () => {},
  'fault-cut': (stage) => {
    stage.response.write(begun(stage));
    later(stage, 30, () => stage.response.destroy());
  },
  'fault-cut-early': (stage) => later(stage, 30, () => stage.response.destroy()),
  'fault-cut-clean': (stage) => stage.response.end(begun(stage)),
  'fault-cut-half': (stage) => stage.response.end(`${begun(stage)}data: {"choices":[{"del`),
  'fault-malformed': (stage) => stage.response.end(`${begun(stage)}data: {"choices":[{"delta":\n\n`),
  'fault-error': (stage) => stage.response.end(begun(stage) + stage.dialect.error),
  'fault-open-end': (stage) => stage.response.write(begun(stage) + stage.dialect.end(5)),
  'fault-slow-first': (stage, number) => later(stage, number ?? 3000, () => say(stage, words(5), 0)),
  'fault-split-utf8': (stage) => {
    const bytes = Buffer.from(stage.dialect.text('Grüße 🙂 an alle') + stage.dialect.end(3));
    paced(
      stage,
      [...bytes].map((byte) => Buffer.from([byte])),
      0,
      () => stage.response.end(),
    );
  },
  thinking: (stage, number) => {
    const thoughts = Array.from({ length: 10 }, () => stage.dialect.thought('hm '));
    paced(stage, thoughts, number ?? 20, () => say(stage, words(5), 0));
  },
};

const isEmbedding = (path: string): boolean => path.endsWith('/embeddings') || path.endsWith('/api/embed');

function answer(stage: Stage, request: RecordedRequest, failed: Set<string>) {
  const { act, number } = actOf(request.body);
  const key = act + JSON.stringify(request.body.messages);
  const refusal = refusals[act];
  if (refusal && !failed.delete(key)) {
    if (passing.has(act)) failed.add(key);
    return refusal(stage, number);
  }
  if (isEmbedding(request.path)) {
    // One that hangs is asked for by name; what else may befall an answer is a fault of its content.
    if (act !== 'fault-silent') answerEmbedding(stage.response, request.path, request.body);
    return undefined;
  }
  if (request.path.endsWith('/rerank')) {
    if (act !== 'fault-silent') answerReranking(stage.response, request.body);
    return undefined;
  }
  stage.response.writeHead(200, { 'content-type': 'text/event-stream' });
  stage.response.write(stage.dialect.begin(stage.model));
  if (breaks[act]) return breaks[act](stage, number);
  const { texts, every } = script(refusal ? 'words-20' : act, number, request.body);
  say(stage, texts, every);
}

const models = [
  'echo',
  'recite',
  'words-200',
  'words-200@20',
  'thinking',
  ...Object.keys(refusals),
  ...Object.keys(breaks),
];
const modelLists = JSON.stringify({
  object: 'list',
  data: models.map((id) => ({ id, object: 'model' })),
  models: models.map((name) => ({ name })),
});

/**
 * A real local server that plays OpenAI-compatible providers (`/v1/chat/completions`, `/v1/embeddings`, `/v1/rerank`, `/v1/models`), Ollama's list and
 * Anthropic (`/v1/messages`), and their faults. What it plays is chosen by the model's name or by `[play NAME]` in the
 * last message: `words-200`, `words-200@20` (milliseconds between tokens), `echo`, `recite`, `thinking`, `fault-…`.
 */
export async function startUpstream(port = 0): Promise<Upstream> {
  const requests: RecordedRequest[] = [];
  const failed = new Set<string>();
  const wheel = createWheel();
  let running = 0;

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const path = request.url ?? '';
      response.setHeader('content-type', 'application/json');
      if (request.method === 'GET') return response.end(modelLists);
      const body = JSON.parse(Buffer.concat(parts).toString() || '{}') as RecordedRequest['body'];
      const recorded = { path, headers: request.headers, body };
      if (requests.push(recorded) > remembered) requests.shift();
      running += 1;
      response.on('close', () => (running -= 1));
      const dialect = path.endsWith('/messages') ? anthropic : openAi;
      answer({ response, dialect, model: String(body.model ?? 'echo'), wheel }, recorded, failed);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get running() {
      return running;
    },
    close: () =>
      new Promise((resolve) => {
        wheel.stop();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

// As a process of its own: node packages/server/src/test/upstream.ts --port 4400
if (process.argv[1] === import.meta.filename) {
  const at = process.argv.indexOf('--port');
  console.log((await startUpstream(at === -1 ? 4400 : Number(process.argv[at + 1]))).url);
}
