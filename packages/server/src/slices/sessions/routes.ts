import { Empty, Id, IdParams, Page } from '@rapport/protocol/common';
import { CuratedAnswer, CuratedFromReview } from '@rapport/protocol/curated';
import {
  ClientSession,
  ExportQuery,
  Guidance,
  MessageAccepted,
  MessageList,
  MessagePost,
  MessageQuery,
  ReplyList,
  Session,
  SessionCreate,
  SessionList,
  SessionQuery,
} from '@rapport/protocol/sessions';
import { SessionPolicy } from '@rapport/protocol/supervision';
import { z } from 'zod';
import { decodeCursor } from '../../platform/cursor.ts';
import { sendFile } from '../../platform/http/files.ts';
import { idempotencyKey } from '../../platform/http/idempotency.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { Curating } from './curating.ts';
import type { ConversationService } from './conversation.service.ts';
import type { SessionService } from './service.ts';
import type { TranscriptService } from './transcript.service.ts';

const read = { permission: 'sessions.read' } as const;
const follow = { permission: 'sessions.follow' } as const;
const supervise = { permission: 'sessions.supervise' } as const;
const takePart = { permission: 'sessions.take-part' } as const;
const ReplyParams = z.strictObject({ id: Id, replyId: Id });
const Created = z.object({ id: Id, seq: z.number().int() });
const ReplyStarted = z.object({ replyId: Id });
const noBody = Empty.strict().nullish();

export function sessionRoutes(
  app: App,
  parts: {
    sessions: SessionService;
    conversations: ConversationService;
    transcripts: TranscriptService;
    curating: Curating;
  },
) {
  const { sessions, conversations, transcripts } = parts;
  curatingRoutes(app, parts.curating);
  app.get(
    '/api/v1/sessions',
    {
      config: read,
      schema: { summary: 'List sessions by last activity', querystring: SessionQuery, response: { 200: SessionList } },
    },
    (request) => sessions.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/sessions',
    { config: supervise, schema: { summary: 'Start a session', body: SessionCreate, response: { 201: Session } } },
    async (request, reply) => reply.code(201).send(await sessions.create(actorOf(request), request.body)),
  );
  app.get(
    '/api/v1/sessions/:id',
    { config: read, schema: { summary: 'One session', params: IdParams, response: { 200: Session } } },
    (request) => sessions.get(actorOf(request), request.params.id),
  );
  app.get(
    '/api/v1/sessions/:id/client-view',
    {
      config: follow,
      schema: { summary: 'What the client may know', params: IdParams, response: { 200: ClientSession } },
    },
    (request) => sessions.clientView(actorOf(request), request.params.id),
  );
  controlRoutes(app, sessions);
  app.post(
    '/api/v1/sessions/:id/guidance',
    {
      config: supervise,
      schema: { summary: 'Guide the persona privately', params: IdParams, body: Guidance, response: { 201: Created } },
    },
    async (request, reply) =>
      reply.code(201).send(await conversations.guide(actorOf(request), request.params.id, request.body.text)),
  );
  messageRoutes(app, conversations);
  replyRoutes(app, conversations);
  app.get(
    '/api/v1/sessions/:id/export',
    {
      config: { permission: 'sessions.export', rate: 'heavy' },
      schema: { summary: 'The transcript as a file', params: IdParams, querystring: ExportQuery },
    },
    async (request, reply) => {
      const file = await transcripts.export(actorOf(request), request.params.id, request.query.format);
      return sendFile(reply, file);
    },
  );
}

function controlRoutes(app: App, sessions: SessionService) {
  for (const act of ['pause', 'resume', 'takeover', 'handback', 'end'] as const) {
    app.post(
      `/api/v1/sessions/:id/${act}`,
      {
        config: supervise,
        schema: { summary: `Session: ${act}`, params: IdParams, body: noBody, response: { 200: Session } },
      },
      (request) => sessions[act](actorOf(request), request.params.id),
    );
  }
  app.put(
    '/api/v1/sessions/:id/policy',
    {
      config: supervise,
      schema: {
        summary: 'Set how a session is supervised',
        params: IdParams,
        body: SessionPolicy,
        response: { 200: Session },
      },
    },
    (request) => sessions.setPolicy(actorOf(request), request.params.id, request.body.policy),
  );
}

function messageRoutes(app: App, conversations: ConversationService) {
  app.get(
    '/api/v1/sessions/:id/messages',
    {
      config: follow,
      schema: {
        summary: 'Messages in order of seq; `next` leads to older ones',
        params: IdParams,
        querystring: MessageQuery,
        response: { 200: MessageList },
      },
    },
    (request) => {
      const [fromCursor] = decodeCursor(request.query.cursor, 1) ?? [];
      const before = request.query.before ?? (fromCursor === undefined ? null : Number(fromCursor));
      return conversations.messages(actorOf(request), request.params.id, before, request.query.limit);
    },
  );
  app.post(
    '/api/v1/sessions/:id/messages',
    {
      config: { ...takePart, idempotency: 'own', rate: 'reply' },
      schema: { summary: 'Write a message', params: IdParams, body: MessagePost, response: { 202: MessageAccepted } },
    },
    async (request, reply) => {
      const accepted = await conversations.post(
        actorOf(request),
        request.params.id,
        request.body.text,
        idempotencyKey(request),
      );
      return reply.code(202).send(accepted);
    },
  );
}

function replyRoutes(app: App, conversations: ConversationService) {
  app.get(
    '/api/v1/sessions/:id/replies',
    {
      config: read,
      schema: { summary: 'What made each reply', params: IdParams, querystring: Page, response: { 200: ReplyList } },
    },
    (request) => conversations.replies(actorOf(request), request.params.id, request.query),
  );
  app.post(
    '/api/v1/sessions/:id/replies/:replyId/stop',
    {
      config: takePart,
      schema: { summary: 'Stop a running reply', params: ReplyParams, body: noBody, response: { 204: z.null() } },
    },
    async (request, reply) => {
      await conversations.stopReply(actorOf(request), request.params.id, request.params.replyId);
      return reply.code(204).send(null);
    },
  );
  app.post(
    '/api/v1/sessions/:id/regenerate',
    {
      config: { ...takePart, rate: 'reply' },
      schema: { summary: 'Make the last reply again', params: IdParams, body: noBody, response: { 202: ReplyStarted } },
    },
    async (request, reply) => reply.code(202).send(await conversations.regenerate(actorOf(request), request.params.id)),
  );
}

function curatingRoutes(app: App, curating: Curating) {
  app.post(
    '/api/v1/reviews/:id/curated-answer',
    {
      config: { permission: 'knowledge.manage' },
      schema: {
        summary: 'Approve what was made of a draft as the answer to its question, in the knowledge base of its persona',
        params: IdParams,
        body: CuratedFromReview,
        response: { 201: CuratedAnswer },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await curating.approve(actorOf(request), request.params.id, request.body)),
  );
}
