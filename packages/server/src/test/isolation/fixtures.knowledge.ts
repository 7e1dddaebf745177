import { after, type Fixture } from './fixture.ts';

const base = { path: { id: 'knowledgeBase' } } as const;
const document = { path: { id: 'knowledgeBase', documentId: 'document' } } as const;
const waiting = { path: { id: 'knowledgeBase', documentId: 'waitingDocument', version: '=2' } } as const;
const evaluation = { path: { id: 'knowledgeBase', evaluationId: 'evaluation' } } as const;

/** Reference material. */
export const knowledgeFixtures: Record<string, Fixture | Fixture[]> = {
  'GET /api/v1/knowledge-bases': [{}, { query: after('knowledgeBase') }],
  'POST /api/v1/knowledge-bases': { body: () => ({ name: 'Other' }) },
  'GET /api/v1/knowledge-bases/{id}': base,
  'PUT /api/v1/knowledge-bases/{id}': [
    { ...base, body: () => ({ name: 'Renamed' }) },
    {
      ...base,
      body: (id) => ({ name: 'Kept', audience: { kind: 'chosen', userIds: [id('user')], teamIds: [id('team')] } }),
    },
  ],
  'POST /api/v1/knowledge-bases/{id}/search': { ...base, body: () => ({ query: 'the harbour opens at nine' }) },
  // In the world beside, a run ends whenever it ends.
  'GET /api/v1/knowledge-bases/{id}/evaluations': { ...base, restless: true },
  'POST /api/v1/knowledge-bases/{id}/evaluations': {
    ...base,
    body: (id) => ({ name: 'Other', questions: [{ question: 'Who opens?', documentIds: [id('document')] }] }),
    restless: true,
  },
  'PUT /api/v1/knowledge-bases/{id}/evaluations/{evaluationId}': {
    ...evaluation,
    body: (id) => ({ name: 'Set', revision: 1, questions: [{ question: 'Who?', documentIds: [id('document')] }] }),
    restless: true,
  },
  'GET /api/v1/knowledge-bases/{id}/evaluations/{evaluationId}/runs': { ...evaluation, restless: true },
  'POST /api/v1/knowledge-bases/{id}/evaluations/{evaluationId}/runs': { ...evaluation, restless: true },
  'GET /api/v1/knowledge-bases/{id}/evaluations/{evaluationId}/runs/{runId}': {
    path: { ...evaluation.path, runId: 'evaluationRun' },
    restless: true,
  },
  'DELETE /api/v1/knowledge-bases/{id}/evaluations/{evaluationId}': { ...evaluation, last: true },
  'GET /api/v1/knowledge-bases/{id}/curated-answers': [
    { ...base, query: () => ({ revoked: 'true' }) },
    { ...base, query: after('curated') },
  ],
  'POST /api/v1/knowledge-bases/{id}/curated-answers': {
    ...base,
    body: () => ({ question: 'When does the harbour open?', answer: 'At nine.' }),
  },
  'DELETE /api/v1/knowledge-bases/{id}/curated-answers/{answerId}': {
    path: { ...base.path, answerId: 'curated' },
    last: true,
  },
  'GET /api/v1/knowledge-bases/{id}/documents': [base, { ...base, query: after('document') }],
  'POST /api/v1/knowledge-bases/{id}/documents': {
    ...base,
    body: () => ({ title: 'Other', text: 'The tide is out.' }),
  },
  'GET /api/v1/knowledge-bases/{id}/documents/{documentId}': [
    document,
    { ...document, query: () => ({ version: '1' }) },
  ],
  'PATCH /api/v1/knowledge-bases/{id}/documents/{documentId}': { ...document, body: () => ({ folder: 'Moved' }) },
  'PUT /api/v1/knowledge-bases/{id}/documents/{documentId}': { ...document, body: () => ({ text: 'The tide is in.' }) },
  'GET /api/v1/knowledge-bases/{id}/documents/{documentId}/versions': document,
  'POST /api/v1/knowledge-bases/{id}/documents/changes': {
    ...base,
    body: (id) => ({ action: 'move', folder: 'Elsewhere', documentIds: [id('document')] }),
  },
  'GET /api/v1/knowledge-bases/{id}/documents/{documentId}/surroundings': {
    ...document,
    query: () => ({ start: '0', end: '20' }),
  },
  'GET /api/v1/knowledge-bases/{id}/documents/{documentId}/file': document,
  'GET /api/v1/knowledge-bases/{id}/documents/{documentId}/versions/{version}/evaluations': {
    ...waiting,
    restless: true,
  },
  'POST /api/v1/knowledge-bases/{id}/documents/{documentId}/versions/{version}/publish': { ...waiting, last: true },
  'DELETE /api/v1/knowledge-bases/{id}/documents/{documentId}/versions/{version}': {
    path: { ...waiting.path, version: '=1' },
    last: true,
  },
  // In the world beside, its reading ends whenever it ends.
  'POST /api/v1/knowledge-bases/{id}/documents/{documentId}/reprocess': { ...document, last: true },
};
