import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import type { Statements } from '../db/statements.ts';
import { openBytes, sealBytes } from './aead.ts';
import { keyBytes, type MasterKeys } from './masterKeys.ts';
import * as store from './store.ts';

/** Bounds how long another server goes on with a key that was destroyed or replaced here. */
const keptMs = 60_000;
const keptKeys = 50_000;

export interface DataKey {
  /** Whose key it is: the organisation itself, or one person whose content can be destroyed with it. */
  holder: string;
  version: number;
  key: KeyObject;
}

/** A value that no key at hand opens: the key was destroyed or replaced, or the value was changed or moved. */
export class Unreadable extends Error {
  constructor(what: string, cause?: unknown) {
    super(what, { cause });
    this.name = 'Unreadable';
  }
}

interface Kept<T> {
  value: T;
  until: number;
}

export type Keyring = ReturnType<typeof createKeyring>;

/**
 * The keys that content is sealed under: a master key wraps the key of each organisation, which wraps the keys of its
 * people. The database holds them wrapped only; opened ones stay in memory for a minute.
 */
export function createKeyring(first: MasterKeys, reload: () => Promise<MasterKeys> = async () => first) {
  let master = first;
  const kept = new Map<string, Kept<DataKey>>();
  const rooms = new Map<string, string>();

  const keep = (name: string, value: DataKey): DataKey => {
    if (kept.size >= keptKeys) kept.clear();
    kept.set(name, { value, until: Date.now() + keptMs });
    return value;
  };
  const known = (name: string): DataKey | undefined => {
    const found = kept.get(name);
    return found && found.until > Date.now() ? found.value : undefined;
  };

  const forget = (orgId: string, holder: string): void => {
    for (const name of kept.keys()) if (name.startsWith(`${orgId}/${holder}`)) kept.delete(name);
    for (const [room, of] of rooms) if (of === holder) rooms.delete(room);
  };

  const boundTo = (orgId: string, holder: string, version: number) => `data_key/${orgId}/${holder}/${version}`;

  /** An unknown one may have come while this server runs. */
  const masterKey = async (id: string): Promise<KeyObject | undefined> => {
    if (!master.find(id)) master = await reload();
    return master.find(id)?.key;
  };

  const unwrap = async (db: Statements, orgId: string, row: store.DataKeyRow): Promise<DataKey> => {
    const { holder, version, wrapped, wrappedBy } = row;
    if (!wrapped) throw new Unreadable('the key was destroyed');
    const by = holder === orgId ? await masterKey(wrappedBy) : (await find(db, orgId, orgId, Number(wrappedBy))).key;
    if (!by) throw new Unreadable(`no master key at hand is ${wrappedBy}`);
    return { holder, version, key: createSecretKey(openBytes(by, boundTo(orgId, holder, version), wrapped)) };
  };

  const find = async (db: Statements, orgId: string, holder: string, version: number): Promise<DataKey> => {
    const name = `${orgId}/${holder}/${version}`;
    const found = known(name);
    if (found) return found;
    const row = await store.findKey(db, orgId, holder, version);
    if (!row) throw new Unreadable(`there is no key ${holder}/${version}`);
    return keep(name, await unwrap(db, orgId, row));
  };

  const current = async (db: Statements, orgId: string, holder: string): Promise<DataKey> => {
    const name = `${orgId}/${holder}`;
    const found = known(name);
    if (found) return found;
    const row = await store.newestKey(db, orgId, holder);
    if (!row) throw new Unreadable(`${holder} has no key`);
    return keep(name, await unwrap(db, orgId, row));
  };

  const wrap = async (db: Statements, orgId: string, holder: string, version: number, key: Buffer) => {
    const by = holder === orgId ? { id: master.current.id, key: master.current.key } : await current(db, orgId, orgId);
    const wrappedBy = 'id' in by ? by.id : String(by.version);
    return { holder, version, wrappedBy, wrapped: sealBytes(by.key, boundTo(orgId, holder, version), key) };
  };

  const secretPlace = (name: string) => `server_secret/${name}`;

  const openSecret = async (name: string, row: store.ServerSecretRow): Promise<Buffer> => {
    const key = await masterKey(row.wrappedBy);
    if (!key) throw new Unreadable(`no master key at hand is ${row.wrappedBy}`);
    return openBytes(key, secretPlace(name), row.wrapped);
  };

  const sealSecret = (name: string, secret: Buffer): store.ServerSecretRow => ({
    wrappedBy: master.current.id,
    wrapped: sealBytes(master.current.key, secretPlace(name), secret),
  });

  return {
    find,
    current,

    /** A secret of the server itself, the same on every server of the database; made when it is first asked for. */
    async serverSecret(db: Statements, name: string): Promise<Buffer> {
      if (!(await store.findSecret(db, name))) {
        await store.insertSecret(db, name, sealSecret(name, randomBytes(keyBytes)));
      }
      const row = await store.findSecret(db, name);
      if (!row) throw new Unreadable(`there is no secret ${name}`);
      return openSecret(name, row);
    },

    /** Wraps the server's own secrets anew under the current master key. */
    async rewrapSecrets(db: Statements): Promise<void> {
      for (const row of await store.listSecrets(db)) {
        await store.replaceSecret(db, row.name, sealSecret(row.name, await openSecret(row.name, row)));
      }
    },

    /** Under whose key a room's content is sealed; it never changes. */
    async holderOfRoom(db: Statements, orgId: string, roomId: string): Promise<string> {
      const found = rooms.get(roomId);
      if (found) return found;
      const row = await store.subjectOfRoom(db, orgId, roomId);
      if (!row) throw new Unreadable(`there is no room ${roomId}`);
      if (rooms.size >= keptKeys) rooms.clear();
      const holder = row.subjectId ?? orgId;
      rooms.set(roomId, holder);
      return holder;
    },

    /** A first key, or a newer one for what is sealed from now on. Call it in the transaction that makes the holder. */
    async create(db: Statements, orgId: string, holder: string): Promise<void> {
      const newest = await store.newestKey(db, orgId, holder);
      const version = (newest?.version ?? 0) + 1;
      await store.insertKey(db, orgId, await wrap(db, orgId, holder, version, randomBytes(keyBytes)));
      kept.delete(`${orgId}/${holder}`);
    },

    /** Wraps the keys of an organisation anew, under the current master key and its own newest key. Returns how many. */
    async rewrap(db: Statements, orgId: string): Promise<number> {
      const rows = await store.listKeys(db, orgId);
      const old = (row: store.DataKeyRow) => row.wrapped !== null;
      // The organisation's own first: its newest key wraps the others.
      const own = rows.filter((row) => row.holder === orgId && old(row));
      const others = rows.filter((row) => row.holder !== orgId && old(row));
      for (const row of [...own, ...others]) {
        const { key } = await unwrap(db, orgId, row);
        await store.replaceWrapping(db, orgId, await wrap(db, orgId, row.holder, row.version, key.export()));
      }
      return own.length + others.length;
    },

    /**
     * What was sealed under the holder's keys opens nowhere any more, in no backup of the content either. Returns how many
     * keys that were. After the commit every server has to `forget` them.
     */
    async destroy(db: Statements, orgId: string, holder: string): Promise<number> {
      const destroyed = await store.destroyKeys(db, orgId, holder);
      forget(orgId, holder);
      return destroyed;
    },

    /** Drops opened keys of somebody whose keys were destroyed, maybe by another server. */
    forget,
  };
}
