import type { Client, ClientCreate, ClientPatch } from '@rapport/protocol/clients';
import type { Page } from '@rapport/protocol/common';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Db } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import * as store from './store.ts';

export type ClientService = ReturnType<typeof createClientService>;

export function createClientService({ db }: { db: Database }) {
  return {
    async create(actor: Actor, body: z.output<typeof ClientCreate>): Promise<Client> {
      requireStaff(actor);
      return store.insertClient(db.in(actor.orgId), actor.orgId, newId(), body.name, {
        language: body.language,
        about: body.about,
      });
    },

    /** Throws `not-found`. */
    async get(actor: Actor, id: string): Promise<Client> {
      requireStaff(actor);
      const client = await store.findClient(db.in(actor.orgId), actor.orgId, id);
      if (!client) throw notFound();
      return client;
    },

    /** Throws `not-found`. */
    async update(actor: Actor, id: string, patch: z.output<typeof ClientPatch>): Promise<Client> {
      const client = await this.get(actor, id);
      return store.updateClient(db.in(actor.orgId), actor.orgId, {
        ...client,
        name: patch.name ?? client.name,
        language: patch.language ?? client.language,
        about: patch.about ?? client.about,
      });
    },

    async list(actor: Actor, page: Page): Promise<{ items: Client[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listClients(db.in(actor.orgId), actor.orgId, before, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (client) => client,
        (client) => encodeCursor(client.id),
      );
    },
  };
}

/** What the persona is told about the client; empty when there is nothing. For prompts: the session was checked already. */
export async function clientAbout(db: Db, orgId: string, id: string): Promise<string> {
  const client = await store.findClient(db, orgId, id);
  return client
    ? [`Name: ${client.name}.`, `Language: ${client.language}.`, client.about].filter(Boolean).join(' ')
    : '';
}
