import type { OutboxItem, OutboxStorage } from './types.ts';

const store = 'outbox';

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'));
  });

/**
 * An outbox in IndexedDB under `name`, which should hold the id of the signed-in person. Several tabs may share it: each
 * removes only what it has loaded or added itself, and a message that two tabs send is stored once, by its `mid`.
 */
export function idbOutbox(name: string): OutboxStorage {
  let opened: Promise<IDBDatabase> | undefined;
  const known = new Set<string>();

  const open = () =>
    (opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath: 'mid' });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'));
    }));

  return {
    async load() {
      const db = await open();
      // The key is the UUIDv7, so this is the order in which they were written.
      const items = (await done(db.transaction(store).objectStore(store).getAll())) as OutboxItem[];
      for (const { mid } of items) known.add(mid);
      return items;
    },
    async save(items) {
      const db = await open();
      const transaction = db.transaction(store, 'readwrite');
      const objects = transaction.objectStore(store);
      const kept = new Set(items.map(({ mid }) => mid));
      for (const item of items) if (!known.has(item.mid)) objects.put(item);
      for (const mid of known) if (!kept.has(mid)) objects.delete(mid);
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB failed'));
      });
      known.clear();
      for (const mid of kept) known.add(mid);
    },
  };
}
