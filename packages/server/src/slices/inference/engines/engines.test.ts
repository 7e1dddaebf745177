import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream, type Upstream } from '../../../test/upstream.ts';
import { createOutgoing } from '../../../platform/net/outgoing.ts';
import { createAnthropicEngine, toAnthropic } from './anthropic.ts';
import { EngineError, type Engine, type EngineFault, type EngineRequest, type PromptMessage } from './engine.ts';
import { createOllamaEngine, findOllama } from './ollama.ts';
import { createOpenAiEngine } from './openai.ts';
import { streamWithRetry, type RetryClock } from './retry.ts';
import { testProvider } from './testProvider.ts';

const outgoing = createOutgoing({ loopback: true, exceptions: [] });
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(async () => {
  await outgoing.close();
  await upstream.close();
});

const kinds = ['openai', 'anthropic'] as const;
type Kind = (typeof kinds)[number];

const engineOf = (kind: Kind, url = upstream.url): Engine =>
  kind === 'openai'
    ? createOpenAiEngine({ baseUrl: `${url}/v1/`, apiKey: 'sk-test', outgoing })
    : createAnthropicEngine({ baseUrl: url, apiKey: 'sk-test', outgoing });

const ask = (model: string, more: Partial<EngineRequest> = {}): EngineRequest => ({
  model,
  messages: [{ role: 'user', content: 'Hello there' }],
  signal: new AbortController().signal,
  timeouts: { firstTokenMs: 1000, betweenTokensMs: 600 },
  ...more,
});

async function run(engine: Engine, request: EngineRequest) {
  const texts: string[] = [];
  const outcome = await engine.stream(request, (text) => texts.push(text)).catch((error: unknown) => error);
  return { texts, text: texts.join(''), outcome };
}

/** The error with which a reply must fail. */
function failure(outcome: unknown): EngineError {
  expect(outcome).toBeInstanceOf(EngineError);
  return outcome as EngineError;
}

const begun = 'w0 w1 w2 w3 w4 ';

