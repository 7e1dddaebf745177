import { useSyncExternalStore } from 'react';
import { documentsPath } from './base.ts';
import { Later, sendFile, Stopped } from './sendFile.ts';

/** A file on its way, or one that was refused. One that has arrived is a document, and no longer here. */
export interface Upload {
  key: number;
  name: string;
  bytes: number;
  /** Of its bytes, how many the server has. */
  sent: number;
  state: 'waiting' | 'sending' | 'refused';
  error: unknown;
}

export interface UploadFile {
  file: File;
  /** Where it is to stand among the documents. */
  folder: string;
}

interface Entry {
  upload: Upload;
  source: UploadFile;
  abort: AbortController;
}

const atOnce = 3;

/** One request for one file: each has its own progress, can be stopped alone, and is refused alone. */
function send(baseId: string, { file, folder }: UploadFile, signal: AbortSignal, onSent: (bytes: number) => void) {
  const form = new FormData();
  if (folder) form.append('folder', folder);
  form.append('files', file);
  return sendFile('POST', documentsPath(baseId), form, { onSent, signal });
}

/** The files on their way into one base. It outlives the page: whoever looks elsewhere meanwhile stops nothing. */
function createQueue(baseId: string) {
  let entries: Entry[] = [];
  let shown: Upload[] = [];
  let pausedUntil = 0;
  let last = 0;
  const readers = new Set<() => void>();

  const tell = () => {
    shown = entries.map(({ upload }) => upload);
    for (const reader of readers) reader();
  };
  const change = (entry: Entry, more: Partial<Upload>) => {
    entry.upload = { ...entry.upload, ...more };
    tell();
  };
  const drop = (entry: Entry) => {
    entries = entries.filter((other) => other !== entry);
    tell();
  };

  const run = async (entry: Entry): Promise<void> => {
    change(entry, { state: 'sending', sent: 0, error: null });
    try {
      await send(baseId, entry.source, entry.abort.signal, (bytes) =>
        // A form is a little longer than its file.
        change(entry, { sent: Math.min(bytes, entry.upload.bytes) }),
      );
      drop(entry);
    } catch (error) {
      if (error instanceof Stopped) return;
      if (error instanceof Later) {
        pausedUntil = Date.now() + error.seconds * 1000;
        setTimeout(next, error.seconds * 1000);
        change(entry, { state: 'waiting', sent: 0 });
      } else change(entry, { state: 'refused', error });
    } finally {
      next();
    }
  };

  const next = (): void => {
    if (Date.now() < pausedUntil) return;
    const free = atOnce - entries.filter(({ upload }) => upload.state === 'sending').length;
    for (const entry of entries.filter(({ upload }) => upload.state === 'waiting').slice(0, Math.max(free, 0)))
      void run(entry);
  };

  return {
    shown: () => shown,
    subscribe(reader: () => void) {
      readers.add(reader);
      return () => readers.delete(reader);
    },
    add(files: UploadFile[]) {
      const made = files.map((source): Entry => {
        last += 1;
        const { name, size: bytes } = source.file;
        const upload: Upload = { key: last, name, bytes, sent: 0, state: 'waiting', error: null };
        return { source, upload, abort: new AbortController() };
      });
      entries = [...entries, ...made];
      tell();
      next();
    },
    /** One that was refused. */
    again(key: number) {
      const entry = entries.find(({ upload }) => upload.key === key);
      if (entry) change(entry, { state: 'waiting' });
      next();
    },
    /** Stops it, or takes a refused one out of sight. */
    cancel(key: number) {
      const entry = entries.find(({ upload }) => upload.key === key);
      if (!entry) return;
      drop(entry);
      entry.abort.abort();
    },
  };
}

const queues = new Map<string, ReturnType<typeof createQueue>>();

function queueOf(baseId: string) {
  const known = queues.get(baseId) ?? createQueue(baseId);
  queues.set(baseId, known);
  return known;
}

export function useUploads(baseId: string) {
  const queue = queueOf(baseId);
  const uploads = useSyncExternalStore(queue.subscribe, queue.shown);
  return { uploads, add: queue.add, again: queue.again, cancel: queue.cancel };
}
