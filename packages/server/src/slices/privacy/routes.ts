import { Id, IdParams, Page } from '@rapport/protocol/common';
import {
  Erasure,
  ErasureCreate,
  ErasureList,
  ErasureRequest,
  ErasureRequestDecline,
  ErasureRequestList,
  ErasureRequestQuery,
  LegalHold,
  LegalHoldCreate,
  LegalHoldLift,
  LegalHoldList,
  LegalHoldQuery,
  SigningKey,
  StoredRecord,
  SubjectKind,
} from '@rapport/protocol/privacy';
import { z } from 'zod';
import { sendFile } from '../../platform/http/files.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { ErasureService } from './erasure.service.ts';
import type { HoldService } from './holds.service.ts';
import type { RequestService } from './requests.service.ts';

const read = { permission: 'privacy.read' } as const;
const erase = { permission: 'privacy.manage' } as const;
const hold = { permission: 'privacy.manage' } as const;
const SubjectParams = z.strictObject({ kind: SubjectKind, id: Id });

export interface PrivacyServices {
  erasures: ErasureService;
  holds: HoldService;
  requests: RequestService;
}

export function privacyRoutes(app: App, { erasures, holds, requests }: PrivacyServices) {
  app.get(
    '/api/v1/privacy/records/:kind/:id',
    {
      config: erase,
      schema: {
        summary: 'What is stored of a client, and what an erasure would take',
        params: SubjectParams,
        response: { 200: StoredRecord },
      },
    },
    (request) => erasures.preview(actorOf(request), request.params),
  );
  erasureRoutes(app, erasures);
  holdRoutes(app, holds);
  requestRoutes(app, requests);
}

function erasureRoutes(app: App, erasures: ErasureService) {
  app.get(
    '/api/v1/privacy/erasures',
    {
      config: read,
      schema: { summary: 'List erasures, newest first', querystring: Page, response: { 200: ErasureList } },
    },
    (request) => erasures.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/privacy/erasures',
    {
      config: erase,
      schema: { summary: 'Erase a client for good', body: ErasureCreate, response: { 201: Erasure } },
    },
    async (request, reply) => {
      const { subject, confirm } = request.body;
      return reply.code(201).send(await erasures.erase(actorOf(request), subject, confirm));
    },
  );
  app.get(
    '/api/v1/privacy/erasures/:id',
    { config: read, schema: { summary: 'One erasure', params: IdParams, response: { 200: Erasure } } },
    (request) => erasures.get(actorOf(request), request.params.id),
  );
  app.get(
    '/api/v1/privacy/erasures/:id/receipt',
    { config: read, schema: { summary: 'The signed receipt as a file', params: IdParams } },
    async (request, reply) => {
      const text = await erasures.receipt(actorOf(request), request.params.id);
      return sendFile(reply, { name: `erasure-${request.params.id}.json`, type: 'application/json', body: text });
    },
  );
  app.get(
    '/api/v1/privacy/signing-key',
    { config: read, schema: { summary: 'The key that receipts are checked with', response: { 200: SigningKey } } },
    (request) => erasures.publicKey(actorOf(request)),
  );
}

function holdRoutes(app: App, holds: HoldService) {
  app.get(
    '/api/v1/privacy/holds',
    {
      config: hold,
      schema: {
        summary: 'List legal holds, newest first',
        querystring: LegalHoldQuery,
        response: { 200: LegalHoldList },
      },
    },
    (request) => holds.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/privacy/holds',
    { config: hold, schema: { summary: 'Place a legal hold', body: LegalHoldCreate, response: { 201: LegalHold } } },
    async (request, reply) => {
      const { subject, reason } = request.body;
      return reply.code(201).send(await holds.place(actorOf(request), subject, reason));
    },
  );
  app.post(
    '/api/v1/privacy/holds/:id/lift',
    {
      config: hold,
      schema: { summary: 'Lift a legal hold', params: IdParams, body: LegalHoldLift, response: { 200: LegalHold } },
    },
    (request) => holds.lift(actorOf(request), request.params.id, request.body.reason),
  );
}

function requestRoutes(app: App, requests: RequestService) {
  app.get(
    '/api/v1/privacy/requests',
    {
      config: erase,
      schema: {
        summary: 'Clients’ wishes to be erased, newest first',
        querystring: ErasureRequestQuery,
        response: { 200: ErasureRequestList },
      },
    },
    (request) => requests.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/privacy/requests/:id/decline',
    {
      config: erase,
      schema: {
        summary: 'Tell a client why not',
        params: IdParams,
        body: ErasureRequestDecline,
        response: { 200: ErasureRequest },
      },
    },
    (request) => requests.decline(actorOf(request), request.params.id, request.body.answer),
  );
}
