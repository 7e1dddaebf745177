import { Empty, Id, IdParams, Page } from '@rapport/protocol/common';
import {
  Evaluation,
  EvaluationCreate,
  EvaluationList,
  EvaluationReplace,
  EvaluationRun,
  EvaluationRunDetail,
  EvaluationRunList,
} from '@rapport/protocol/evaluations';
import { z } from 'zod';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { EvaluationService } from './evaluations.service.ts';

const all = '/api/v1/knowledge-bases/:id/evaluations';
const one = `${all}/:evaluationId`;
const read = { permission: 'knowledge.read' } as const;
const manage = { permission: 'knowledge.manage' } as const;
const Params = z.strictObject({ id: Id, evaluationId: Id });
const RunParams = Params.extend({ runId: Id });
const noBody = Empty.strict().nullish();

export function evaluationRoutes(app: App, evaluations: EvaluationService) {
  app.get(
    all,
    {
      config: read,
      schema: {
        summary: 'List the evaluations, each with its newest run',
        params: IdParams,
        querystring: Page,
        response: { 200: EvaluationList },
      },
    },
    (request) => evaluations.list(actorOf(request), request.params.id, request.query),
  );
  app.post(
    all,
    {
      config: manage,
      schema: {
        summary: 'Save questions with the documents that should be found for them',
        params: IdParams,
        body: EvaluationCreate,
        response: { 201: Evaluation },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await evaluations.create(actorOf(request), request.params.id, request.body)),
  );
  app.put(
    one,
    {
      config: manage,
      schema: {
        summary: 'Change its questions',
        params: Params,
        body: EvaluationReplace,
        response: { 200: Evaluation },
      },
    },
    (request) => evaluations.replace(actorOf(request), request.params.id, request.params.evaluationId, request.body),
  );
  app.delete(
    one,
    {
      config: manage,
      schema: { summary: 'Delete it with its runs', params: Params, response: { 200: Empty } },
    },
    async (request) => {
      await evaluations.remove(actorOf(request), request.params.id, request.params.evaluationId);
      return {};
    },
  );
  runRoutes(app, evaluations);
}

function runRoutes(app: App, evaluations: EvaluationService) {
  app.get(
    `${one}/runs`,
    {
      config: read,
      schema: {
        summary: 'Its runs, newest first',
        params: Params,
        querystring: Page,
        response: { 200: EvaluationRunList },
      },
    },
    (request) => evaluations.runs(actorOf(request), request.params.id, request.params.evaluationId, request.query),
  );
  app.post(
    `${one}/runs`,
    {
      config: manage,
      schema: {
        summary: 'Run it now; it is answered at once and runs in the background',
        params: Params,
        body: noBody,
        response: { 202: EvaluationRun },
      },
    },
    async (request, reply) =>
      reply.code(202).send(await evaluations.run(actorOf(request), request.params.id, request.params.evaluationId)),
  );
  app.get(
    `${one}/runs/:runId`,
    {
      config: read,
      schema: {
        summary: 'One run: each question, and what has changed since the run before',
        params: RunParams,
        response: { 200: EvaluationRunDetail },
      },
    },
    (request) => {
      const { id, evaluationId, runId } = request.params;
      return evaluations.result(actorOf(request), id, evaluationId, runId);
    },
  );
}
