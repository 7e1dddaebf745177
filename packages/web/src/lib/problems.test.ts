import { ClientCreate } from '@rapport/protocol/clients';
import { IdParams } from '@rapport/protocol/common';
import { MemberPatch } from '@rapport/protocol/members';
import { PersonaPatch } from '@rapport/protocol/personas';
import { ProviderCreate } from '@rapport/protocol/inference';
import { ApiError } from '@rapport/sdk/api';
import { expect, test } from 'vitest';
import '../i18n/staff.ts';

import { inWords, reasonOf } from './problems.ts';

interface Parsing {
  safeParse(value: unknown): { error?: { issues: { message: string }[] } | undefined };
}

const said = (schema: Parsing, value: unknown): string => schema.safeParse(value).error?.issues[0]?.message ?? '';

test.each([
  [said(ClientCreate, { name: '' }), 'Please fill this in.'],
  [said(ClientCreate, {}), 'Please fill this in.'],
  [said(ClientCreate, { name: 'a'.repeat(500) }), 'This is too long.'],
  [said(ClientCreate, { name: 'a', other: 1 }), 'This is not valid.'],
  [said(IdParams, { id: 'abc' }), 'Choose one of what is offered.'],
  [said(PersonaPatch, { model: { temperature: 3 } }), 'This number is too large.'],
  [said(PersonaPatch, { model: { maxTokens: 1 } }), 'This number is too small.'],
  [said(PersonaPatch, { policy: 'x' }), 'Choose one of what is offered.'],
  [said(PersonaPatch, { rules: Array.from({ length: 51 }, () => 'a') }), 'This is too long.'],
  [
    said(ProviderCreate, { kind: 'openai', baseUrl: 'nowhere' }),
    'This is not an address: it begins with http:// or https://.',
  ],
  [said(MemberPatch, { email: 'olga' }), 'This is not an e-mail address.'],
  ['Name the model to use.', 'Name the model to use.'],
])('%j is told as %j', (words, told) => expect(inWords(words)).toBe(told));

test('a refusal names no part of a request, and nothing twice that stands beside its field', () => {
  const refused = (errors: { pointer: string; message: string }[]) =>
    new ApiError({ status: 400, code: 'invalid-body', title: 'x', detail: `${errors[0]?.pointer}: y`, errors });
  const long = { pointer: '/name', message: said(ClientCreate, { name: 'a'.repeat(500) }) };
  const model = { pointer: '/model', message: 'Name the model to use.' };
  expect(reasonOf(refused([long, model]))).toBe('This is too long. Name the model to use.');
  expect(reasonOf(refused([long, model]), true)).toBe('Please look at what is marked above.');
});
