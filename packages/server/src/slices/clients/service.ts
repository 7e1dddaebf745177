import type { Client, ClientCreate, ClientPatch, ClientQuery } from '@rapport/protocol/clients';
import type { z } from 'zod';
import type { Rung } from '@rapport/protocol/supervision';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Db, Tx } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Keyring } from '../../platform/keys/keyring.ts';
import { setAssignments } from './assignments.store.ts';
import { viewerOf } from './caseload.ts';
import { uniqueTags } from './schema.ts';
import * as store from './store.ts';

export type ClientService = ReturnType<typeof createClientService>;

interface Parts {
  db: Database;
  keyring: Keyring;
  audit: Audit;
  /** Throws `pack-forbids` for a rung that a jurisdiction pack does not allow. */
  requireRung(orgId: string, rung: Rung): Promise<void>;
  /** How their sessions are supervised has changed; it concerns the replies that run, too. */
  onPolicy(tx: Tx, actor: Actor, clientId: string, policy: Rung): Promise<void>;
}

export function createClientService({ db, keyring, audit, requireRung, onPolicy }: Parts) {
  return {
    /** Throws `pack-forbids`. */
    async create(actor: Actor, body: z.output<typeof ClientCreate>): Promise<Client> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      const id = newId();
      const toSelf = viewerOf(actor) !== null;
      // `auto` asks for nothing of its own.
      if (body.policy !== 'auto') await requireRung(orgId, body.policy);
      return audit.acting(actor, 'client.created', { client: id }, async (tx) => {
        await keyring.create(tx, orgId, id);
        const { name, tags, ...profile } = body;
        const client = await store.insertClient(tx, orgId, id, name, { ...profile, tags: uniqueTags(tags) });
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
      await audit.read(actor, 'client.read', { client: id });
      return client;
    },

    /** Throws `not-found`, `pack-forbids`. */
    async update(actor: Actor, id: string, patch: z.output<typeof ClientPatch>): Promise<Client> {
      const client = await this.get(actor, id);
      if (patch.policy && patch.policy !== client.policy) await requireRung(actor.orgId, patch.policy);
      return audit.acting(actor, 'client.changed', { client: id }, async (tx) => {
        const changed = await store.updateClient(tx, actor.orgId, {
          ...client,
          ...(Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as Partial<Client>),
          tags: uniqueTags(patch.tags ?? client.tags),
        });
        if (changed.policy !== client.policy) await onPolicy(tx, actor, id, changed.policy);
        return changed;
      });
    },

    async list(actor: Actor, page: ClientQuery): Promise<{ items: Client[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listClients(
        db.in(actor.orgId),
        actor.orgId,
        viewerOf(actor),
        page,
        before,
        page.limit + 1,
      );
      await audit.read(actor, 'client.listed', { client: rows.slice(0, page.limit).map(({ id }) => id) });
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
): Promise<{ name: string | null; about: string[] }> {
  const client = id === null ? undefined : await store.findClient(db, orgId, id, null);
  return { name: client?.name ?? null, about: client ? [client.about, client.contact] : [] };
}

/** In which language the client of a session is spoken to, if there is one. The session was checked already. */
export const languageOfClient = async (db: Db, orgId: string, id: string | null): Promise<string | undefined> =>
  id === null ? undefined : (await store.findClient(db, orgId, id, null))?.language;
