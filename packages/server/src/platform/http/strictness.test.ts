import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}
interface Parameter {
  name: string;
  in: string;
  schema: { enum?: string[] };
}
interface Operation {
  method: string;
  /** With something of the right kind in each place of it. */
  path: string;
  body: Schema;
}

let app: TestApp;
let client: Record<string, string>;
let operations: Operation[];

beforeAll(async () => {
  app = await startTestApp();
  client = (await makeSession(app, await makePersona(app))).client;
  const { body } = await app.json('GET', '/api/openapi.json');
  operations = Object.entries(body.paths as Record<string, Record<string, object>>).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const { requestBody, parameters = [] } = operation as {
        requestBody?: { content: Record<string, { schema: Schema }> };
        parameters?: Parameter[];
      };
      const schema = requestBody?.content['application/json']?.schema;
      const filled = path.replace(
        /\{(\w+)\}/g,
        (_, name) => parameters.find((one) => one.name === name)?.schema.enum?.[0] ?? randomUUID(),
      );
      return schema ? [{ method: method.toUpperCase(), path: filled, body: schema }] : [];
    }),
  );
});
afterAll(() => app.close());

/** As the owner, or as a client where only clients may. */
async function send({ method, path }: Operation, body: string) {
  for (const who of [{}, client]) {
    const answer = await app.fetch(path, { method, body, headers: { 'content-type': 'application/json', ...who } });
    const said = (await answer.json()) as { code: string; errors?: unknown };
    if (![403, 404].includes(answer.status)) return { status: answer.status, code: said.code, errors: said.errors };
  }
  throw new Error(`nobody may ${method} ${path}`);
}

/** Objects that take fields nobody named. A record of texts by a person's own words is one on purpose, and has values of one kind. */
function openObjects(schema: Schema, at = ''): string[] {
  const inside = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  const found = inside.flatMap((one, i) => openObjects(one, `${at}|${i}`));
  if (schema.items) found.push(...openObjects(schema.items, `${at}[]`));
  for (const [name, one] of Object.entries(schema.properties ?? {})) found.push(...openObjects(one, `${at}.${name}`));
  const isRecord =
    typeof schema.additionalProperties === 'object' && Object.keys(schema.additionalProperties).length > 0;
  if (schema.type === 'object' && schema.additionalProperties !== false && !isRecord) found.push(at || '.');
  return found;
}

test('there is something to try', () => expect(operations.length).toBeGreaterThan(15));

/** Made by the browser as WebAuthn says, handed on unread to the library that checks it. */
const byStandard = /^POST \/api\/v1\/auth\/passkey\/verify-(?:authentication|registration) \.response$/;

test('no body takes fields that its schema does not name', () => {
  const open = operations.flatMap(({ method, path, body }) => openObjects(body).map((at) => `${method} ${path} ${at}`));
  expect(open.filter((one) => !byStandard.test(one))).toEqual([]);
});

const rights = {
  role: 'owner',
  roles: ['owner'],
  org_id: randomUUID(),
  orgId: randomUUID(),
  user_id: randomUUID(),
  permissions: ['security.manage'],
  is_admin: true,
  id: randomUUID(),
  created_by: randomUUID(),
  status: 'ended',
};

test.each(Object.entries(rights))('a body that brings %s is refused where nobody asked for it', async (name, value) => {
  for (const operation of operations) {
    const { method, path, body } = operation;
    const known = [body, ...(body.anyOf ?? []), ...(body.oneOf ?? [])].some((one) => one.properties?.[name]);
    if (known) continue;
    const answer = await send(operation, JSON.stringify({ [name]: value }));
    expect([answer.status, answer.code], `${method} ${path}`).toEqual([400, 'invalid-body']);
    const said = JSON.stringify(answer.errors);
    // A choice between objects says only that none of them fits.
    if (!body.anyOf && !body.oneOf) expect(said, `${method} ${path}`).toContain(name);
  }
});

test('no body reaches a prototype', async () => {
  const evil = [
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"name":"x","a":{"b":[{"__proto__":{"polluted":true}}]}}',
    '{"name":"x","a":{"constructor":{"prototype":{"polluted":true}}}}',
    '{"\\u005f_proto__":{"polluted":true}}',
  ];
  for (const operation of operations)
    for (const body of evil)
      expect((await send(operation, body)).status, `${operation.method} ${operation.path} ${body}`).toBe(400);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('no query reaches a prototype, and none is taken twice', async () => {
  for (const search of [
    '__proto__[polluted]=1',
    'constructor[prototype][polluted]=1',
    '__proto__=1',
    'limit=1&limit=2',
    'limit[]=1',
  ]) {
    const answer = await app.json('GET', `/api/v1/clients?${search}`);
    expect(answer.status, search).toBe(400);
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('nothing of all this changed anything', async () => {
  expect((await app.json('GET', '/api/v1/clients')).body.items).toEqual([]);
  expect((await app.json('GET', '/api/v1/me')).body).toMatchObject({ name: 'Olga' });
  const { n } = await app.db.everywhere.one<{ n: number }>('select count(*) as n from app_user');
  expect(n).toBe(1);
});
