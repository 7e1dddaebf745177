import { reaches, riskLevels } from '@rapport/protocol/safety';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLogger } from '../../../platform/logger.ts';
import type { Engine } from '../../inference/engines/engine.ts';
import { freshSafety } from '../safety.service.ts';
import { assess } from './assess.ts';
import { createSecondOpinion } from './opinion.ts';
import { loadRules } from './rules.ts';

const rules = loadRules();
const harmless = 'Good morning to you';
const elevated = 'I am such a burden to everyone';
const high = 'I am going to kill myself tonight';
const choice = { providerId: null, model: null };

/** What comes of a message where the model does this. */
async function opinionOf(text: string, stream: Engine['stream'], { wanted = true, patienceMs = 1000 } = {}) {
  let asked = 0;
  const engine = {
    stream: (request, onText) => {
      asked += 1;
      return stream(request, onText);
    },
  } as Engine;
  const opinion = createSecondOpinion({
    log: createLogger('silent'),
    providers: { engineFor: async () => ({ engine, model: 'm', name: { id: 'm', label: 'M', model: 'm' } }) } as never,
    safety: { judge: (one) => assess(one, rules), of: async () => ({ ...freshSafety, secondOpinion: wanted }) },
    patienceMs,
  });
  const found = await opinion.about('org', text, choice, new AbortController().signal);
  return { level: found.level, asked };
}

const saying =
  (answer: string): Engine['stream'] =>
  async (_request, onText) => {
    for (const piece of answer.match(/[^]{1,7}/g) ?? []) onText(piece);
    return { finishReason: 'stop', model: 'm', usage: { inputTokens: null, outputTokens: null, cachedTokens: null } };
  };
/** It begins, and then nothing more comes. */
const stalling: Engine['stream'] = ({ signal }, onText) =>
  new Promise((_resolve, reject) => {
    onText('{"level":"high"');
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
const verdict = (level: string) => JSON.stringify({ level, category: 'abuse' });

test('safety 18: whatever a model answers, it is never less than what the rules found', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(harmless, elevated, high),
      fc.oneof(fc.string(), fc.json(), fc.constantFrom(...riskLevels).map(verdict)),
      async (text, answer) => {
        const { level } = await opinionOf(text, saying(answer));
        expect(reaches(level, assess(text, rules).level)).toBe(true);
      },
    ),
  ));

test('safety 18: it raises, and “none” or a lower level changes nothing', async () => {
  expect((await opinionOf(harmless, saying(verdict('high')))).level).toBe('high');
  expect((await opinionOf(harmless, saying(verdict('low')))).level).toBe('low');
  expect((await opinionOf(elevated, saying(verdict('none')))).level).toBe('elevated');
  expect((await opinionOf(elevated, saying(verdict('low')))).level).toBe('elevated');
});

test('safety 18: only the object asked for counts: no text around it, no other fields, no half of it', async () => {
  const { level, category } = { level: 'high', category: 'abuse' };
  for (const answer of [
    '',
    'high',
    `Sure: ${verdict('high')}`,
    `${verdict('high')} ${verdict('none')}`,
    verdict('high').slice(0, -1),
    JSON.stringify({ level }),
    JSON.stringify({ level, category, more: 1 }),
    JSON.stringify([{ level, category }]),
    JSON.stringify({ level: 'HIGH', category }),
    verdict('high').padEnd(5000, 'x'),
  ])
    expect((await opinionOf(harmless, saying(answer))).level, answer).toBe('none');
});

test('safety 18: one that stalls or fails is gone on without; the rules stand', async () => {
  expect((await opinionOf(harmless, stalling, { patienceMs: 10 })).level).toBe('none');
  expect((await opinionOf(elevated, stalling, { patienceMs: 10 })).level).toBe('elevated');
  const failing: Engine['stream'] = () => Promise.reject(new Error('gone'));
  expect((await opinionOf(elevated, failing)).level).toBe('elevated');
});

test('safety 18: it is not asked where nobody wants it, nor where the rules found the gravest already', async () => {
  expect(await opinionOf(harmless, saying(verdict('high')), { wanted: false })).toEqual({ level: 'none', asked: 0 });
  expect(await opinionOf(high, saying(verdict('none')))).toEqual({ level: 'high', asked: 0 });
});
