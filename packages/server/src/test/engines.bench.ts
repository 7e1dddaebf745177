/** What a token costs the drivers: node packages/server/src/test/engines.bench.ts */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createAnthropicEngine } from '../slices/inference/engines/anthropic.ts';
import type { Engine } from '../slices/inference/engines/engine.ts';
import { createOutgoing } from '../platform/net/outgoing.ts';
import { createOpenAiEngine, onlyText } from '../slices/inference/engines/openai.ts';
import { createSseParser } from '../slices/inference/engines/sse.ts';
import { createTemplate } from '../slices/inference/engines/template.ts';

const outgoing = createOutgoing({ loopback: true, exceptions: [] });
const signal = new AbortController().signal;
const microseconds = (ms: number, tokens: number) => `${((ms * 1000) / tokens).toFixed(2)} µs per token`;

/** As OpenAI sends it. */
const payload = (content: string) =>
  JSON.stringify({
    id: 'chatcmpl-C0nT3nT1D000000000000000000',
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model: 'gpt-4.1-mini-2025-04-14',
    service_tier: 'default',
    system_fingerprint: 'fp_0123456789',
    choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }],
    usage: null,
  });

type TextOf = (data: string) => string | null;

/** Bytes to text without a network, a packet a token, for a hundred replies at a time as a server has them. */
function parsing(name: string, way: () => TextOf): void {
  const packet = Buffer.from(`data: ${payload('word ')}\n\n`);
  const rounds = 2000;
  const times: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    let length = 0;
    const parsers = Array.from({ length: 100 }, () => {
      const textOf = way();
      return createSseParser((data) => (length += textOf(data)?.length ?? 0));
    });
    const began = performance.now();
    for (let i = 0; i < rounds; i += 1) for (const parser of parsers) parser.push(packet);
    times.push(performance.now() - began);
    if (length !== rounds * parsers.length * 5) throw new Error('a text was not found');
  }
  console.log(`parse, ${name}: ${microseconds(Math.min(...times), rounds * 100)}`);
}

const parsed: TextOf = (data) => onlyText(JSON.parse(data));

function byTemplate(): TextOf {
  const template = createTemplate(onlyText);
  template.learn(payload('learnt'), 'learnt');
  return template.textOf;
}

/** The processor's time of this process for whole replies of another process. */
async function calling(name: string, engine: Engine, model: string, replies: number) {
  const timeouts = { firstTokenMs: 60_000, betweenTokensMs: 60_000 };
  const messages = [{ role: 'user' as const, content: 'go' }];
  const before = process.cpuUsage();
  let tokens = 0;
  const one = () => engine.stream({ model, messages, signal, timeouts }, () => (tokens += 1));
  await Promise.all(Array.from({ length: replies }, one));
  const { user, system } = process.cpuUsage(before);
  console.log(`${name}, ${replies} × ${model}: ${microseconds((user + system) / 1000, tokens)} of CPU`);
}

parsing('by template', byTemplate);
parsing('JSON.parse', () => parsed);
const upstream = spawn(process.execPath, [fileURLToPath(new URL('./upstream.ts', import.meta.url)), '--port', '0']);
const [line] = (await once(upstream.stdout, 'data')) as [Buffer];
const url = line.toString().trim();
const engines: [string, Engine][] = [
  ['OpenAI', createOpenAiEngine({ baseUrl: `${url}/v1`, apiKey: null, outgoing })],
  ['Anthropic', createAnthropicEngine({ baseUrl: url, apiKey: null, outgoing })],
];
for (const [name, engine] of engines) {
  await calling(name, engine, 'words-200', 100);
  for (const model of ['words-200', 'words-200@20']) await calling(name, engine, model, 300);
}
await outgoing.close();
upstream.kill();
