import { Empty, IdParams, Page } from '@rapport/protocol/common';
import {
  ConsentAnswers,
  ConsentQuestionQuery,
  ConsentQuestions,
  ConsentRecordCreate,
  ConsentRecordList,
  ConsentSettingPut,
  ConsentSettings,
  ConsentStates,
  ConsentTextPublish,
  ConsentTextVersions,
  PurposeParams,
} from '@rapport/protocol/consents';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { ConsentService } from './consents.service.ts';

const read = { permission: 'privacy.read' } as const;
const manage = { permission: 'privacy.manage' } as const;
const record = { permission: 'consents.manage' } as const;
const takePart = { permission: 'sessions.take-part' } as const;

export function consentRoutes(app: App, consents: ConsentService) {
  wordingRoutes(app, consents);
  clientRoutes(app, consents);
  app.get(
    '/api/v1/sessions/:id/consents',
    {
      config: takePart,
      schema: {
        summary: 'What the client of a session is asked to agree to, and what they said',
        params: IdParams,
        querystring: ConsentQuestionQuery,
        response: { 200: ConsentQuestions },
      },
    },
    async (request) => {
      const wanted = request.query.language ?? request.headers['accept-language'] ?? '';
      return { items: await consents.questions(actorOf(request), request.params.id, wanted) };
    },
  );
  app.post(
    '/api/v1/sessions/:id/consents',
    {
      config: takePart,
      schema: {
        summary: 'Agree, or withdraw: the client’s own answers',
        params: IdParams,
        body: ConsentAnswers,
        response: { 200: Empty },
      },
    },
    async (request) => {
      await consents.answer(actorOf(request), request.params.id, request.body);
      return {};
    },
  );
}

function wordingRoutes(app: App, consents: ConsentService) {
  app.get(
    '/api/v1/privacy/consents',
    { config: read, schema: { summary: 'What clients are asked to agree to', response: { 200: ConsentSettings } } },
    async (request) => ({ items: await consents.settings(actorOf(request)) }),
  );
  app.put(
    '/api/v1/privacy/consents/:purpose',
    {
      config: manage,
      schema: {
        summary: 'Ask for a purpose, or no longer',
        params: PurposeParams,
        body: ConsentSettingPut,
        response: { 200: ConsentSettings },
      },
    },
    async (request) => ({
      items: await consents.setAsked(actorOf(request), request.params.purpose, request.body.asked),
    }),
  );
  app.get(
    '/api/v1/privacy/consents/:purpose/versions',
    {
      config: read,
      schema: {
        summary: 'Every version of a purpose’s text, newest first',
        params: PurposeParams,
        response: { 200: ConsentTextVersions },
      },
    },
    async (request) => ({ items: await consents.versions(actorOf(request), request.params.purpose) }),
  );
  app.post(
    '/api/v1/privacy/consents/:purpose/versions',
    {
      config: manage,
      schema: {
        summary: 'Publish a new version of a purpose’s text',
        params: PurposeParams,
        body: ConsentTextPublish,
        response: { 201: ConsentSettings },
      },
    },
    async (request, reply) => {
      const items = await consents.publish(actorOf(request), request.params.purpose, request.body);
      return reply.code(201).send({ items });
    },
  );
}

function clientRoutes(app: App, consents: ConsentService) {
  app.get(
    '/api/v1/clients/:id/consents',
    { config: record, schema: { summary: 'How a client stands', params: IdParams, response: { 200: ConsentStates } } },
    async (request) => ({ items: await consents.states(actorOf(request), request.params.id) }),
  );
  app.post(
    '/api/v1/clients/:id/consents',
    {
      config: record,
      schema: {
        summary: 'Write down what a client agreed to on paper, or withdrew',
        params: IdParams,
        body: ConsentRecordCreate,
        response: { 201: ConsentStates },
      },
    },
    async (request, reply) =>
      reply.code(201).send({ items: await consents.write(actorOf(request), request.params.id, request.body) }),
  );
  app.get(
    '/api/v1/clients/:id/consents/records',
    {
      config: record,
      schema: {
        summary: 'Everything a client said, newest first',
        params: IdParams,
        querystring: Page,
        response: { 200: ConsentRecordList },
      },
    },
    (request) => consents.records(actorOf(request), request.params.id, request.query),
  );
}
