import { Empty, IdParams, Page } from '@rapport/protocol/common';
import {
  AnswersPost,
  Questionnaire,
  QuestionnaireAsk,
  QuestionnaireForm,
  QuestionnaireList,
  QuestionnaireParams,
} from '@rapport/protocol/questionnaires';
import { z } from 'zod';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { SessionQuestionnaireService } from './questionnaires.service.ts';

const one = '/api/v1/sessions/:id/questionnaires/:questionnaireId';
const supervise = { permission: 'sessions.supervise' } as const;
const none = { 204: z.null() };

export function sessionQuestionnaireRoutes(app: App, questionnaires: SessionQuestionnaireService) {
  app.get(
    '/api/v1/sessions/:id/questionnaires',
    {
      config: { permission: 'sessions.read' },
      schema: {
        summary: 'Questionnaires of a session with their scores, newest first',
        params: IdParams,
        querystring: Page,
        response: { 200: QuestionnaireList },
      },
    },
    (request) => questionnaires.list(actorOf(request), request.params.id, request.query),
  );
  app.post(
    '/api/v1/sessions/:id/questionnaires',
    {
      config: supervise,
      schema: {
        summary: 'Ask the client to fill in a questionnaire',
        params: IdParams,
        body: QuestionnaireAsk,
        response: { 201: Questionnaire },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await questionnaires.ask(actorOf(request), request.params.id, request.body.instrument)),
  );
  app.get(
    one,
    {
      config: { permission: 'sessions.follow' },
      schema: {
        summary: 'What the client is asked',
        params: QuestionnaireParams,
        response: { 200: QuestionnaireForm },
      },
    },
    (request) => questionnaires.form(actorOf(request), request.params.id, request.params.questionnaireId),
  );
  app.post(
    `${one}/answers`,
    {
      config: { permission: 'sessions.take-part' },
      schema: { summary: 'Answer a questionnaire', params: QuestionnaireParams, body: AnswersPost, response: none },
    },
    async (request, reply) => {
      const { id, questionnaireId } = request.params;
      await questionnaires.answer(actorOf(request), id, questionnaireId, request.body.answers);
      return reply.code(204).send(null);
    },
  );
  app.post(
    `${one}/withdraw`,
    {
      config: supervise,
      schema: {
        summary: 'Ask for a questionnaire no longer',
        params: QuestionnaireParams,
        body: Empty.strict().nullish(),
        response: none,
      },
    },
    async (request, reply) => {
      await questionnaires.withdraw(actorOf(request), request.params.id, request.params.questionnaireId);
      return reply.code(204).send(null);
    },
  );
}
