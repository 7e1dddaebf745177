import type { RoomEvent } from '@rapport/protocol/events';
import { expect, test } from 'vitest';
import { applyDocumentEvent, isProgress, type ShownDocument } from './documentEvents.ts';

const document = { id: 'a', title: 'Tea', version: 1, state: 'queued', readyVersion: null } as ShownDocument;
const event = (type: string, data: object) => ({ type, data: { documentId: 'a', ...data } }) as unknown as RoomEvent;
const after = (...events: RoomEvent[]) =>
  events.reduce<ShownDocument | null>((now, next) => now && applyDocumentEvent(now, next), document);

const failure = { reason: 'encrypted', message: 'It is locked.' };

test('a document is shown as its room tells of it', () => {
  const reading = event('document.progress', { version: 1, state: 'extracting', fraction: 0.5 });
  expect(after(reading)).toMatchObject({ state: 'extracting', fraction: 0.5 });
  const ready = event('document.ready', { version: 1, title: 'Green tea', chunkCount: 3 });
  expect(after(reading, ready)).toMatchObject({ state: 'ready', title: 'Green tea', chunkCount: 3, readyVersion: 1 });
  const failed = event('document.failed', { version: 2, title: 'Tea', failure });
  expect(after(ready, failed)).toMatchObject({ state: 'failed', failure, version: 2, readyVersion: 1 });
  const again = event('document.progress', { version: 2, state: 'queued', fraction: null });
  expect(after(failed, again)).toMatchObject({ state: 'queued', failure: null });
  const moved = event('document.changed', { title: 'Tea', folder: 'Drinks', tags: ['hot'] });
  expect(after(moved)).toMatchObject({ folder: 'Drinks', tags: ['hot'] });
  expect(after(event('document.deleted', {}))).toBeNull();
});

test('a version that waits has to be asked for what it finds, and keeps the one before in use until it is published', () => {
  const first = event('document.ready', { version: 1, title: 'Tea', chunkCount: 3 });
  const waits = event('document.progress', { version: 2, state: 'waiting', fraction: null });
  expect([isProgress(waits), isProgress(event('document.progress', { state: 'indexing' }))]).toEqual([false, true]);
  const waiting = after(first, waits) as ShownDocument;
  expect(waiting).toMatchObject({ state: 'waiting', version: 2, readyVersion: 1, waiting: null });
  const known = { ...waiting, waiting: { state: 'done', evaluations: 1, questions: 2, gained: 1, lost: 0 } } as const;
  const published = event('document.ready', { version: 2, title: 'Tea', chunkCount: 4 });
  expect(applyDocumentEvent(known, published)).toMatchObject({ state: 'ready', readyVersion: 2, waiting: null });
});

test('what is told of another changes nothing', () => {
  expect(applyDocumentEvent(document, event('document.deleted', { documentId: 'b' }))).toBe(document);
});
