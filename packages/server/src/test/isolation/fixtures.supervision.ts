import { encodeCursor } from '../../platform/cursor.ts';
import { after, session, type Fixture } from './fixture.ts';

const review = { path: { id: 'review' } } as const;
const safetySettings = {
  ackSeconds: 300,
  pageSeconds: 120,
  maxPages: 5,
  fallbackEmail: null,
  disclosureMinutes: 180,
  language: 'en',
  secondOpinion: false,
};

/** Held replies, flags and escalations. */
export const supervisionFixtures: Record<string, Fixture | Fixture[]> = {
  'GET /api/v1/escalations': [{}, { query: (id) => ({ sessionId: id('session') }) }, { query: after('escalation') }],
  'GET /api/v1/sessions/{id}/flags': { ...session },
  'POST /api/v1/escalations/{id}/acknowledge': { path: { id: 'escalation' } },
  'POST /api/v1/escalations/{id}/resolve': { path: { id: 'escalation' }, body: () => ({ note: 'Called.' }) },
  'POST /api/v1/sessions/{id}/person-request': { path: { id: 'session' } },
  'GET /api/v1/safety': {},
  'PUT /api/v1/safety': { body: () => safetySettings },
  'POST /api/v1/safety/texts/{kind}': {
    path: { kind: '=abuse' },
    body: () => ({ texts: [{ language: 'en', text: 'Other words.' }] }),
  },
  'GET /api/v1/organisation/packs': {},
  'PUT /api/v1/organisation/packs': { body: () => ({ packs: ['us-ca-sb243'] }) },
  'GET /api/v1/organisation/supervision': {},
  'PUT /api/v1/organisation/supervision': {
    body: () => ({ policy: 'auto', delaySeconds: 600, reviewSeconds: 86_400, pages: 0, fallbackEmail: null }),
  },
  'GET /api/v1/reports': [
    { query: (id) => ({ sessionId: id('session') }) },
    { query: (id) => ({ clientId: id('client'), ...after('report')(id) }) },
    { query: (id) => ({ threadId: id('thread') }) },
  ],
  'POST /api/v1/reports': [
    { body: (id) => ({ sessionId: id('session') }) },
    { body: (id) => ({ clientId: id('client') }) },
    { body: (id) => ({ threadId: id('thread') }) },
  ],
  'POST /api/v1/insights/summary': [
    { body: (id) => ({ sessionId: id('session') }), restless: true },
    { body: (id) => ({ clientId: id('client') }), restless: true },
    { body: (id) => ({ threadId: id('thread') }), restless: true },
  ],
  // It is off.
  'POST /api/v1/sessions/{id}/insights/tone': { ...session, own: 409 },
  'DELETE /api/v1/insights/{id}': { path: { id: 'aiInsight' }, last: true },
  'GET /api/v1/reports/{id}': { path: { id: 'report' } },
  'PUT /api/v1/reports/{id}': {
    path: { id: 'report' },
    body: () => ({ revision: 7, title: 'Other', sections: [] }),
    own: 409,
  },
  'POST /api/v1/reports/{id}/approve': { path: { id: 'report' }, body: () => ({ revision: 7 }), own: 409 },
  // A PDF says when it was made.
  'GET /api/v1/reports/{id}/export': { path: { id: 'report' }, restless: true },
  'DELETE /api/v1/reports/{id}': { path: { id: 'report' }, last: true },
  'GET /api/v1/insights/supervision': {},
  'GET /api/v1/break-glass/clients': { query: () => ({ name: 'Nobody of this name' }) },
  'GET /api/v1/break-glass': [{}, { query: after('grant') }],
  'POST /api/v1/break-glass': {
    body: (id) => ({ clientId: id('client'), reason: 'Whoever looks after them is ill.' }),
  },
  'POST /api/v1/break-glass/{id}/end': { path: { id: 'grant' } },
  'GET /api/v1/deputy': {},
  'PUT /api/v1/deputy': { body: (id) => ({ userId: id('member') }) },
  'GET /api/v1/reviews': [
    {},
    { query: (id) => ({ sessionId: id('session') }) },
    { query: (id) => ({ state: 'decided', ...after('review')(id) }) },
    { query: (id) => ({ cursor: encodeCursor('0', id('review')) }) },
  ],
  // A claim is shown until the second at which it runs out.
  'GET /api/v1/reviews/{id}': { ...review, restless: true },
  'POST /api/v1/reviews/{id}/claim': { ...review, restless: true },
  'POST /api/v1/reviews/{id}/unclaim': review,
  'POST /api/v1/reviews/{id}/hand-over': { ...review, body: (id) => ({ userId: id('user') }), restless: true },
  // Of a revision that is past.
  'PUT /api/v1/reviews/{id}/draft': { ...review, body: () => ({ revision: 0, base: 0, text: 'Other' }), own: 409 },
  'POST /api/v1/reviews/{id}/release': { ...review, body: () => ({ revision: 0 }), own: 409 },
  // Nobody has changed it.
  'POST /api/v1/reviews/{id}/curated-answer': { ...review, body: () => ({}), own: 409 },
  'POST /api/v1/reviews/{id}/reject': {
    ...review,
    body: () => ({ reasons: ['other'], again: false }),
    last: true,
  },
};