describe.each(kinds)('%s', (kind) => {
  test('gives the text piece by piece, then the end, the usage and the model', async () => {
    const { texts, outcome } = await run(engineOf(kind), ask('echo'));
    expect(texts).toEqual(['You ', 'said: ', 'Hello ', 'there']);
    const usage = { inputTokens: 50, outputTokens: 4, cachedTokens: 20 };
    expect(outcome).toEqual({ finishReason: 'stop', usage, model: 'echo-2026' });
  });

  test('keeps characters whole that arrive byte by byte', async () => {
    expect((await run(engineOf(kind), ask('fault-split-utf8'))).text).toBe('Grüße 🙂 an alle');
  });

  test('a model that thinks aloud is not late, and its thoughts are not shown', async () => {
    const tight = { firstTokenMs: 500, betweenTokensMs: 500 };
    const { text, outcome } = await run(engineOf(kind), ask('thinking@100', { timeouts: tight }));
    expect(text).toBe(begun);
    expect(outcome).toMatchObject({ finishReason: 'stop' });
  });

  test('a reply is whole at its end, though the connection stays open', async () => {
    const { text, outcome } = await run(engineOf(kind), ask('fault-open-end'));
    expect([text, outcome]).toEqual([begun, expect.objectContaining({ finishReason: 'stop' })]);
  });

  test.each<[string, EngineFault, string]>([
    ['fault-400', 'bad-request', ''],
    ['fault-400-context', 'context-too-long', ''],
    ['fault-401', 'unauthorized', ''],
    ['fault-404', 'not-found', ''],
    ['fault-429-long', 'rate-limited', ''],
    ['fault-500', 'unavailable', ''],
    ['fault-refuse', 'refused-connection', ''],
    ['fault-html', 'malformed', ''],
    ['fault-silent', 'timeout-first-token', ''],
    ['fault-slow-first', 'timeout-first-token', ''],
    ['fault-stall', 'stalled', begun],
    ['fault-keep-alive', 'stalled', begun],
    ['fault-cut', 'cut', begun],
    ['fault-cut-early', 'cut', ''],
    ['fault-cut-clean', 'cut', begun],
    ['fault-cut-half', 'cut', begun],
    ['fault-malformed', 'malformed', begun],
    ['fault-error', 'unavailable', begun],
  ])('%s is told as %s', async (model, fault, text) => {
    const { text: shown, outcome } = await run(engineOf(kind), ask(model));
    const error = failure(outcome);
    expect([error.fault, shown, error.shown]).toEqual([fault, text, text !== '']);
    if (error.shown) expect(error.retryable).toBe(false);
  });

  test('Retry-After is handed on', async () => {
    const { outcome } = await run(engineOf(kind), ask('fault-429-long'));
    expect(outcome).toMatchObject({ status: 429, retryAfterMs: 3_600_000, retryable: true });
  });

  test('stopping ends the call at the provider too', async () => {
    const controller = new AbortController();
    let texts = 0;
    const onText = () => ++texts === 5 && controller.abort();
    const reply = engineOf(kind).stream(ask('words-500@5', { signal: controller.signal }), onText);
    await expect(reply).rejects.toMatchObject({ fault: 'aborted', shown: true });
    await expect.poll(() => upstream.running).toBe(0);
    expect(texts).toBe(5);
  });

  test('what was stopped before it began is not sent', async () => {
    const before = upstream.requests.length;
    await expect(engineOf(kind).stream(ask('echo', { signal: AbortSignal.abort() }), () => {})).rejects.toMatchObject({
      fault: 'aborted',
    });
    expect(upstream.requests.length).toBe(before);
  });

  test('nobody at the address, no address, and a key that fits into no header', async () => {
    const to = async (engine: Engine) => failure((await run(engine, ask('echo'))).outcome).fault;
    expect(await to(engineOf(kind, 'http://127.0.0.1:9'))).toBe('refused-connection');
    expect(await to(engineOf(kind, 'nonsense'))).toBe('refused-connection');
    const create = kind === 'openai' ? createOpenAiEngine : createAnthropicEngine;
    expect(await to(create({ baseUrl: upstream.url, apiKey: 'sk-“quoted”', outgoing }))).toBe('unauthorized');
  });

  test('a reader that fails is not taken for the provider', async () => {
    const broken = () => {
      throw new TypeError('ours');
    };
    await expect(engineOf(kind).stream(ask('echo'), broken)).rejects.toThrow(TypeError);
  });

  test('300 replies at once, each its own', async () => {
    const request = (i: number) => ask('words-20@5', { messages: [{ role: 'user', content: `no ${i}` }] });
    const engine = engineOf(kind);
    const timeouts = { firstTokenMs: 10_000, betweenTokensMs: 10_000 };
    const all = await Promise.all(Array.from({ length: 300 }, (_, i) => run(engine, { ...request(i), timeouts })));
    const expected = Array.from({ length: 20 }, (_, i) => `w${i} `).join('');
    expect(new Set(all.map((one) => one.text))).toEqual(new Set([expected]));
  });
});

