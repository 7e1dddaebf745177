import type { EventData, EventType, RoomEvent } from '@rapport/protocol/events';
import type { Document } from '@rapport/protocol/knowledge';

/** A document as a list shows it, with how much of its present state is done where the room has told. */
export type ShownDocument = Document & { fraction?: number | null };

const dataOf = <T extends EventType>(event: RoomEvent) => event.data as EventData<T>;

/** The document after an event of its room: null once it is deleted, itself where the event is of another. */
export function applyDocumentEvent(document: ShownDocument, event: RoomEvent): ShownDocument | null {
  if (event.data['documentId'] !== document.id) return document;
  switch (event.type) {
    case 'document.added': {
      const { version, title, state } = dataOf<'document.added'>(event);
      return { ...document, version, title, state, failure: null, fraction: null, waiting: null };
    }
    case 'document.progress': {
      const { version, state, fraction } = dataOf<'document.progress'>(event);
      return { ...document, version, state, fraction, failure: null, waiting: null };
    }
    case 'document.ready': {
      const { version, title, chunkCount } = dataOf<'document.ready'>(event);
      return {
        ...document,
        version,
        title,
        chunkCount,
        readyVersion: version,
        state: 'ready',
        failure: null,
        waiting: null,
      };
    }
    case 'document.failed': {
      const { version, title, failure } = dataOf<'document.failed'>(event);
      return { ...document, version, title, failure, state: 'failed' };
    }
    case 'document.changed': {
      const { title, folder, tags } = dataOf<'document.changed'>(event);
      return { ...document, title, folder, tags };
    }
    case 'document.deleted':
      return null;
    default:
      return document;
  }
}

/** Whether it only moves what is shown: everything else changes what is counted or which documents there are. */
export const isProgress = (event: RoomEvent): boolean =>
  event.type === 'document.progress' && event.data['state'] !== 'waiting';
