import { Empty } from '@rapport/protocol/common';
import { OwnRecord } from '@rapport/protocol/privacy';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { RequestService } from './requests.service.ts';

const config = { permission: 'own-record' } as const;
const noBody = Empty.strict().nullish();

/** What a client may do about what is stored of them. */
export function ownRecordRoutes(app: App, { requests }: { requests: RequestService }) {
  app.get(
    '/api/v1/me/record',
    { config, schema: { summary: 'What is stored about me', response: { 200: OwnRecord } } },
    (request) => requests.own(actorOf(request)),
  );
  app.post(
    '/api/v1/me/record/erasure-request',
    { config, schema: { summary: 'Ask to be erased', body: noBody, response: { 200: OwnRecord } } },
    (request) => requests.ask(actorOf(request)),
  );
  app.delete(
    '/api/v1/me/record/erasure-request',
    { config, schema: { summary: 'Withdraw that wish', response: { 200: OwnRecord } } },
    (request) => requests.withdraw(actorOf(request)),
  );
}
