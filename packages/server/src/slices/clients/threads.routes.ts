import { Empty, IdParams, Page } from '@rapport/protocol/common';
import {
  ClientThreadQuery,
  Thread,
  ThreadCreate,
  ThreadFolder,
  ThreadFolderCreate,
  ThreadFolderDelete,
  ThreadFolderList,
  ThreadFolderPatch,
  ThreadList,
  ThreadMemoryParams,
  ThreadPatch,
  ThreadQuery,
} from '@rapport/protocol/threads';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { ThreadFolderService } from './threadFolders.service.ts';
import type { ThreadService } from './threads.service.ts';

const read = { permission: 'clients.read' } as const;
const manage = { permission: 'clients.manage' } as const;
const params = IdParams;

export function threadRoutes(app: App, threads: ThreadService, folders: ThreadFolderService) {
  listRoutes(app, threads);
  app.get(
    '/api/v1/threads/:id',
    { config: read, schema: { summary: 'One thread', params, response: { 200: Thread } } },
    (request) => threads.get(actorOf(request), request.params.id),
  );
  app.patch(
    '/api/v1/threads/:id',
    {
      config: manage,
      schema: { summary: 'Change a thread', params, body: ThreadPatch, response: { 200: Thread } },
    },
    (request) => threads.update(actorOf(request), request.params.id, request.body),
  );
  app.delete(
    '/api/v1/threads/:id',
    {
      config: manage,
      schema: { summary: 'Delete a thread that nothing belongs to', params, response: { 200: Empty } },
    },
    async (request) => {
      await threads.remove(actorOf(request), request.params.id);
      return {};
    },
  );
  referenceRoutes(app, threads);
  folderRoutes(app, folders);
}

function listRoutes(app: App, threads: ThreadService) {
  app.get(
    '/api/v1/threads',
    {
      config: read,
      schema: {
        summary: 'Threads of the clients one may see, newest first',
        querystring: ThreadQuery,
        response: { 200: ThreadList },
      },
    },
    (request) => threads.list(actorOf(request), request.query),
  );
  app.get(
    '/api/v1/clients/:id/threads',
    {
      config: read,
      schema: {
        summary: 'Threads of a client, newest first',
        params,
        querystring: ClientThreadQuery,
        response: { 200: ThreadList },
      },
    },
    (request) => threads.ofClient(actorOf(request), request.params.id, request.query),
  );
  app.post(
    '/api/v1/clients/:id/threads',
    { config: manage, schema: { summary: 'Begin a thread', params, body: ThreadCreate, response: { 201: Thread } } },
    async (request, reply) =>
      reply.code(201).send(await threads.create(actorOf(request), request.params.id, request.body)),
  );
}

function referenceRoutes(app: App, threads: ThreadService) {
  app.put(
    '/api/v1/threads/:id/memories/:memoryId',
    {
      config: manage,
      schema: {
        summary: 'Refer to a memory of the client',
        params: ThreadMemoryParams,
        response: { 200: Empty },
      },
    },
    async (request) => {
      await threads.refer(actorOf(request), request.params.id, request.params.memoryId);
      return {};
    },
  );
  app.delete(
    '/api/v1/threads/:id/memories/:memoryId',
    {
      config: manage,
      schema: { summary: 'Refer to it no longer', params: ThreadMemoryParams, response: { 200: Empty } },
    },
    async (request) => {
      await threads.unrefer(actorOf(request), request.params.id, request.params.memoryId);
      return {};
    },
  );
}

function folderRoutes(app: App, folders: ThreadFolderService) {
  app.get(
    '/api/v1/thread-folders',
    {
      config: read,
      schema: {
        summary: 'The tree of folders, oldest first',
        querystring: Page,
        response: { 200: ThreadFolderList },
      },
    },
    (request) => folders.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/thread-folders',
    {
      config: manage,
      schema: { summary: 'Make a folder', body: ThreadFolderCreate, response: { 201: ThreadFolder } },
    },
    async (request, reply) => reply.code(201).send(await folders.create(actorOf(request), request.body)),
  );
  app.patch(
    '/api/v1/thread-folders/:id',
    {
      config: manage,
      schema: {
        summary: 'Rename or move a folder',
        params,
        body: ThreadFolderPatch,
        response: { 200: ThreadFolder },
      },
    },
    (request) => folders.update(actorOf(request), request.params.id, request.body),
  );
  app.delete(
    '/api/v1/thread-folders/:id',
    {
      config: manage,
      schema: {
        summary: 'Delete a folder',
        params,
        querystring: ThreadFolderDelete,
        response: { 200: Empty },
      },
    },
    async (request) => {
      await folders.remove(actorOf(request), request.params.id, request.query.contents);
      return {};
    },
  );
}
