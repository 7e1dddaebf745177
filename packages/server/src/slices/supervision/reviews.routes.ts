import { Empty, IdParams } from '@rapport/protocol/common';
import {
  Deputy,
  DeputyShown,
  ReviewDraft,
  ReviewEdit,
  ReviewHandover,
  ReviewList,
  ReviewQuery,
  ReviewReject,
  ReviewRelease,
  SupervisionPolicy,
} from '@rapport/protocol/supervision';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { ClaimService } from './claims.service.ts';
import type { DeputyService } from './deputies.service.ts';
import type { PolicyService } from './policies.service.ts';
import type { ReviewService } from './reviews.service.ts';

const review = { permission: 'sessions.review' } as const;
const follow = { permission: 'sessions.follow' } as const;
const noBody = Empty.strict().nullish();
const reviews = '/api/v1/reviews';

export function supervisionRoutes(
  app: App,
  parts: { reviews: ReviewService; policies: PolicyService; claims: ClaimService; deputies: DeputyService },
) {
  app.get(
    '/api/v1/organisation/supervision',
    {
      config: { permission: 'sessions.read' },
      schema: { summary: 'How the organisation supervises', response: { 200: SupervisionPolicy } },
    },
    (request) => parts.policies.get(actorOf(request)),
  );
  app.put(
    '/api/v1/organisation/supervision',
    {
      config: { permission: 'organisation.manage' },
      schema: {
        summary: 'Set how the organisation supervises',
        body: SupervisionPolicy,
        response: { 200: SupervisionPolicy },
      },
    },
    (request) => parts.policies.put(actorOf(request), request.body),
  );
  app.get(
    '/api/v1/deputy',
    { config: review, schema: { summary: 'One’s own deputy', response: { 200: DeputyShown } } },
    (request) => parts.deputies.get(actorOf(request)),
  );
  app.put(
    '/api/v1/deputy',
    { config: review, schema: { summary: 'Name a deputy', body: Deputy, response: { 200: DeputyShown } } },
    (request) => parts.deputies.set(actorOf(request), request.body.userId),
  );
  queueRoutes(app, parts.reviews);
  claimRoutes(app, parts.claims);
  decisionRoutes(app, parts.reviews);
}

function queueRoutes(app: App, service: ReviewService) {
  app.get(
    reviews,
    {
      config: follow,
      schema: { summary: 'Held replies, by risk and age', querystring: ReviewQuery, response: { 200: ReviewList } },
    },
    (request) => service.list(actorOf(request), request.query),
  );
  app.get(
    `${reviews}/:id`,
    {
      config: follow,
      schema: { summary: 'A held reply with its words', params: IdParams, response: { 200: ReviewDraft } },
    },
    (request) => service.get(actorOf(request), request.params.id),
  );
}

function claimRoutes(app: App, service: ClaimService) {
  for (const [act, summary] of [
    ['claim', 'Take a held reply into one’s hands'],
    ['unclaim', 'Give a held reply back'],
  ] as const) {
    app.post(
      `${reviews}/:id/${act}`,
      { config: review, schema: { summary, params: IdParams, body: noBody, response: { 200: ReviewDraft } } },
      (request) => service[act](actorOf(request), request.params.id),
    );
  }
  app.post(
    `${reviews}/:id/hand-over`,
    {
      config: review,
      schema: {
        summary: 'Give a held reply to a colleague',
        params: IdParams,
        body: ReviewHandover,
        response: { 200: ReviewDraft },
      },
    },
    (request) => service.handOver(actorOf(request), request.params.id, request.body.userId),
  );
}

function decisionRoutes(app: App, service: ReviewService) {
  app.put(
    `${reviews}/:id/draft`,
    {
      config: review,
      schema: {
        summary: 'Change the words of a held reply',
        params: IdParams,
        body: ReviewEdit,
        response: { 200: ReviewDraft },
      },
    },
    (request) => service.edit(actorOf(request), request.params.id, request.body),
  );
  app.post(
    `${reviews}/:id/release`,
    {
      config: review,
      schema: {
        summary: 'Send a held reply, or a first part of it',
        params: IdParams,
        body: ReviewRelease,
        response: { 200: ReviewDraft },
      },
    },
    (request) => service.release(actorOf(request), request.params.id, request.body),
  );
  app.post(
    `${reviews}/:id/reject`,
    {
      config: review,
      schema: { summary: 'Reject a held reply', params: IdParams, body: ReviewReject, response: { 200: ReviewDraft } },
    },
    (request) => service.reject(actorOf(request), request.params.id, request.body),
  );
}
