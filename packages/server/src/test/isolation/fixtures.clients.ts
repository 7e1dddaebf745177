import { after, session, type Fixture } from './fixture.ts';

const client = { path: { id: 'client' } } as const;
const questionnaire = { path: { id: 'session', questionnaireId: 'questionnaire' } } as const;
const thread = { path: { id: 'thread' } } as const;
const referred = { path: { id: 'thread', memoryId: 'ownMemory' } } as const;
const goal = () => ({ title: 'Other', milestones: [{ title: 'Begin' }] });

/** What is kept of a client beside the profile. */
export const clientFixtures: Record<string, Fixture | Fixture[]> = {
  'GET /api/v1/clients/{id}/goals': [client, { ...client, query: after('goal') }],
  'GET /api/v1/thread-folders': [{}, { query: after('threadFolder') }],
  'POST /api/v1/thread-folders': { body: (id) => ({ name: 'Other', parentId: id('threadFolder') }) },
  'PATCH /api/v1/thread-folders/{id}': {
    path: { id: 'threadFolder' },
    body: () => ({ revision: 0, name: 'Changed', parentId: null }),
  },
  'GET /api/v1/threads': [
    {},
    { query: (id) => ({ clientId: id('client'), folder: id('threadFolder'), q: 'a', status: 'open', tag: 'regular' }) },
    { query: (id) => ({ ...after('thread')(id), folder: 'none' }) },
  ],
  'GET /api/v1/clients/{id}/threads': [client, { ...client, query: after('thread') }],
  'POST /api/v1/clients/{id}/threads': {
    ...client,
    body: (id) => ({ name: 'Other', folderId: id('threadFolder'), goalIds: [id('goal')] }),
  },
  'GET /api/v1/threads/{id}': thread,
  'GET /api/v1/threads/{id}/insights': thread,
  'PATCH /api/v1/threads/{id}': { ...thread, body: () => ({ revision: 0, tags: ['regular'] }) },
  'PUT /api/v1/threads/{id}/memories/{memoryId}': referred,
  'DELETE /api/v1/threads/{id}/memories/{memoryId}': referred,
  'PUT /api/v1/sessions/{id}/thread': { ...session, body: (id) => ({ threadId: id('thread') }) },
  'DELETE /api/v1/threads/{id}': { path: { id: 'spareThread' }, last: true },
  'DELETE /api/v1/thread-folders/{id}': {
    path: { id: 'threadFolder' },
    query: () => ({ contents: 'up' }),
    last: true,
  },
  'GET /api/v1/clients/{id}/notes': [client, { ...client, query: after('note') }],
  'POST /api/v1/clients/{id}/notes': { ...client, body: () => ({ kind: 'private', text: 'Other' }) },
  'GET /api/v1/clients/{id}/messages': [client, { ...client, query: after('message') }],
  'GET /api/v1/sessions/{id}/notes': [session, { ...session, query: after('note') }],
  'POST /api/v1/sessions/{id}/notes': { ...session, body: () => ({ kind: 'shared', text: 'Other' }) },
  'PATCH /api/v1/notes/{id}': { path: { id: 'note' }, body: () => ({ text: 'Changed' }) },
  'DELETE /api/v1/notes/{id}': { path: { id: 'note' }, last: true },
  'GET /api/v1/sessions/{id}/plan': session,
  'PUT /api/v1/sessions/{id}/timer': { ...session, body: () => ({ minutes: null }) },
  'PUT /api/v1/sessions/{id}/goals': { ...session, body: (id) => ({ goalIds: [id('goal')] }) },
  'PUT /api/v1/sessions/{id}/rating': {
    ...session,
    body: () => ({ effectiveness: 7, engagement: 8, progress: 5, sentence: 'Other' }),
  },
  'POST /api/v1/sessions/{id}/transfer': { ...session, body: (id) => ({ userId: id('user'), note: 'Other' }) },
  'GET /api/v1/questionnaires': {},
  'GET /api/v1/clients/{id}/questionnaires': [client, { ...client, query: after('questionnaire') }],
  'POST /api/v1/clients/{id}/questionnaires': {
    ...client,
    body: () => ({ instrument: 'gad-7', answers: [0, 1, 2, 3, 0, 1, 2], answeredAt: '2026-01-02T03:04:05.000Z' }),
  },
  'GET /api/v1/sessions/{id}/questionnaires': [session, { ...session, query: after('questionnaire') }],
  // One waits for the client already.
  'POST /api/v1/sessions/{id}/questionnaires': { ...session, body: () => ({ instrument: 'gad-7' }), own: 409 },
  'GET /api/v1/sessions/{id}/questionnaires/{questionnaireId}': questionnaire,
  'POST /api/v1/sessions/{id}/questionnaires/{questionnaireId}/answers': {
    ...questionnaire,
    body: () => ({ answers: [0, 0, 0, 0, 0, 0, 0] }),
  },
  // It was answered with the operation above.
  'POST /api/v1/sessions/{id}/questionnaires/{questionnaireId}/withdraw': { ...questionnaire, own: 409 },
  'POST /api/v1/clients/{id}/goals': { ...client, body: goal },
  'PUT /api/v1/clients/{id}/goals/{goalId}': { path: { id: 'client', goalId: 'goal' }, body: goal },
};
