import { randomUUID } from 'node:crypto';
import { encodeCursor } from '../../platform/cursor.ts';
import { after, session, type Fixture, type IdOf } from './fixture.ts';
import { knowledgeFixtures } from './fixtures.knowledge.ts';
import { memoryFixtures } from './fixtures.memory.ts';
import { clientFixtures } from './fixtures.clients.ts';
import { supervisionFixtures } from './fixtures.supervision.ts';

const base = { path: { id: 'knowledgeBase' } } as const;
const document = { path: { id: 'knowledgeBase', documentId: 'document' } } as const;
const nowhere = '018f0000-0000-7000-8000-000000000000';
const email = 'nobody@elsewhere.example';
const newPassword = 'correct horse battery staple';
const reference = { kind: 'reference', label: 'Second' };

const personaBody = (id: IdOf) => ({
  name: 'Other',
  role: 'guide',
  instructions: 'Speak.',
  knowledgeBaseId: id('knowledgeBase'),
  model: { providerId: id('provider') },
});

/**
 * Every operation of the API's description, in an order in which each can be called with ids of one's own. A route that
 * is not here fails the proof.
 */
export const fixtures: Record<string, Fixture | Fixture[]> = {
  'GET /healthz': {},
  'GET /readyz': {},
  'GET /api/v1/setup': {},
  'POST /api/v1/setup': { body: () => ({ ownerName: 'Eve', organisation: 'Another' }), own: 409 },
  'GET /api/v1/setup/ollama': { own: 409 },
  'GET /api/v1/setup/gguf-library': { own: 409 },
  'POST /api/v1/setup/provider/test': { body: () => reference, own: 409 },
  'POST /api/v1/sign-in': {
    body: () => ({ organisation: 'nowhere', name: 'Nobody', password: 'not a password' }),
    own: 401,
  },
  'GET /api/v1/sign-in': {},
  // Above organisations: what names a login here is a token, a code or a cookie, each a secret of its own.
  'POST /api/v1/auth/sign-in/magic-link': { body: () => ({ email }) },
  'POST /api/v1/auth/magic-link/verify': { body: (id) => ({ token: id('login') }), own: 410 },
  'POST /api/v1/auth/request-password-reset': { body: () => ({ email }) },
  'POST /api/v1/auth/reset-password': { body: (id) => ({ token: id('login'), newPassword }), own: 410 },
  'POST /api/v1/auth/verify-email': { body: (id) => ({ token: id('login') }), own: 410 },
  'POST /api/v1/auth/change-email': { body: () => ({ newEmail: email }) },
  'POST /api/v1/auth/two-factor/verify-totp': { body: () => ({ code: '000000' }), own: 409 },
  'POST /api/v1/auth/two-factor/verify-backup-code': { body: () => ({ code: 'aaaaa-aaaaa' }), own: 400 },
  'POST /api/v1/auth/two-factor/enable': { body: () => ({ password: newPassword }) },
  'POST /api/v1/auth/two-factor/generate-backup-codes': { body: () => ({ password: newPassword }), own: 400 },
  'POST /api/v1/auth/two-factor/disable': { body: () => ({ password: 'another one' }), own: 401 },
  'GET /api/v1/auth/passkey/generate-authenticate-options': { restless: true },
  'POST /api/v1/auth/passkey/verify-authentication': { body: (id) => ({ response: { id: id('passkey') } }), own: 401 },
  'GET /api/v1/auth/passkey/generate-register-options': { restless: true },
  'POST /api/v1/auth/passkey/verify-registration': { body: () => ({ response: { id: 'x' } }), own: 401 },
  'POST /api/v1/auth/passkey/delete-passkey': { body: (id) => ({ id: id('passkey') }), last: true },
  // Before anybody is signed in a provider's id opens the way to it, so none of the other organisation's is named here.
  'POST /api/v1/auth/sign-in/social': { body: () => ({ provider: nowhere }), own: 404 },
  'GET /api/v1/auth/callback/{id}': { path: { id: `=${nowhere}` }, query: () => ({ code: 'x', state: 'y' }), own: 302 },
  'GET /api/v1/me': {},
  // What it says of one's logins and acts goes on changing.
  'GET /api/v1/me/account/export': { restless: true },
  'GET /api/v1/me/sign-in': {},
  'DELETE /api/v1/me/logins/{id}': { path: { id: 'login' }, last: true },
  'DELETE /api/v1/me/logins': { last: true },
  // The mailbox of the machine itself: only the first organisation's.
  'GET /api/v1/mailbox': { own: 404 },
  'GET /api/v1/organisation/sign-in': {},
  'PUT /api/v1/organisation/sign-in': { body: () => ({ secondFactorRequired: false }) },
  'GET /api/v1/identity-providers': {},
  'POST /api/v1/identity-providers': {
    body: () => ({ label: 'Other', issuer: 'https://accounts.elsewhere.example', clientId: 'other' }),
  },
  'DELETE /api/v1/identity-providers/{id}': { path: { id: 'identityProvider' }, last: true },
  'PUT /api/v1/me/password': { body: () => ({ current: newPassword, password: newPassword }) },
  'PATCH /api/v1/organisation': { body: () => ({ allowTitles: false }) },

  'GET /api/v1/members': [{}, { query: (id) => ({ cursor: encodeCursor('member', id('member')) }) }],
  'GET /api/v1/members/{id}': { path: { id: 'member' } },
  'PATCH /api/v1/members/{id}': [
    { path: { id: 'member' }, body: () => ({ name: 'Other' }) },
    { path: { id: 'member' }, body: (id) => ({ roles: [id('role')] }) },
  ],
  'POST /api/v1/members/{id}/reset-factors': { path: { id: 'member' } },
  'DELETE /api/v1/members/{id}/logins': { path: { id: 'member' } },
  'GET /api/v1/me/organisations': {},
  'PUT /api/v1/me/organisation': { body: (id) => ({ organisationId: id('organisation') }) },
  'POST /api/v1/member-invitations': [
    { body: () => ({ roles: ['author'] }) },
    { body: (id) => ({ roles: [id('role')] }) },
  ],
  'GET /api/v1/member-invitations': [{}, { query: after('memberInvitation') }],
  // As with a client's invitation: the token opens, an id must not.
  'GET /api/v1/join-team/{token}': { path: { token: 'memberInvitation' }, own: 410 },
  'POST /api/v1/join-team/{token}': {
    path: { token: 'memberInvitation' },
    body: () => ({ name: 'Eve', password: 'correct horse battery staple' }),
    own: 410,
  },
  'GET /api/v1/roles': [{}, { query: after('role') }],
  'POST /api/v1/roles': { body: () => ({ name: 'Other', permissions: ['knowledge.read'] }) },
  'PATCH /api/v1/roles/{id}': { path: { id: 'role' }, body: () => ({ about: 'Other' }) },
  'GET /api/v1/teams': [{}, { query: after('team') }],
  'POST /api/v1/teams': { body: () => ({ name: 'Other' }) },
  'PATCH /api/v1/teams/{id}': { path: { id: 'team' }, body: () => ({ name: 'Renamed' }) },
  'PUT /api/v1/teams/{id}/members': { path: { id: 'team' }, body: (id) => ({ memberIds: [id('member')] }) },
  'GET /api/v1/api-keys': [{}, { query: (id) => ({ of: 'everybody', ...after('apiKey')(id) }) }],
  'POST /api/v1/api-keys': { body: () => ({ name: 'Other', scopes: ['knowledge.read'] }) },

  'GET /api/v1/scim/v2/ServiceProviderConfig': {},
  'GET /api/v1/scim/v2/ResourceTypes': {},
  'GET /api/v1/scim/v2/Schemas': {},
  'GET /api/v1/scim/v2/Users': [{}, { query: (id) => ({ filter: `id eq "${id('member')}"` }) }],
  // What is not known is ignored here, so the same body twice would be told apart by the second being taken.
  'POST /api/v1/scim/v2/Users': { body: () => ({ userName: randomUUID() }) },
  'GET /api/v1/scim/v2/Users/{id}': { path: { id: 'member' } },
  'PUT /api/v1/scim/v2/Users/{id}': { path: { id: 'member' }, body: () => ({ userName: 'scim-put' }) },
  'PATCH /api/v1/scim/v2/Users/{id}': {
    path: { id: 'member' },
    body: () => ({ Operations: [{ op: 'replace', path: 'externalId', value: 'other' }] }),
  },
  'GET /api/v1/scim/v2/Groups': [{}, { query: (id) => ({ filter: `id eq "${id('team')}"` }) }],
  'POST /api/v1/scim/v2/Groups': {
    body: (id) => ({ displayName: randomUUID(), members: [{ value: id('member') }] }),
  },
  'GET /api/v1/scim/v2/Groups/{id}': { path: { id: 'team' } },
  'PUT /api/v1/scim/v2/Groups/{id}': {
    path: { id: 'team' },
    body: (id) => ({ displayName: 'SCIM renamed', members: [{ value: id('member') }] }),
  },
  'PATCH /api/v1/scim/v2/Groups/{id}': {
    path: { id: 'team' },
    body: (id) => ({ Operations: [{ op: 'add', path: 'members', value: [{ value: id('member') }] }] }),
  },

  'GET /api/v1/providers': [{}, { query: after('provider') }],
  'POST /api/v1/providers': { body: () => ({ ...reference, makeDefault: false }) },
  'POST /api/v1/providers/test': { body: () => reference },
  'POST /api/v1/providers/{id}/default': { path: { id: 'provider' } },
  'PUT /api/v1/providers/{id}/processing': { path: { id: 'provider' }, body: () => ({ approved: true }) },
  'PUT /api/v1/providers/{id}/embedding': { path: { id: 'provider' }, body: () => ({ model: null }) },
  'PUT /api/v1/providers/{id}/reranking': { path: { id: 'provider' }, body: () => ({ model: null }) },
  'GET /api/v1/providers/approval': {},
  'PUT /api/v1/providers/approval': { body: () => ({ required: true }) },
  'GET /api/v1/providers/ollama': {},
  'GET /api/v1/providers/gguf-library': {},
  'GET /api/v1/prices': {},
  'PUT /api/v1/prices': { body: () => ({ model: 'echo', input: 1, output: 1, cached: 0 }) },

  'GET /api/v1/limits': {},
  'GET /api/v1/usage': { restless: true },
  'GET /api/v1/budgets': { restless: true },
  'PUT /api/v1/budgets': {
    body: (id) => ({ scope: 'persona', subjectId: id('persona'), period: 'month', tokens: 1e12 }),
  },
  'DELETE /api/v1/budgets/{id}': { path: { id: 'budget' }, last: true },

  ...knowledgeFixtures,

  'GET /api/v1/personas': [{}, { query: after('persona') }],
  'POST /api/v1/personas': { body: personaBody },
  'GET /api/v1/personas/{id}': { path: { id: 'persona' } },
  'PATCH /api/v1/personas/{id}': { path: { id: 'persona' }, body: personaBody },
  'POST /api/v1/personas/{id}/publish': { path: { id: 'persona' } },
  'GET /api/v1/personas/{id}/versions': { path: { id: 'persona' } },

  'GET /api/v1/clients': [{}, { query: () => ({ tag: 'regular' }) }, { query: after('client') }],
  'POST /api/v1/clients': { body: () => ({ name: 'Other' }) },
  'GET /api/v1/clients/{id}': { path: { id: 'client' } },
  'PATCH /api/v1/clients/{id}': { path: { id: 'client' }, body: () => ({ name: 'Renamed' }) },

  ...clientFixtures,
  'GET /api/v1/clients/{id}/assignments': { path: { id: 'client' } },
  'PUT /api/v1/clients/{id}/assignments': {
    path: { id: 'client' },
    body: (id) => ({ memberIds: [id('member')], teamIds: [id('team')] }),
  },
  'GET /api/v1/clients/{id}/consents': { path: { id: 'client' } },
  'POST /api/v1/clients/{id}/consents': { path: { id: 'client' }, body: () => ({ purpose: 'research', given: true }) },
  'GET /api/v1/clients/{id}/consents/records': { path: { id: 'client' } },
  'GET /api/v1/privacy/consents': {},
  'PUT /api/v1/privacy/consents/{purpose}': { path: { purpose: '=memory' }, body: () => ({ asked: false }) },
  'GET /api/v1/privacy/consents/{purpose}/versions': { path: { purpose: '=research' } },
  'POST /api/v1/privacy/consents/{purpose}/versions': {
    path: { purpose: '=research' },
    body: () => ({ texts: [{ language: 'en', text: 'Do you agree?' }] }),
  },
  'GET /api/v1/me/record': { own: 403 },
  'GET /api/v1/me/record/export': { own: 403 },
  'POST /api/v1/me/record/erasure-request': { own: 403 },
  'DELETE /api/v1/me/record/erasure-request': { own: 403 },
  'GET /api/v1/privacy/record': [{}, { query: () => ({ format: 'markdown' }) }],
  'PUT /api/v1/privacy/record/profile': { body: () => ({ controller: 'Other', contact: '', officer: '' }) },
  'GET /api/v1/privacy/records/{kind}/{id}': { path: { kind: '=client', id: 'client' } },
  'GET /api/v1/privacy/records/{kind}/{id}/export': { path: { kind: '=client', id: 'client' } },
  'GET /api/v1/privacy/erasures': [{}, { query: after('erasure') }],
  'POST /api/v1/privacy/erasures': {
    body: (id) => ({ subject: { kind: 'client', id: id('client') }, confirm: 'Another name' }),
    own: 400,
  },
  'GET /api/v1/privacy/erasures/{id}': { path: { id: 'erasure' } },
  'GET /api/v1/privacy/erasures/{id}/receipt': { path: { id: 'erasure' } },
  'GET /api/v1/privacy/signing-key': {},
  'GET /api/v1/privacy/holds': [{}, { query: after('hold') }],
  'POST /api/v1/privacy/holds': {
    body: (id) => ({ subject: { kind: 'session', id: id('session') }, reason: 'Asked for' }),
    own: 404,
  },
  'POST /api/v1/privacy/holds/{id}/lift': { path: { id: 'hold' }, body: () => ({ reason: 'Over' }), last: true },
  'GET /api/v1/privacy/requests': [{}, { query: after('erasureRequest') }],
  'POST /api/v1/privacy/requests/{id}/decline': {
    path: { id: 'erasureRequest' },
    body: () => ({ answer: 'Not yet' }),
    // The client of B withdraws it before, with the operation above.
    own: 409,
    last: true,
  },
  'POST /api/v1/privacy/imports': { body: () => ({}), own: 415 },
  'GET /api/v1/privacy/deid-exports': [{}, { query: after('deidExport') }],
  'POST /api/v1/privacy/deid-exports': [
    { body: (id) => ({ form: 'anonymised', sessionIds: [id('session')] }) },
    { body: (id) => ({ form: 'anonymised', pick: { personaId: id('persona') } }) },
  ],
  'GET /api/v1/privacy/deid-exports/{id}/items': { path: { id: 'deidExport' } },
  'POST /api/v1/privacy/deid-exports/{id}/decision': {
    path: { id: 'deidExport' },
    body: () => ({ approved: true }),
    // A second person signs off.
    own: 403,
  },
  'GET /api/v1/privacy/deid-exports/{id}/download': { path: { id: 'deidExport' }, own: 409 },
  'GET /api/v1/privacy/retention': {},
  'GET /api/v1/privacy/retention/runs': {},
  'GET /api/v1/privacy/retention/{category}/preview': {
    path: { category: '=files' },
    query: () => ({ days: '36500' }),
  },
  'PUT /api/v1/privacy/retention/{category}': {
    path: { category: '=files' },
    body: () => ({ days: 36_500, expected: 0 }),
  },
  'POST /api/v1/privacy/retention/{category}/run': { path: { category: '=files' }, body: () => ({ expected: 0 }) },

  'GET /api/v1/sessions': [
    { query: (id) => ({ personaId: id('persona') }) },
    { query: (id) => ({ clientId: id('client') }) },
    { query: (id) => ({ cursor: encodeCursor('2038-01-01T00:00:00.000Z', id('session')) }) },
    {},
  ],
  'POST /api/v1/sessions': { body: (id) => ({ personaId: id('persona'), clientId: id('client') }) },
  'GET /api/v1/sessions/{id}/insights': { path: { id: 'session' } },
  'GET /api/v1/clients/{id}/insights': { path: { id: 'client' } },
  'GET /api/v1/sessions/{id}': session,
  'GET /api/v1/sessions/{id}/client-view': session,
  'GET /api/v1/sessions/{id}/messages': [session, { ...session, query: () => ({ before: '1000' }) }],
  'POST /api/v1/sessions/{id}/messages': {
    ...session,
    body: () => ({ text: 'Hello there' }),
    own: 409,
  },
  'PUT /api/v1/sessions/{id}/policy': { ...session, body: () => ({ policy: 'delayed' }) },
  ...supervisionFixtures,
  ...memoryFixtures,
  'POST /api/v1/sessions/{id}/guidance': { ...session, body: () => ({ text: 'Be brief.' }) },
  'GET /api/v1/sessions/{id}/replies': [session, { ...session, query: after('reply') }],
  'POST /api/v1/sessions/{id}/replies/{replyId}/stop': { path: { id: 'session', replyId: 'reply' } },
  'GET /api/v1/sessions/{id}/export': [
    { ...session, query: () => ({ format: 'markdown' }) },
    { ...session, query: () => ({ format: 'json' }) },
    { ...session, query: () => ({ format: 'pdf' }) },
  ],
  'GET /api/v1/sessions/{id}/consents': session,
  'POST /api/v1/sessions/{id}/consents': {
    ...session,
    body: () => ({ answers: [{ purpose: 'research', given: true, version: 1, language: 'en' }] }),
    // The client answers for themselves.
    own: 403,
  },
  'GET /api/v1/rooms/{id}/events': [
    { path: { id: 'room' } },
    { path: { id: 'room' }, query: () => ({ after: '1000', wait: '0' }) },
    { path: { id: 'knowledgeRoom' } },
    { path: { id: 'room' }, headers: () => ({ accept: 'text/event-stream', 'last-event-id': '1' }) },
  ],
  'POST /api/v1/rooms/{id}/messages': { path: { id: 'room' }, body: () => ({ text: 'Hello there' }), own: 409 },
  'GET /api/v1/sessions/{id}/invitations': [session, { ...session, query: after('invitation') }],
  'POST /api/v1/sessions/{id}/invitations': { ...session, body: () => ({ alias: 'Other' }) },
  // The token opens the door for whoever holds it; an id must not do so.
  'GET /api/v1/invitations/{token}': { path: { token: 'invitation' }, own: 410 },
  'POST /api/v1/invitations/{token}/accept': { path: { token: 'invitation' }, body: () => ({}), own: 410 },
  'POST /api/v1/sessions/{id}/regenerate': session,
  'POST /api/v1/sessions/{id}/pause': session,
  'POST /api/v1/sessions/{id}/resume': session,
  'POST /api/v1/sessions/{id}/takeover': session,
  'POST /api/v1/sessions/{id}/handback': session,
  'POST /api/v1/sessions/{id}/end': session,
  'GET /api/v1/audit': [
    {},
    { query: (id) => ({ subjectId: id('session') }) },
    { query: (id) => ({ actorId: id('member') }) },
    { query: () => ({ cursor: encodeCursor('3') }) },
  ],
  'GET /api/v1/audit/export': [
    { query: (id) => ({ format: 'csv', subjectId: id('client') }) },
    { query: (id) => ({ format: 'jsonl', actorId: id('member') }) },
  ],
  'GET /api/v1/audit/state': {},
  'POST /api/v1/audit/verify': {},
  'POST /api/v1/audit/checkpoints': {},
  'POST /api/v1/demo': {},

  'DELETE /api/v1/sessions/{id}/invitations/{invitationId}': {
    path: { id: 'session', invitationId: 'invitation' },
    last: true,
  },
  'DELETE /api/v1/knowledge-bases/{id}/documents/{documentId}': { ...document, last: true },
  'DELETE /api/v1/knowledge-bases/{id}': { ...base, query: () => ({ force: 'true' }), last: true },
  'DELETE /api/v1/privacy/deid-exports/{id}': { path: { id: 'deidExport' }, last: true },
  'DELETE /api/v1/api-keys/{id}': { path: { id: 'apiKey' }, last: true },
  'DELETE /api/v1/teams/{id}': { path: { id: 'team' }, last: true },
  'DELETE /api/v1/member-invitations/{id}': { path: { id: 'memberInvitation' }, last: true },
  'DELETE /api/v1/members/{id}': { path: { id: 'member' }, last: true },
  // The member and the team are gone by the operations above.
  'DELETE /api/v1/scim/v2/Users/{id}': { path: { id: 'member' }, own: 404, last: true },
  'DELETE /api/v1/scim/v2/Groups/{id}': { path: { id: 'team' }, own: 404, last: true },
  'DELETE /api/v1/roles/{id}': { path: { id: 'role' }, last: true },
  'DELETE /api/v1/providers/{id}': { path: { id: 'provider' }, last: true },
  'POST /api/v1/sign-out': { last: true },
};
