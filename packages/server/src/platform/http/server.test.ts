import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const create = async (body: Uint8Array | string) => {
  const response = await app.fetch('/api/v1/clients', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const answer = (await response.json()) as { code?: string; title?: string; name?: string };
  return { status: response.status, type: response.headers.get('content-type'), body: answer };
};
const named = (...bytes: number[]) => Buffer.concat([Buffer.from('{"name":"'), Buffer.from(bytes), Buffer.from('"}')]);
const total = async () => (await app.db.everywhere.one<{ n: number }>('select count(*) as n from client')).n;

test.each([
  ['a lone continuation byte', [0x53, 0x80]],
  ['a character cut off', [0xe2, 0x82]],
  ['an overlong form', [0xc0, 0xaf]],
  ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
  ['Latin-1', [0x4a, 0xfc, 0x72, 0x67]],
])('a body that is not UTF-8 is refused by that name: %s', async (_what, bytes) => {
  const { status, type, body } = await create(named(...bytes));
  expect([status, type, body.code]).toEqual([400, 'application/problem+json', 'malformed-utf8']);
  expect(body.title).toContain('UTF-8');
  expect(await total()).toBe(0);
});

test('what is UTF-8 arrives as it was sent; what is no JSON is told as before', async () => {
  expect((await create(named(...Buffer.from('Jürgen 🙂 王')))).body.name).toBe('Jürgen 🙂 王');
  for (const body of ['', '{', '{"__proto__":{"a":1},"name":"x"}']) {
    expect(await create(body)).toMatchObject({ status: 400, body: { code: 'malformed-json' } });
  }
});

test('a request that reaches no route is told why in the same form as any other', async () => {
  const long = await app.fetch(`/api/v1/clients?q=${'x'.repeat(40_000)}`);
  expect([long.status, long.headers.get('content-type')]).toEqual([431, 'application/problem+json']);
  expect(await long.json()).toMatchObject({ code: 'headers-too-large', status: 431 });
  const broken = await app.fetch('/api/v1/clients/%ED%A0%80');
  expect([broken.status, broken.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
  expect(await broken.json()).toMatchObject({ code: 'bad-request' });
});
