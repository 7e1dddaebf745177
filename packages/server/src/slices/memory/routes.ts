import { Empty, Id, IdParams } from '@rapport/protocol/common';
import {
  Memory,
  MemoryCorrect,
  MemoryCreate,
  MemoryHistory,
  MemoryList,
  MemoryPatch,
  MemoryPolicy,
  MemoryQuery,
  ReplyContext,
} from '@rapport/protocol/memory';
import { z } from 'zod';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { RecallService } from './recall.service.ts';
import type { MemoryService } from './service.ts';

const read = { permission: 'memory.read' } as const;
const manage = { permission: 'memory.manage' } as const;
const ReplyParams = z.strictObject({ id: Id, replyId: Id });
const noBody = Empty.strict().nullish();

export function memoryRoutes(app: App, { memories, recall }: { memories: MemoryService; recall: RecallService }) {
  for (const kind of ['client', 'persona', 'thread'] as const) {
    app.get(
      `/api/v1/${kind}s/:id/memories`,
      {
        config: read,
        schema: {
          summary: `What is remembered about a ${kind}, newest first; with \`at\` as it stood then`,
          params: IdParams,
          querystring: MemoryQuery,
          response: { 200: MemoryList },
        },
      },
      (request) => memories.list(actorOf(request), { kind, id: request.params.id }, request.query),
    );
    app.post(
      `/api/v1/${kind}s/:id/memories`,
      {
        config: manage,
        schema: {
          summary: `Write what is to be remembered about a ${kind}`,
          params: IdParams,
          body: MemoryCreate,
          response: { 201: Memory },
        },
      },
      async (request, reply) =>
        reply.code(201).send(await memories.create(actorOf(request), { kind, id: request.params.id }, request.body)),
    );
  }
  oneRoutes(app, memories);
  app.get(
    '/api/v1/sessions/:id/replies/:replyId/context',
    {
      config: read,
      schema: { summary: 'What a reply was given', params: ReplyParams, response: { 200: ReplyContext } },
    },
    (request) => recall.contextOf(actorOf(request), request.params.id, request.params.replyId),
  );
  app.get(
    '/api/v1/memory-policy',
    { config: read, schema: { summary: 'What may be remembered and recalled', response: { 200: MemoryPolicy } } },
    (request) => memories.policy(actorOf(request)),
  );
  app.put(
    '/api/v1/memory-policy',
    {
      config: { permission: 'organisation.manage' },
      schema: {
        summary: 'Set what may be remembered and recalled',
        body: MemoryPolicy,
        response: { 200: MemoryPolicy },
      },
    },
    (request) => memories.putPolicy(actorOf(request), request.body),
  );
}

function oneRoutes(app: App, memories: MemoryService) {
  app.get(
    '/api/v1/memories/:id',
    { config: read, schema: { summary: 'One memory', params: IdParams, response: { 200: Memory } } },
    (request) => memories.get(actorOf(request), request.params.id),
  );
  app.get(
    '/api/v1/memories/:id/history',
    { config: read, schema: { summary: 'How it came to be', params: IdParams, response: { 200: MemoryHistory } } },
    async (request) => ({ items: await memories.history(actorOf(request), request.params.id) }),
  );
  for (const act of ['approve', 'reject', 'retire'] as const) {
    app.post(
      `/api/v1/memories/:id/${act}`,
      {
        config: manage,
        schema: { summary: `Memory: ${act}`, params: IdParams, body: noBody, response: { 200: Memory } },
      },
      (request) => memories[act](actorOf(request), request.params.id),
    );
  }
  app.patch(
    '/api/v1/memories/:id',
    {
      config: manage,
      schema: {
        summary: 'Change its tags, sensitivity, salience or validity',
        params: IdParams,
        body: MemoryPatch,
        response: { 200: Memory },
      },
    },
    (request) => memories.patch(actorOf(request), request.params.id, request.body),
  );
  app.post(
    '/api/v1/memories/:id/correct',
    {
      config: manage,
      schema: {
        summary: 'Put another statement in its place',
        params: IdParams,
        body: MemoryCorrect,
        response: { 201: Memory },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await memories.correct(actorOf(request), request.params.id, request.body)),
  );
}
