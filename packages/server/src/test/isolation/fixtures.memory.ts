import { after, type Fixture } from './fixture.ts';
import { memoryPolicy } from './world.parts.ts';

const memory = { path: { id: 'memory' } } as const;

/** What is remembered. */
export const memoryFixtures: Record<string, Fixture | Fixture[]> = {
  'GET /api/v1/clients/{id}/memories': [
    { path: { id: 'client' } },
    { path: { id: 'client' }, query: () => ({ at: '2038-01-01T00:00:00.000Z' }) },
    { path: { id: 'client' }, query: after('memory') },
  ],
  'POST /api/v1/clients/{id}/memories': [
    { path: { id: 'client' }, body: () => ({ statement: 'Likes tea.' }) },
    {
      path: { id: 'client' },
      body: (id) => ({
        statement: 'Likes it.',
        evidence: [{ messageId: id('message'), start: 0, end: 5, quote: 'I say' }],
      }),
    },
    {
      path: { id: 'client' },
      body: (id) => ({
        statement: 'Likes it more.',
        references: [
          { kind: 'message', id: id('message'), relation: 'supports' },
          { kind: 'document', id: id('document'), relation: 'supports' },
          { kind: 'memory', id: id('memory'), relation: 'contradicts' },
        ],
      }),
    },
  ],
  'GET /api/v1/personas/{id}/memories': { path: { id: 'persona' } },
  'POST /api/v1/personas/{id}/memories': { path: { id: 'persona' }, body: () => ({ statement: 'Has a dog.' }) },
  'GET /api/v1/threads/{id}/memories': [
    { path: { id: 'thread' } },
    { path: { id: 'thread' }, query: after('threadMemory') },
  ],
  'POST /api/v1/threads/{id}/memories': {
    path: { id: 'thread' },
    body: (id) => ({
      statement: 'Wants to fly.',
      references: [{ kind: 'memory', id: id('memory'), relation: 'supports' }],
    }),
  },
  'GET /api/v1/memories/{id}': memory,
  'GET /api/v1/memories/{id}/history': memory,
  'PATCH /api/v1/memories/{id}': [
    { ...memory, body: () => ({ salience: 4 }) },
    { ...memory, body: (id) => ({ threadId: id('thread') }), own: 409 },
  ],
  // Nobody decides twice.
  'POST /api/v1/memories/{id}/approve': { ...memory, own: 409 },
  'POST /api/v1/memories/{id}/reject': { ...memory, own: 409 },
  'POST /api/v1/memories/{id}/correct': { ...memory, body: () => ({ statement: 'Said it once.' }) },
  'POST /api/v1/memories/{id}/retire': { path: { id: 'ownMemory' }, last: true },
  'GET /api/v1/memory-policy': {},
  'PUT /api/v1/memory-policy': { body: () => memoryPolicy },
  'GET /api/v1/me/record/memories': { own: 403 },
  'POST /api/v1/me/record/memories/{id}/correct': {
    path: { id: 'ownMemory' },
    body: () => ({ statement: 'Not so.' }),
    own: 403,
  },
  'DELETE /api/v1/me/record/memories/{id}': { path: { id: 'ownMemory' }, own: 403, last: true },
  'GET /api/v1/sessions/{id}/replies/{replyId}/context': { path: { id: 'session', replyId: 'reply' } },
};