describe('requests', () => {
  const messages: PromptMessage[] = [
    { role: 'system', content: 'Persona', cache: true },
    { role: 'system', content: ' ' },
    { role: 'user', content: 'Hi', cache: true },
    { role: 'assistant', content: 'Hello', cache: true },
    { role: 'system', content: 'Guidance' },
    { role: 'user', content: 'And now?', cache: true },
    { role: 'user', content: 'Well?', cache: true },
  ];

  test('to OpenAI: the messages as they are, the usage asked for', async () => {
    await run(engineOf('openai'), ask('echo', { messages, maxTokens: 9, temperature: 0.5, stop: ['END'] }));
    const { body, headers, path } = upstream.requests.at(-1)!;
    expect([path, headers.authorization]).toEqual(['/v1/chat/completions', 'Bearer sk-test']);
    expect(body).toEqual({
      model: 'echo',
      messages: messages.map(({ role, content }) => ({ role, content })),
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 9,
      temperature: 0.5,
      stop: ['END'],
    });
  });

  test('to Anthropic: the system apart, turns that alternate, at most four cache marks, no empty block', async () => {
    await run(engineOf('anthropic'), ask('echo', { messages, temperature: 1.5, stop: ['END'] }));
    const { body, headers } = upstream.requests.at(-1)!;
    expect([headers['x-api-key'], headers['anthropic-version']]).toEqual(['sk-test', '2023-06-01']);
    const cache_control = { type: 'ephemeral' };
    const text = (value: string, cached = true) => ({
      type: 'text',
      text: value,
      ...(cached ? { cache_control } : {}),
    });
    expect(body).toEqual({
      model: 'echo',
      system: [text('Persona', false)],
      messages: [
        { role: 'user', content: [text('Hi')] },
        { role: 'assistant', content: [text('Hello')] },
        { role: 'user', content: [text('Guidance', false), text('And now?'), text('Well?')] },
      ],
      stream: true,
      max_tokens: 1024,
      temperature: 1,
      stop_sequences: ['END'],
    });
  });

  test('to Anthropic: a conversation that the persona opens begins with a user all the same', () => {
    const { messages: turns } = toAnthropic([{ role: 'assistant', content: 'Welcome' }]);
    expect(turns.map((turn) => turn.role)).toEqual(['user', 'assistant']);
  });
});

describe('another try', () => {
  /** A clock on which waiting takes no time. */
  function testClock() {
    const waits: number[] = [];
    let now = 0;
    const clock: RetryClock = {
      now: () => now,
      sleep: async (ms) => {
        waits.push(ms);
        now += ms;
      },
    };
    return { clock, waits };
  }
  const attempts = (model: string) => upstream.requests.filter((request) => request.body.model === model).length;
  const tryOn = async (model: string, budgetMs = 30_000, signal?: AbortSignal) => {
    const { clock, waits } = testClock();
    const before = attempts(model);
    let text = '';
    const request = ask(model, signal ? { signal } : {});
    const outcome = await streamWithRetry(engineOf('openai'), request, (more) => (text += more), {
      budgetMs,
      maxAttempts: 3,
      clock,
    }).catch((error: unknown) => error);
    return { outcome, text, waits, tries: attempts(model) - before };
  };
  const whole = Array.from({ length: 20 }, (_, i) => `w${i} `).join('');

  test('after Retry-After, no sooner', async () => {
    const { text, waits, tries } = await tryOn('fault-429');
    expect([text, tries, waits.length]).toEqual([whole, 2, 1]);
    expect(waits[0]).toBeGreaterThanOrEqual(1000);
  });

  test('not at all when Retry-After is beyond the budget', async () => {
    const { outcome, waits, tries } = await tryOn('fault-429-long');
    expect([failure(outcome).fault, tries, waits]).toEqual(['rate-limited', 1, []]);
  });

  test('after an error that passes', async () => {
    expect(await tryOn('fault-500-once')).toMatchObject({ text: whole, tries: 2 });
  });

  test.each(['fault-500', 'fault-refuse', 'fault-silent', 'fault-cut-early'])(
    '%s: up to the limit, ever later',
    async (model) => {
      const { outcome, waits, tries } = await tryOn(model);
      expect([failure(outcome).retryable, tries, waits.length]).toEqual([true, 3, 2]);
      expect(waits[0]).toBeLessThan(waits[1]!);
    },
  );

  test.each(['fault-stall', 'fault-cut', 'fault-cut-clean', 'fault-malformed', 'fault-error'])(
    '%s: never once text was shown',
    async (model) => {
      const { outcome, text, tries } = await tryOn(model);
      expect([failure(outcome).shown, text, tries]).toEqual([true, begun, 1]);
    },
  );

  test.each(['fault-401', 'fault-404', 'fault-400'])('%s: never, it would not pass', async (model) => {
    expect((await tryOn(model)).tries).toBe(1);
  });

  /** On the real clock: by default each try may wait longer for its first token than the budget lasts. */
  const tryLate = async (engine: Engine, model: string, firstTokenMs = 5000) => {
    const before = attempts(model);
    let text = '';
    const request = ask(model, { timeouts: { firstTokenMs, betweenTokensMs: 600 } });
    // A fifth of it is left for the pause before the second try, on a machine that is busy with other tests, too.
    const budget = { budgetMs: 4000, maxAttempts: 4 };
    const outcome = await streamWithRetry(engine, request, (more) => (text += more), budget).catch((e: unknown) => e);
    return { outcome, text, tries: attempts(model) - before };
  };

  test('a first token that is late is asked for once more, and then waited for', async () => {
    expect(await tryLate(engineOf('openai'), 'fault-slow-first@3600')).toMatchObject({ text: begun, tries: 2 });
  });

  test('one that never comes fails after the second try', async () => {
    const { outcome, tries } = await tryLate(engineOf('openai'), 'fault-silent@0', 3600);
    expect([failure(outcome).fault, tries]).toEqual(['timeout-first-token', 2]);
  });

  test('one that is late because a model is being loaded is waited for', async () => {
    const ollama = createOllamaEngine({ baseUrl: upstream.url, outgoing });
    expect(await tryLate(ollama, 'fault-slow-first@3601')).toMatchObject({ text: begun, tries: 1 });
  });

  test('waiting ends at once when the reply is stopped', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const request = ask('fault-429', { signal: controller.signal, messages: [{ role: 'user', content: 'stop me' }] });
    const began = performance.now();
    const reply = streamWithRetry(engineOf('openai'), request, () => {}, { budgetMs: 30_000, maxAttempts: 3 });
    await expect(reply).rejects.toMatchObject({ fault: 'aborted' });
    expect(performance.now() - began).toBeLessThan(800);
  });
});

