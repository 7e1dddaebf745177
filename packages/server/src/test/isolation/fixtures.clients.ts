import { after, session, type Fixture } from './fixture.ts';

const client = { path: { id: 'client' } } as const;
const goal = () => ({ title: 'Other', milestones: [{ title: 'Begin' }] });

/** What is kept of a client beside the profile. */
export const clientFixtures: Record<string, Fixture | Fixture[]> = {
  'GET /api/v1/clients/{id}/goals': [client, { ...client, query: after('goal') }],
  'GET /api/v1/clients/{id}/notes': [client, { ...client, query: after('note') }],
  'POST /api/v1/clients/{id}/notes': { ...client, body: () => ({ kind: 'private', text: 'Other' }) },
  'GET /api/v1/sessions/{id}/notes': [session, { ...session, query: after('note') }],
  'POST /api/v1/sessions/{id}/notes': { ...session, body: () => ({ kind: 'shared', text: 'Other' }) },
  'PATCH /api/v1/notes/{id}': { path: { id: 'note' }, body: () => ({ text: 'Changed' }) },
  'DELETE /api/v1/notes/{id}': { path: { id: 'note' }, last: true },
  'POST /api/v1/clients/{id}/goals': { ...client, body: goal },
  'PUT /api/v1/clients/{id}/goals/{goalId}': { path: { id: 'client', goalId: 'goal' }, body: goal },
};
