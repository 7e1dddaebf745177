import { after, type Fixture } from './fixture.ts';

const client = { path: { id: 'client' } } as const;
const goal = () => ({ title: 'Other', milestones: [{ title: 'Begin' }] });

/** What is kept of a client beside the profile. */
export const clientFixtures: Record<string, Fixture | Fixture[]> = {
  'GET /api/v1/clients/{id}/goals': [client, { ...client, query: after('goal') }],
  'POST /api/v1/clients/{id}/goals': { ...client, body: goal },
  'PUT /api/v1/clients/{id}/goals/{goalId}': { path: { id: 'client', goalId: 'goal' }, body: goal },
};