describe('trying a provider', () => {
  const rest = { kind: 'openai' as const, apiKey: 'k', outgoing, ggufLibrary: () => null };
  const settings = (model: string) => ({ ...rest, baseUrl: `${upstream.url}/v1`, model });

  test('one small call, and how long it took', async () => {
    const before = upstream.requests.length;
    expect(await testProvider(settings('echo'))).toMatchObject({ ok: true, fault: null, message: null });
    expect(upstream.requests.length).toBe(before + 1);
    expect(upstream.requests.at(-1)?.body['max_tokens']).toBeLessThanOrEqual(16);
  });

  test.each(['fault-401', 'fault-404', 'fault-html', 'fault-cut-clean'])(
    '%s: a code, and what to do',
    async (model) => {
      const { ok, fault, message } = await testProvider(settings(model));
      expect(ok).toBe(false);
      expect(fault).toMatch(/^[a-z-]+$/);
      expect(message).toMatch(/\. |\.$/);
    },
  );
});

describe('an Ollama on this machine', () => {
  let silent: Server | undefined;
  afterEach(() => silent?.close());

  test('is found with its models', async () => {
    expect(await findOllama(outgoing, upstream.url)).toContain('echo');
  });

  test('nobody, and somebody who does not answer, are none after 0.3 s', async () => {
    expect(await findOllama(outgoing, 'http://127.0.0.1:9')).toBeNull();
    silent = createServer(() => {});
    await new Promise<void>((done) => silent?.listen(0, '127.0.0.1', done));
    const began = performance.now();
    expect(await findOllama(outgoing, `http://127.0.0.1:${(silent.address() as AddressInfo).port}`)).toBeNull();
    expect(performance.now() - began).toBeLessThan(1000);
    silent.closeAllConnections();
  });
});
