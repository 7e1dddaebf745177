import type { Client, ClientCreate, ClientPatch, ClientQuery } from '@rapport/protocol/clients';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Db } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Keyring } from '../../platform/keys/keyring.ts';
import { setAssignments } from './assignments.store.ts';
import { viewerOf } from './caseload.ts';
import * as store from './store.ts';

export type ClientService = ReturnType<typeof createClientService>;

export function createClientService({ db, keyring }: { db: Database; keyring: Keyring }) {
  return {
    async create(actor: Actor, body: z.output<typeof ClientCreate>): Promise<Client> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      const id = newId();
      const toSelf = viewerOf(actor) !== null;
      return db.in(orgId).tx(async (tx) => {
        await keyring.create(tx, orgId, id);
        const client = await store.insertClient(tx, orgId, id, body.name, {
          language: body.language,
          about: body.about,
        });
        // Whoever does not see all clients would lose sight of this one.
        if (toSelf) await setAssignments(tx, orgId, id, { memberIds: [userId], teamIds: [] }, userId);
        return client;
      });
    },

    /** Throws `not-found`. */
    async get(actor: Actor, id: string): Promise<Client> {
      requireStaff(actor);
      const client = await store.findClient(db.in(actor.orgId), actor.orgId, id, viewerOf(actor));
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

    async list(actor: Actor, page: ClientQuery): Promise<{ items: Client[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listClients(
        db.in(actor.orgId),
        actor.orgId,
        viewerOf(actor),
        page.q,
        before,
        page.limit + 1,
      );
      return toPage(
        rows,
        page.limit,
        (client) => client,
        (client) => encodeCursor(client.id),
      );
    },
  };
}

/** What is known to identify the client of a session, to be taken out of an export. */
export async function identifiersOfClient(
  db: Db,
  orgId: string,
  id: string | null,
): Promise<{ name: string | null; about: string }> {
  const client = id === null ? undefined : await store.findClient(db, orgId, id, null);
  return { name: client?.name ?? null, about: client?.about ?? '' };
}

/** What a reply needs of the client, if there is one. The session was checked already. */
export async function clientOfReply(
  db: Db,
  orgId: string,
  id: string | null,
): Promise<{ about: string; language?: string }> {
  const client = id === null ? undefined : await store.findClient(db, orgId, id, null);
  if (!client) return { about: '' };
  const { name, language, about } = client;
  return { language, about: [`Name: ${name}.`, `Language: ${language}.`, about].filter(Boolean).join(' ') };
}
