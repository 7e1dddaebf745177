import { AiSummary, AiTone } from '@rapport/protocol/aiInsights';
import { Empty, IdParams } from '@rapport/protocol/common';
import { ClientInsight, SessionInsight, ThreadInsight } from '@rapport/protocol/insights';
import {
  AboutOne,
  Report,
  ReportApprove,
  ReportCreate,
  ReportExport,
  ReportList,
  ReportPut,
  ReportQuery,
} from '@rapport/protocol/reports';
import { sendFile } from '../../platform/http/files.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { AiInsightService } from './ai.service.ts';
import type { ReportService } from './reports.service.ts';
import type { InsightService } from './service.ts';

const config = { permission: 'sessions.follow', rate: 'heavy' } as const;

export function insightRoutes(app: App, insights: InsightService) {
  app.get(
    '/api/v1/sessions/:id/insights',
    {
      config,
      schema: {
        summary: 'What can be counted and quoted of a session, and where in its log it stands',
        params: IdParams,
        response: { 200: SessionInsight },
      },
    },
    (request) => insights.ofSession(actorOf(request), request.params.id),
  );
  app.get(
    '/api/v1/clients/:id/insights',
    {
      config,
      schema: { summary: 'A client’s sessions over time', params: IdParams, response: { 200: ClientInsight } },
    },
    (request) => insights.ofClient(actorOf(request), request.params.id),
  );
  app.get(
    '/api/v1/threads/:id/insights',
    {
      config,
      schema: { summary: 'The sessions of a thread over time', params: IdParams, response: { 200: ThreadInsight } },
    },
    (request) => insights.ofThread(actorOf(request), request.params.id),
  );
}

const read = { permission: 'sessions.follow' } as const;
const write = { permission: 'sessions.supervise' } as const;

export function aiInsightRoutes(app: App, ai: AiInsightService) {
  app.post(
    '/api/v1/insights/summary',
    {
      config: { ...write, rate: 'heavy' },
      schema: {
        summary: 'Have the organisation’s model summarise a session, a client’s sessions or a thread’s',
        body: AboutOne,
        response: { 200: AiSummary },
      },
    },
    (request) => ai.summary(actorOf(request), request.body),
  );
  app.post(
    '/api/v1/sessions/:id/insights/tone',
    {
      config: { ...write, rate: 'heavy' },
      schema: {
        summary: 'Have the organisation’s model guess the tone of what the client of a session wrote',
        params: IdParams,
        response: { 200: AiTone },
      },
    },
    (request) => ai.tone(actorOf(request), request.params.id),
  );
  app.delete(
    '/api/v1/insights/:id',
    { config: write, schema: { summary: 'Remove what a model said', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await ai.remove(actorOf(request), request.params.id);
      return {};
    },
  );
}

export function reportRoutes(app: App, reports: ReportService) {
  const response = { 200: Report };
  app.get(
    '/api/v1/reports',
    {
      config: read,
      schema: {
        summary: 'Reports on a session, a client or a thread',
        querystring: ReportQuery,
        response: { 200: ReportList },
      },
    },
    (request) => reports.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/reports',
    {
      config: { ...write, rate: 'heavy' },
      schema: { summary: 'Begin a report with what the log tells', body: ReportCreate, response: { 201: Report } },
    },
    async (request, reply) => reply.code(201).send(await reports.create(actorOf(request), request.body)),
  );
  app.get(
    '/api/v1/reports/:id',
    { config: read, schema: { summary: 'A report', params: IdParams, response } },
    (request) => reports.get(actorOf(request), request.params.id),
  );
  app.put(
    '/api/v1/reports/:id',
    { config: write, schema: { summary: 'Change a draft of a report', params: IdParams, body: ReportPut, response } },
    (request) => reports.change(actorOf(request), request.params.id, request.body),
  );
  app.post(
    '/api/v1/reports/:id/approve',
    {
      config: { permission: 'sessions.review' },
      schema: { summary: 'Stand for a report with one’s name', params: IdParams, body: ReportApprove, response },
    },
    (request) => reports.approve(actorOf(request), request.params.id, request.body.revision),
  );
  app.delete(
    '/api/v1/reports/:id',
    { config: write, schema: { summary: 'Delete a draft of a report', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await reports.remove(actorOf(request), request.params.id);
      return {};
    },
  );
  app.get(
    '/api/v1/reports/:id/export',
    {
      config: { permission: 'sessions.export', rate: 'heavy' },
      schema: { summary: 'A report as Markdown or PDF', params: IdParams, querystring: ReportExport },
    },
    async (request, reply) =>
      sendFile(reply, await reports.export(actorOf(request), request.params.id, request.query.format)),
  );
}
