import type { Document, KnowledgeBase } from '@rapport/protocol/knowledge';
import { expect } from 'vitest';
import type { TestApp } from './app.ts';

export type NamedFile = [name: string, content: string | Uint8Array<ArrayBuffer>];

/** What a room tells of a document. */
export interface Told {
  type: string;
  seq: number;
  audience: string;
  data: { documentId: string; version: number; state?: string; title?: string; failure?: { reason: string } };
}

export const bases = '/api/v1/knowledge-bases';

export function formOf(files: NamedFile[], fields: [string, string][] = []): FormData {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  for (const [name, content] of files) form.append('files', new Blob([content]), name);
  return form;
}

/** How a document ended that was waited for. */
const ends = ['document.ready', 'document.failed'];

/** A knowledge base of its own, and what a test does with it. */
export async function makeBase(app: TestApp, more: object = {}) {
  const { body } = await app.json('POST', bases, { name: 'Material', ...more });
  const { id, roomId } = body as KnowledgeBase;
  const path = `${bases}/${id}/documents`;

  /** Everything that the room told once `done` holds, read from any server of the database. */
  const told = async (done: (events: Told[]) => boolean, from = app): Promise<Told[]> => {
    const events: Told[] = [];
    for (let after = 0, end = Date.now() + 25_000; Date.now() < end && !done(events);) {
      const { body: page } = await from.json('GET', `/api/v1/rooms/${roomId}/events?after=${after}&wait=5`);
      events.push(...page.events);
      after = page.next;
    }
    expect(done(events), JSON.stringify(events.map(({ type, data }) => [type, data.state]))).toBe(true);
    return events;
  };

  return {
    id,
    roomId,
    path,
    told,

    async upload(files: NamedFile[], fields: [string, string][] = [], to = app) {
      const answer = await to.fetch(path, { method: 'POST', body: formOf(files, fields) });
      const text = await answer.text();
      return { status: answer.status, body: JSON.parse(text) as { documents: Document[]; code?: string } };
    },

    /** Until so many documents, or new versions of them, were read or failed. */
    settled: (count: number, from = app) =>
      told((events) => events.filter(({ type }) => ends.includes(type)).length >= count, from),

    get: async (documentId: string) => (await app.json('GET', `${path}/${documentId}`)).body,

    search: async (query: string): Promise<{ title: string; text: string; documentId: string }[]> =>
      (await app.json('POST', `${bases}/${id}/search`, { query, limit: 20 })).body.results,
  };
}

export type TestBase = Awaited<ReturnType<typeof makeBase>>;
